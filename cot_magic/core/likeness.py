"""How alike two names or keys are: case, blanks, words in them, spelling."""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MOST_COMPARED = 2_000
LEAST = 0.6
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A candidate, how alike it is (0 to 1), and in what it differs: `blanks`, `case`, `type`, `signs`,
    `words` or `spelling`."""

    key: Any
    score: float
    how: str


def alike(wanted: Any, present: Iterable[Any], most: int = 5) -> list[Likeness]:
    """The present keys that are most like the one that is wanted, best first."""
    found: dict[int, Likeness] = {}
    for place, key in enumerate(present):
        if place >= MOST_COMPARED:
            break
        likeness = compared(wanted, key)
        if likeness is not None:
            found[place] = likeness
    return sorted(found.values(), key=lambda item: -item.score)[:most]


def compared(wanted: Any, key: Any) -> Likeness | None:
    """How alike two different keys are, or None if they are not."""
    if type(wanted) is not str or type(key) is not str:
        return _of_types(wanted, key)
    if wanted == key:
        return None
    for how, plain, score in _plain_forms():
        if plain(wanted) == plain(key) and plain(key):
            return Likeness(key=key, score=score, how=how)
    words = _by_words(words_of(wanted), words_of(key))
    ratio = difflib.SequenceMatcher(None, wanted.casefold(), key.casefold()).ratio()
    if len(wanted) < 3 or len(key) < 3:
        ratio = 0.0
    best, how = max((words, "words"), (ratio, "spelling"))
    return Likeness(key=key, score=round(0.9 * best, 3), how=how) if best >= LEAST else None


def _plain_forms() -> Iterator[tuple[str, Any, float]]:
    yield "blanks", lambda text: " ".join(text.split()), 1.0
    yield "case", lambda text: " ".join(text.split()).casefold(), 0.98
    yield "signs", lambda text: "".join(filter(str.isalnum, text.casefold())), 0.95


def _of_types(wanted: Any, key: Any) -> Likeness | None:
    """`1` and `"1"`: the same text, another type."""
    scalars = (str, int, float, bool)
    if type(wanted) is tuple and type(key) is tuple and len(wanted) == len(key) > 0:
        parts = [_same(one, other) or _of_types(one, other) for one, other in zip(wanted, key, strict=True)]
        other = all(parts) and not all(part is True for part in parts)
        return Likeness(key=key, score=0.97, how="type") if other else None
    if type(wanted) not in scalars:
        return None
    try:
        same = type(wanted) is not type(key) and str(wanted).strip() == str(key).strip()
    except Exception:  # a key of the person's own class
        return None
    return Likeness(key=key, score=0.97, how="type") if same else None


def _same(one: Any, other: Any) -> bool:
    """Whether two parts of keys are equal and of one type."""
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:  # a key of the person's own class
        return False


def words_of(text: str) -> list[str]:
    """The words in a name, in lower case: `unitPrice`, `unit_price` and `Unit price` have the same."""
    return [word.casefold() for word in _WORDS.findall(text)]


def _by_words(wanted: list[str], key: list[str]) -> float:
    """The share of words that both have; one may be the beginning of the other, or its plural."""
    if not wanted or not key:
        return 0.0
    left, shared = list(key), 0.0
    for word in wanted:
        match = next((other for other in left if _same_word(word, other)), None)
        if match is not None:
            left.remove(match)
            shared += 1.0 if match == word else 0.9
    return 2 * shared / (len(wanted) + len(key))


def _same_word(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if long.startswith(short) and len(short) >= 3:
        return True
    if len(short) >= 2 and short[0] == long[0] and _is_spread(short, long) and len(long) >= len(short) + 2:
        return True  # `qty` for `quantity`
    return len(short) >= 4 and difflib.SequenceMatcher(None, short, long).ratio() >= 0.8


def _is_spread(short: str, long: str) -> bool:
    letters = iter(long)
    return len(short) >= 3 and all(letter in letters for letter in short)
