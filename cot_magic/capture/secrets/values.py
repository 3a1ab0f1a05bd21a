"""Finds values that are known to be secret in any string: whole, in usual encodings, or truncated."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

PIECE = 8  # consecutive characters of a generated value that identify it; no form is shorter
LONGEST_PIECES = 8_192  # characters of one value whose pieces are searched for
MOST_VALUES = 5_000
# A search samples every `_STEP` characters: any `PIECE` consecutive characters contain one sample
_SAMPLE = 4
_STEP = PIECE - _SAMPLE + 1


class KnownValues:
    """An index of secret values in all the forms in which they may turn up.

    The time of a search grows with the length of the string, and hardly with the number of values.
    """

    def __init__(self) -> None:
        self._forms: dict[
            str, dict[str, str]
        ] = {}  # from the first PIECE characters to forms and their values
        self._pieces: dict[str, str] = {}  # from PIECE characters of a generated value to the value
        self._samples: set[str] = set()  # of all heads and pieces
        self._values: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, value: str) -> bool:
        return value in self._values

    def add(self, value: str, *, generated: bool) -> None:
        """Find this value from now on; also parts of it if it was generated and is no phrase."""
        if value in self._values or len(self._values) >= MOST_VALUES:
            return
        self._values[value] = None
        for form in forms(value):
            self._forms.setdefault(self._sampled(form[:PIECE]), {}).setdefault(form, value)
        if generated:
            for place in range(min(len(value), LONGEST_PIECES) - PIECE + 1):
                piece = value[place : place + PIECE]
                if _telling(piece):
                    self._pieces.setdefault(self._sampled(piece), value)

    def _sampled(self, piece: str) -> str:
        self._samples.update(piece[place : place + _SAMPLE] for place in range(_STEP))
        return piece

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and value of each known value in the string, longest first, then of each piece of one.

        They may overlap.
        """
        samples = self._samples
        if not samples:
            return
        last = len(text) - PIECE
        likely = [
            (max(0, place - _STEP + 1), min(place, last) + 1)
            for place in range(0, len(text) - _SAMPLE + 1, _STEP)
            if text[place : place + _SAMPLE] in samples
        ]
        if likely:
            yield from sorted(self._whole(text, likely), key=lambda item: item[0] - item[1])
            yield from self._parts(text, likely)

    def _whole(self, text: str, likely: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
        for first, stop in likely:
            for start in range(first, stop):
                for form, value in self._forms.get(text[start : start + PIECE], {}).items():
                    if text.startswith(form, start):
                        yield start, start + len(form), value

    def _parts(self, text: str, likely: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
        pieces, done = self._pieces, 0
        for first, stop in likely:
            for start in range(max(first, done), stop):
                value = pieces.get(text[start : start + PIECE])
                if value is not None:
                    end = start
                    while text[end : end + PIECE] in pieces:
                        end += 1
                    done = end + PIECE - 1
                    yield start, done, value
                    break


def forms(value: str) -> set[str]:
    """The value as it is, and as repr, JSON, URLs, base64 (at each of three offsets) and hex write it."""
    found = {value, repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    found |= {value.replace("'", "\\'"), value.replace("/", "\\/")}
    try:
        data = value.encode()
    except UnicodeEncodeError:  # lone surrogates cannot be encoded
        return found
    found |= {quote(value, safe=""), quote(value), quote_plus(value), data.hex(), data.hex().upper()}
    for shift in range(3):
        core = _base64_core(data, shift)
        if len(core) >= PIECE:
            found |= {core, core.replace("+", "-").replace("/", "_")}
    return found


def _base64_core(data: bytes, shift: int) -> str:
    """The part of the base64 encoding that depends on the data alone, and not on the `shift` bytes before."""
    text = base64.b64encode(b"\0" * shift + data).decode()
    first = (0, 2, 3)[shift]
    bits = (shift + len(data)) * 8
    return text[first : bits // 6]


def _telling(piece: str) -> bool:
    """Whether a piece is not an ordinary word or a ruler: two character classes, five distinct characters."""
    kinds = [any(map(test, piece)) for test in (str.isupper, str.islower, str.isdigit)]
    return len(set(piece)) >= 5 and sum(kinds) >= 2 and sum(map(str.isalnum, piece)) >= PIECE - 2
