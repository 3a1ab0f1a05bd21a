"""Values that are known to be secret, found again in any text: whole, in usual encodings, or cut off."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

PIECE = 8  # characters of a generated value that give it away
LONGEST_PIECES = 8_192  # of one value: beyond, only the whole is looked for
MOST_VALUES = 5_000


class KnownValues:
    """Secret values and the forms in which they may turn up."""

    def __init__(self) -> None:
        self._owner: dict[str, str] = {}  # a form of a value, to the value
        self._pieces: dict[str, str] = {}  # PIECE characters of a generated value, to the value
        self._values: dict[str, None] = {}
        self._bounded: set[str] = set()  # forms that are only digits: not found inside a longer number
        self._longest_first: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, value: str) -> bool:
        return value in self._values

    def add(self, value: str, *, generated: bool, anywhere: bool = True) -> None:
        """Look for that value from now on.

        Parameters
        ----------
        generated
            Whether it is no words: then a part of it gives it away as well.
        anywhere
            Whether digits are also found within a longer number.
        """
        if value in self._values or len(self._values) >= MOST_VALUES:
            return
        self._values[value] = None
        for form in forms(value):
            self._owner.setdefault(form, value)
            if not anywhere and form.isdigit():
                self._bounded.add(form)
        if generated:
            for place in range(min(len(value), LONGEST_PIECES) - PIECE + 1):
                piece = value[place : place + PIECE]
                if _telling(piece):
                    self._pieces.setdefault(piece, value)
        self._longest_first = tuple(sorted(self._owner, key=len, reverse=True))

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and value of each place where a known value stands; they may overlap."""
        for form in self._longest_first:
            start = text.find(form)
            while start >= 0:
                end = start + len(form)
                if form not in self._bounded or not _within_number(text, start, end):
                    yield start, end, self._owner[form]
                start = text.find(form, end)
        if self._pieces:
            yield from self._parts(text)

    def _parts(self, text: str) -> Iterator[tuple[int, int, str]]:
        pieces = self._pieces
        place, last = 0, len(text) - PIECE
        while place <= last:
            value = pieces.get(text[place : place + PIECE])
            if value is None:
                place += 1
                continue
            start = place
            while place <= last and text[place : place + PIECE] in pieces:
                place += 1
            yield start, place + PIECE - 1, value
            place += PIECE - 1


def forms(value: str) -> set[str]:
    """The value as it is, and as repr, JSON, URLs, base64 (at each of three places) and hex write it."""
    found = {value, repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    found |= {value.replace("'", "\\'"), value.replace("/", "\\/")}
    try:
        data = value.encode()
    except UnicodeEncodeError:  # lone surrogates: no bytes stand for them
        return found
    found |= {quote(value, safe=""), quote(value), quote_plus(value), data.hex(), data.hex().upper()}
    for shift in range(3):
        core = _base64_core(data, shift)
        if len(core) >= PIECE:
            found |= {core, core.replace("+", "-").replace("/", "_")}
    return found


def _base64_core(data: bytes, shift: int) -> str:
    """The part of the base64 of anything that ends in the data which depends on the data alone."""
    text = base64.b64encode(b"\0" * shift + data).decode()
    first = (0, 2, 3)[shift]
    bits = (shift + len(data)) * 8
    return text[first : bits // 6]


def _telling(piece: str) -> bool:
    """Whether a piece is no word or ruler: two kinds among letters and digits, five different signs."""
    kinds = [any(map(test, piece)) for test in (str.isupper, str.islower, str.isdigit)]
    return len(set(piece)) >= 5 and sum(kinds) >= 2 and sum(map(str.isalnum, piece)) >= PIECE - 2


def _within_number(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return (
        before.isdigit()
        or after.isdigit()
        or before == "."
        or (after == "." and text[end + 1 : end + 2].isdigit())
    )
