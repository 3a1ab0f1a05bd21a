"""A rule for failures of values: the statement that made what the failing line cannot use."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from cot_magic.core.case import Case
from cot_magic.core.facts import Facts
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Check, Suspicion


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginRule:
    """States what the autopsy found about where the fault was made, so that a probe can test it."""

    code: str = "origin.made"
    on: tuple[str, ...] = (
        "ArithmeticError",
        "AssertionError",
        "AttributeError",
        "IndexingError",
        "InvalidIndexError",
        "LookupError",
        "RuntimeError",
        "StopIteration",
        "TypeError",
        "ValueError",
    )
    lesson: str = (
        "The line that fails is often not the one that is wrong: it only meets a value that an earlier "
        "statement made. The place to mend is then that statement."
    )

    def propose(self, case: Case, facts: Facts) -> Iterator[Suspicion]:
        """The first place where the fault was made, with the check that the autopsy wrote for it."""
        fact = facts.first("origin.fault")
        check = fact.value.get("check") if fact is not None else None
        if fact is None or not check:
            return
        here = fact.cell == case.cell.id or bool(_read(str(check)) & _bound(case.cell.source))
        yield Suspicion(
            claim=fact.text,
            prediction=_when(str(fact.value.get("prediction") or ""), here),
            checks=(Check(source=str(check), frame=0 if here else None),),
            cell=fact.cell,
            lineno=fact.lineno,
            weight=0.55,
        )


def _when(prediction: str, here: bool) -> str:
    """The prediction with the time at which it is tested."""
    if not prediction or ":" in prediction:
        return prediction
    return f"{prediction.rstrip('.')} {'at the failing line' if here else 'before the cell runs'}."


def _read(check: str) -> set[str]:
    """The names that a check reads."""
    return {node.id for node in ast.walk(ast.parse(check)) if isinstance(node, ast.Name)}


def _bound(source: str) -> set[str]:
    """The names that a cell binds: before it runs, they are not there or have another value."""
    tree = src.parse(source)
    return src.bound_names(tree) if tree is not None else set()


made = OriginRule()
RULES = (made,)
