"""The documentation names what exists, links to what exists, and builds without a warning."""

import argparse
import atexit
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cot_magic.cli.main import build_parser
from cot_magic.options import OPTIONS
from cot_magic.reasoners.offline.catalogue import all_rules
from cot_magic.reasoners.offline.crashes.remedies.remedy import Remedy

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
POLISHED = [path for path in PAGES if DOCS in path.parents or path.name in ("SECURITY.md", "RELEASING.md")]


def loaded(path: Path) -> ModuleType:
    """The module of a file that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, name: str) -> str:
    """What follows the heading `## name`."""
    found = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, name
    return found[1]


@pytest.fixture
def magics() -> Iterator[set[str]]:
    """The names that `%load_ext cot_magic` defines in a shell."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    import cot_magic

    config = Config()
    config.HistoryManager.enabled = False
    main = sys.modules["__main__"]
    shell: Any = InteractiveShell(config=config)
    cot_magic.load_ipython_extension(shell)
    known = shell.magics_manager.magics
    yield {name for kind in ("line", "cell") for name in known[kind] if name.startswith("cot")}
    cot_magic.unload_ipython_extension(shell)
    atexit.unregister(shell.atexit_operations)
    sys.modules["__main__"] = main


def commands() -> dict[str, argparse.ArgumentParser]:
    (group,) = (
        action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    return dict(group.choices)


def test_every_magic_has_a_page_and_a_line_in_the_overview(magics: set[str]) -> None:
    overview = page("magics.md")
    for name in magics:
        assert f"`%{name}`" in overview, name
        path = f"magics/{name.rstrip('+')}.md"
        assert f"]({path})" in overview, name
        assert f"%{name}" in page(path), name
    assert {path.stem for path in (DOCS / "magics").iterdir()} == {name.rstrip("+") for name in magics}


def test_every_page_of_a_magic_starts_with_its_usage() -> None:
    for path in (DOCS / "magics").iterdir():
        text = path.read_text(encoding="utf-8")
        assert re.match(rf"# %{{1,2}}{path.stem}\b[^\n]*\n\n```\n%{{1,2}}{path.stem}\b", text), path.name


def test_the_page_of_options_says_what_the_code_says() -> None:
    """`python .ci/options_page.py` writes it anew."""
    assert loaded(ROOT / ".ci" / "options_page.py").page(page("options.md")) == page("options.md")


def test_the_page_of_rules_says_what_the_rules_say() -> None:
    """`python .ci/rules_page.py` writes it anew."""
    assert loaded(ROOT / ".ci" / "rules_page.py").page(all_rules()) == page("rules.md")


def test_the_page_of_rules_holds_a_lesson_on_one_line_of_its_family() -> None:
    module = loaded(ROOT / ".ci" / "rules_page.py")
    row: dict[str, Any] = {"says": "", "find": (), "write": (), "claim": ""}
    rules = [
        Remedy(code="b.two", on=("KeyError", "ValueError"), lesson="Either `a | b`,\nor both.", **row),
        Remedy(code="a.one", on=(), lesson="One.", **row),
    ]
    text = module.page(rules)
    assert "| `b.two` | KeyError, ValueError | Either `a \\| b`, or both. |" in section(text, "b")
    assert "| `a.one` | any | One. |" in section(text, "a")
    assert text.index("## a") < text.index("## b")


def test_the_page_of_options_keeps_what_was_written_by_hand() -> None:
    module = loaded(ROOT / ".ci" / "options_page.py")
    old = "# Options\n\nIntro.\n\n## gone\n\n`--gone`: x.\nDefault: off.\n\nRead this.\n\n## seed\n\n`--seed`: y.\n\nBy hand.\n\nTwice.\n"
    new = module.page(old)
    assert new.startswith("# Options\n\nIntro.\n\n## reasoner\n")
    assert "gone" not in new
    assert section(new, "seed").endswith("seed=S`.\n\nBy hand.\n\nTwice.\n\n")
    assert module.page(new) == new
    assert re.findall(r"^## (.*)$", new, re.MULTILINE) == [option.name[2:] for option in OPTIONS]


@pytest.mark.parametrize("name", commands())
def test_every_command_is_described_with_its_options_and_exit_codes(name: str) -> None:
    parser, text = commands()[name], section(page("cli.md"), name)
    assert f"cot-magic {name}" in text
    shared = {option.name for option in OPTIONS} if name in ("run", "sweep") else set()  # they have a page
    own = {flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")}
    assert [flag for flag in sorted(own - shared - {"--help"}) if f"`{flag}" not in text] == []
    codes = set(re.findall(r"\b\d+\b", parser.epilog or ""))
    table = set(re.findall(r"^\| (\d+) \|", page("cli.md"), re.MULTILINE))
    assert codes <= table
    assert "it code" in text or not codes


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_page_links_to_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [target for target in linked if "://" not in target]
    assert [target for target in local if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", POLISHED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_uses_a_word_of_the_old_language(path: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    instead = loaded(ROOT / "tests" / "test_language.py").INSTEAD
    assert [match.group() for pattern in instead for match in re.finditer(pattern, text)] == []


def test_the_limits_in_the_threat_model_are_those_of_the_code() -> None:
    from cot_magic.core.jobs import Limits
    from cot_magic.sandbox import amounts, environment, landlock, secret_places, told, wire

    text, limits = " ".join((ROOT / "SECURITY.md").read_text(encoding="utf-8").split()), Limits()
    assert f"{limits.memory_mb:,} MB of memory" in text
    assert (
        f"{limits.file_mb} MB for each file and {limits.file_mb * amounts.SCRATCH_FILES} MB for all" in text
    )
    assert f"{told.OUTPUT_BYTES >> 20} MB of printed output, a result of {wire.RESULT_BYTES >> 20} MB" in text
    named = re.findall(r"`~/([\w.]+)`", text)
    assert named
    assert secret_places.READABLE_IN_HOME.isdisjoint(named)
    names = re.search(r"look like a secret \((.*?), …\)", text)
    assert names is not None
    assert all(environment.SECRET_NAME.fullmatch(name) for name in re.findall(r"`(\w+)`", names[1]))
    unwritable = re.search(r"would run later \((.*?), …\)", text)
    assert unwritable is not None
    assert set(re.findall(r"`([\w.]+)`", unwritable[1])) <= landlock.PROTECTED


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="mkdocs is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stdout + done.stderr
    built = {path.relative_to(tmp_path) for path in tmp_path.rglob("index.html")}
    assert len(built) == len(list(DOCS.rglob("*.md")))
    for path in built:
        html = (tmp_path / path).read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(?:https?:)?//', html), path
