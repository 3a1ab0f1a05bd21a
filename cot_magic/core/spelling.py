"""Names with a similar spelling."""

import functools
import re
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
            if says_another_thing(word, name):
                continue
            far = min(distance(word, name), distance(word.lower(), name.lower()))
            if far <= allowed and far < len(name) - 1:
                scored.append(
                    (far, (0 if word[0] == name[0] else 2) + (not _lacks_letters(word, name)), name)
                )
    nearest = min((far for far, _, _ in scored), default=0)
    return [name for far, _, name in sorted(scored) if far == nearest][:limit]


def _lacks_letters(word: str, name: str) -> bool:
    """Whether letters were left out of the name: that happens more often than that others are added."""
    rest = iter(name.lower())
    return all(letter in rest for letter in word.lower())


def only_near(word: str, known: Iterable[str]) -> str | None:
    """The known name that is closer than all others; None if there is none, or several."""
    found = near(word, known, limit=2)
    return found[0] if len(found) == 1 else None


def closeness(word: str, name: str) -> int:
    """0 for names that differ only in case or underscores, else the number of edits."""
    return 0 if _plain(word) == _plain(name) else distance(word.lower(), name.lower())


def _plain(word: str) -> str:
    return word.replace("_", "").replace(" ", "").replace("-", "").lower()


# words that are spelled alike and mean the opposite: one is never a misspelling of the other
_OPPOSITES = (
    ("min", "max"),
    ("in", "out"),
    ("up", "down"),
    ("first", "last"),
    ("left", "right"),
    ("low", "high"),
    ("lower", "upper"),
    ("old", "new"),
    ("row", "col"),
    ("start", "end"),
    ("add", "sub"),
    ("pre", "post"),
    ("is", "not"),
)
_LONGEST = 80  # comparing takes quadratic time, and nobody misspells a paragraph
_WORDS = re.compile(r"\d+|[A-Z]?[a-z]+|[A-Z]+|[^\W_]")


def respelled(one: str, other: str) -> bool:
    """Whether one may be a misspelling of the other.

    A name that differs in digits, in a short word or in a word of opposite meaning is another name (`df_2`
    and `df_1`, `x_mid` and `x_min`, `argmin` and `argmax`).
    """
    if max(len(one), len(other)) > _LONGEST:
        return False
    if _plain(one) == _plain(other):
        return True
    if re.findall(r"\d+", one) != re.findall(r"\d+", other) or not near(one, [other]):
        return False
    for low, high in _OPPOSITES:
        if (low in one.lower() and one.lower().replace(low, high) == other.lower()) or (
            high in one.lower() and one.lower().replace(high, low) == other.lower()
        ):
            return False
    mine, theirs = _WORDS.findall(one), _WORDS.findall(other)
    if len(mine) != len(theirs) or len(mine) < 2:
        return True
    changed = [(a, b) for a, b in zip(mine, theirs, strict=True) if a.lower() != b.lower()]
    return all(sorted(a) == sorted(b) or _alike(a.lower(), b.lower()) for a, b in changed)


def _alike(one: str, other: str) -> bool:
    """Whether two words of longer names are alike: at most half of the letters differ, or one is short
    for the other."""
    longest = max(len(one), len(other))
    return longest > 3 and (
        one.startswith(other) or other.startswith(one) or distance(one, other) <= longest // 2
    )


def related(word: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Known names that have all words of this one, or the other way round, the most alike first: `sparse` and
    `sparse_output`, `seaborn-grid` and `seaborn-v0_8-grid`."""
    mine = _words(word)
    scored = []
    for name in dict.fromkeys(known):
        theirs = _words(name)
        if name != word and mine and theirs and (mine <= theirs or theirs <= mine):
            scored.append((-len(mine & theirs) / len(mine | theirs), len(name), name))
    return [name for _, _, name in sorted(scored)[:limit]]


def _words(name: str) -> set[str]:
    parts = re.findall(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*", name)
    return {part.lower() for part in parts if len(part) > 1}


# the same for whole words of a name
_TOLD_APART = (
    "mid/min mid/max min/max mean/median test/train first/last left/right upper/lower start/stop start/end "
    "on/off even/odd old/new pre/post before/after inner/outer asc/desc rows/cols row/col lat/lon high/low "
    "unique/nunique"
)
_PAIRS = frozenset(frozenset(pair.split("/")) for pair in _TOLD_APART.split())


def says_another_thing(word: str, name: str) -> bool:
    """Whether two names that are near in spelling differ in what tells things apart: a number, a word of one
    or two letters, or a word that has an opposite. Then neither is a misspelling of the other."""
    one, other = _parts(word), _parts(name)
    if len(one) != len(other):
        return any(part.isdigit() for part in {*one} ^ {*other})
    for left, right in zip(one, other, strict=True):
        if left != right and (
            left.isdigit()
            or right.isdigit()
            or (max(len(left), len(right)) <= 2 and sorted(left) != sorted(right))
            or frozenset((left, right)) in _PAIRS
        ):
            return True
    return False


def _parts(name: str) -> list[str]:
    return re.findall(r"[a-z]+|\d+", name.lower())
