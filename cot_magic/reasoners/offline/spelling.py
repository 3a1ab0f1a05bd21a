"""Names with a similar spelling."""

import functools
from collections.abc import Iterable


@functools.lru_cache(maxsize=8192)
def distance(one: str, other: str) -> int:
    """The number of edits between two words; a swap of neighbours counts as one (optimal string
    alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        two_before, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
    return row[-1]


def near(word: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The known names closest to `word`, all at the same distance; none if they are too far.

    Names that differ only in case or underscores are the closest. Otherwise a third of the letters may
    differ, at most three; names of one or two letters are close to none.
    """
    plain = _plain(word)
    allowed = min(3, len(word) // 3)
    scored = []
    for name in dict.fromkeys(known):
        if name == word or not name:
            continue
        if _plain(name) == plain and plain:
            scored.append((0, distance(word, name), name))
        elif allowed and abs(len(name) - len(word)) <= allowed and len(name) > 2:
            far = min(distance(word, name), distance(word.lower(), name.lower()))
            if far <= allowed and far < len(name) - 1:
                scored.append((far, 0 if word[0] == name[0] else 1, name))
    nearest = min((far for far, _, _ in scored), default=0)
    return [name for far, _, name in sorted(scored) if far == nearest][:limit]


def only_near(word: str, known: Iterable[str]) -> str | None:
    """The known name that is closer than all others; None if there is none, or several."""
    found = near(word, known, limit=2)
    return found[0] if len(found) == 1 else None


def closeness(word: str, name: str) -> int:
    """0 for names that differ only in case or underscores, else the number of edits."""
    return 0 if _plain(word) == _plain(name) else distance(word.lower(), name.lower())


def _plain(word: str) -> str:
    return word.replace("_", "").replace(" ", "").replace("-", "").lower()
