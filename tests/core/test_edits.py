"""What an edit does, read from its sources."""

import pytest

from cot_magic.core.case import CellId
from cot_magic.core.edits import diff, size, suppressions
from cot_magic.core.findings import CellEdit


def edit(before: str, after: str) -> CellEdit:
    return CellEdit(cell=CellId("c1"), before=before, after=after)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("x = a", "x = a", 0),
        ("x = a", "x = b", 1),
        ("x = a", "x = a  # why", 0),
        ("x = f(a)", "x = f(a, b)", 2),
        ("x = (1", "x = (1)", 1),
    ],
)
def test_size_counts_changed_tokens(before: str, after: str, expected: int) -> None:
    assert size([edit(before, after)]) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "try:\n    f()\nexcept Exception:\n    pass"),
        ("f()", "import contextlib\nwith contextlib.suppress(Exception):\n    f()"),
        ("a = 1\nf()", "a = 1"),
        ("f()", "if x:\n    f()"),
        ("assert x == 1", "assert x"),
        ("assert x == 1", "x == 1"),
        ("d['k']", "d.get('k')"),
        ("o.k", "getattr(o, 'k', None)"),
        ("for x in xs:\n    f(x)", "for x in xs:\n    continue\n    f(x)"),
        ("f(", "f()) ("),
    ],
)
def test_what_silences_the_failure_is_seen(before: str, after: str) -> None:
    assert suppressions(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = totl", "x = total"),
        ("x = math.pi", "import math\nx = math.pi"),
        ("%matplotlib inline\nx = totl", "%matplotlib inline\nx = total"),
        ("d['k']", "d['K']"),
        ("print 'a'", "print('a')"),
    ],
)
def test_a_plain_repair_is_not_called_suppression(before: str, after: str) -> None:
    assert suppressions(before, after) == []


def test_a_diff_shows_both_sides() -> None:
    assert diff(edit("a\nb", "a\nc"), "cell [2]").splitlines()[-2:] == ["-b", "+c"]
