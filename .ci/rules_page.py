"""Writes docs/rules.md, the rules of the offline reasoner: `python .ci/rules_page.py`."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from cot_magic.reasoners.offline.catalogue import all_rules
from cot_magic.reasoners.offline.rule import AnyRule

PAGE = Path(__file__).parents[1] / "docs" / "rules.md"
START = """\
# Rules

What the offline reasoner knows by itself, generated from the rules. A rule suggests an explanation and
edits; [experiments decide](how-it-works.md). The code is shown with each hypothesis and is `rule` in
`--json`. What no rule knows is searched for.

A package adds rules through the entry point `cot_magic.rules`.
"""


def page(rules: Iterable[AnyRule]) -> str:
    """The page: a section with a table for each family of rules, by its name."""
    families: defaultdict[str, list[AnyRule]] = defaultdict(list)
    for rule in rules:
        families[rule.code.partition(".")[0]].append(rule)
    sections = [section(name, families[name]) for name in sorted(families)]
    return "\n".join([START, *sections])


def section(name: str, rules: Iterable[AnyRule]) -> str:
    """A heading, and a row for each rule."""
    rows = [
        f"| `{rule.code}` | {', '.join(rule.on) or 'any'} | {cell(rule.lesson)} |"
        for rule in sorted(rules, key=lambda rule: rule.code)
    ]
    return "\n".join([f"## {name}", "", "| code | exceptions | what to know |", "|---|---|---|", *rows, ""])


def cell(text: str) -> str:
    """The text on one line, as a table can hold it."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(all_rules()), encoding="utf-8")
