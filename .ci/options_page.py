"""Writes into docs/options.md what cot_magic.settings says about each option: `python .ci/options_page.py`.

Every option has a section with its name as the heading. The first paragraph of a section is generated; what
follows it is written by hand and kept.
"""

import re
from pathlib import Path

from cot_magic.options import OPTIONS, Option
from cot_magic.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "options.md"
SECTION = re.compile(
    r"^## (?P<name>\S+)\n\n(?P<generated>.*?)\n(?:\n(?P<prose>.*?))?(?=^## |\Z)", re.M | re.S
)


def generated(option: Option) -> str:
    """The first paragraph of a section: usage, help, default, and the key for `%cot_config`."""
    usage = f"{option.name} {option.metavar}".strip()
    default = getattr(Settings(), option.field)
    shown = "off" if default is False else f"`{default}`" if default else "not set"
    key = f"{option.field}={option.metavar or 'on'}"
    return f"`{usage}`: {option.help}.\nDefault: {shown}. For all cells of a kernel: `%cot_config {key}`."


def page(text: str) -> str:
    """The page with a section for every option, in the order of OPTIONS, and the prose of the given page."""
    start, _, _ = text.partition("\n## ")
    prose = {found["name"]: (found["prose"] or "").strip() for found in SECTION.finditer(text)}
    sections = []
    for option in OPTIONS:
        name = option.name.removeprefix("--")
        parts = [f"## {name}", generated(option), prose.get(name, "")]
        sections.append("\n\n".join(filter(None, parts)))
    return "\n\n".join([start.strip(), *sections]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
