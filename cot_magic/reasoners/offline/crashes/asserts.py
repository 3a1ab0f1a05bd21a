"""Rules for AssertionError: the values on both sides. A value alone does not suggest a fix."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.reasoners.offline.crashes.operands import pure
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site, shown
from cot_magic.reasoners.offline.written import rule


@rule(
    "assert.operands",
    "AssertionError",
    lesson="An `assert` statement compares the result of the code with what you expect. The two values show "
    "the difference.",
)
def operands(site: Site) -> Iterator[Suspicion]:
    statement = site.statement
    if not isinstance(statement, ast.Assert):
        return
    test = statement.test
    if isinstance(test, ast.Tuple):
        return
    text = site.text(test)
    claim = _compared(site, test) or f"`{site.one_line(test)}` is false."
    if pure(test):
        found = site.cause(claim, "The condition is false.", f"not ({text})", weight=0.4)
    else:
        prediction = "The condition is false when it is evaluated once more."
        found = site.cause(claim, prediction, f"not ({text})", weight=0.35)
    yield replace(found, restates=True)


def _compared(site: Site, test: ast.expr) -> str:
    """What a comparison compared, for a sentence; empty if it is none, or its values are not known."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return ""
    left, right = test.left, test.comparators[0]
    if site.value(left) is None or site.value(right) is None:
        return ""
    seen = f"`{site.one_line(left)}` is {shown(site.value(left))}"
    if isinstance(right, ast.Constant):
        if isinstance(test.ops[0], ast.Eq):
            return f"{seen}, not {shown(site.value(right))}."
        return f"`{site.one_line(test)}` is false: {seen}."
    joined = ", but" if isinstance(test.ops[0], ast.Eq) else " and"
    told = f"{seen}{joined} `{site.one_line(right)}` is {shown(site.value(right))}."
    return told if isinstance(test.ops[0], ast.Eq) else f"`{site.one_line(test)}` is false: {told}"


RULES = (operands,)
