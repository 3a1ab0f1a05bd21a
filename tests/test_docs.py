"""The pages for users name what there is, and what they link to is there."""

import argparse
import re
from pathlib import Path

import pytest

from cot_magic.cli.main import build_parser
from cot_magic.settings import OPTIONS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
REFERENCE = (ROOT / "docs/magics.md").read_text(encoding="utf-8")


def test_the_reference_names_every_option_of_the_magics() -> None:
    assert [option.name for option in OPTIONS if f"`{option.name}" not in REFERENCE] == []


def test_the_reference_names_every_magic() -> None:
    from cot_magic.ipython.kernel_state import KernelState
    from cot_magic.ipython.magics import MAGICS, Magics
    from cot_magic.notebook.bridge import Bridge

    class Shell:
        """Only what the magics keep."""

    magics = Magics(KernelState(shell=Shell(), bridge=Bridge(Shell())))
    assert [name for name in magics.line_magics if f"`%{name}" not in REFERENCE] == []
    assert [name for name in MAGICS if f"`%%{name}" not in REFERENCE] == []


def test_the_reference_names_every_command() -> None:
    groups = [action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction)]
    assert [name for name in groups[0].choices if f"`cot-magic {name}" not in REFERENCE] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [target for target in linked if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []
