"""A rule for what the autopsy tried on the live values: changes with which the failing expression works."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from cot_magic.core.case import Case
from cot_magic.core.facts import Fact, Facts
from cot_magic.reasoners.offline.rule import Repair, Suspicion, sound
from cot_magic.reasoners.offline.site import Site

_MOST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalRule:
    """Offers the operands and arguments with which the same expression returned something."""

    code: str = "legal.tried"
    on: tuple[str, ...] = (
        "ArithmeticError", "AttributeError", "IndexError", "KeyError", "RuntimeError", "TypeError",
        "ValueError",
    )  # fmt: skip
    lesson: str = (
        "A function takes its values in certain forms: a number of axes, a kind of container, a name for "
        "each argument. The same values in another form may be what it needs."
    )

    def propose(self, case: Case, facts: Facts) -> Iterator[Suspicion]:
        """One reading with what worked, in the order in which it was tried."""
        site = Site.of(case)
        focus = site.focus if site is not None else None
        if site is None or not isinstance(focus, ast.expr):
            return
        for name in [fact for fact in facts.found if fact.kind == "legal.name"]:
            if (named := _repair(site, focus, name)) is not None:
                part, new = name.value.get("part"), name.value.get("write")
                yield sound(site.reading(f"`{part}` may be a typo for `{new}`.", named, weight=0.8))
        found = [
            repair
            for fact in facts.found
            if fact.kind in ("legal.call", "legal.operand")
            and (repair := _repair(site, focus, fact)) is not None
        ]
        if found:
            claim = f"`{site.one_line(focus)}` works with the same values in another form."
            yield sound(site.reading(claim, *found[:_MOST], weight=0.45))


def _repair(site: Site, focus: ast.expr, fact: Fact) -> Repair | None:
    text, why = str(fact.value.get("write", "")), str(fact.value.get("why", ""))
    if not _alike(focus, str(fact.value.get("expression", ""))):
        return None
    if fact.kind == "legal.call":
        return site.repair(why, site.over(focus, text))
    part = str(fact.value.get("part", ""))
    node = next((item for item in ast.walk(focus) if isinstance(item, ast.expr) and _alike(item, part)), None)
    return site.repair(why, site.over(node, text)) if node is not None else None


def _alike(node: ast.expr, source: str) -> bool:
    """Whether the node is that expression, written in whatever way."""
    try:
        return ast.dump(node) == ast.dump(ast.parse(source, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # it was cut
        return False


tried = LegalRule()
RULES = (tried,)
