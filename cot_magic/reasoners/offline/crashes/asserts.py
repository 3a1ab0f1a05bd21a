"""Rules for AssertionError: both sides, shown. No fix is guessed from a value alone."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline.crashes.operands import pure
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site, shown
from cot_magic.reasoners.offline.written import rule


@rule(
    "assert.operands",
    "AssertionError",
    lesson="An assert compares what the code computed with what was expected. The two values show how "
    "they differ.",
)
def operands(site: Site) -> Iterator[Suspicion]:
    statement = site.statement
    if not isinstance(statement, ast.Assert):
        return
    test = statement.test
    if isinstance(test, ast.Tuple):
        return
    text = site.text(test)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = test.left, test.comparators[0]
        seen = (
            f"`{site.one_line(left)}` is {shown(site.value(left))}, `{site.one_line(right)}` is "
            f"{shown(site.value(right))}"
        )
        known = site.value(left) is not None and site.value(right) is not None
        claim = f"The assert `{site.one_line(test)}` does not hold" + (f": {seen}." if known else ".")
    else:
        claim = f"The assert `{site.one_line(test)}` does not hold."
    if pure(test):
        yield site.cause(claim, "It is false.", f"not ({text})", weight=0.4)
    else:
        yield site.cause(claim, "It is false each time.", f"not ({text})", weight=0.35)


RULES = (operands,)
