"""Claims that are judged wrongly as yet, by what is missing: tests of them are expected to fail."""

from collections.abc import Mapping

NOT_HELD: Mapping[str, tuple[str, ...]] = {
    "the asserts of a cell are a weak specification of a function, so that no fix of it is proven": (
        "division by 100",
        "off by one",
        "a list shared by two names",
        "wrong column",
        "a local name that should be global",
        "comparison of floating-point numbers",
        "base case of a recursion",
    ),
    "a number or an operator that a fix puts in is a choice, which no assert of the cell decides": (
        "division with a remainder",
        "one place too many",
    ),
    "a name that is no spelling of the missing one may be another": ("a stale name",),
}
"""What is judged wrongly as yet, by what is missing."""
MISSING = {name: reason for reason, names in NOT_HELD.items() for name in names}
