"""Python source with its secrets withheld so that it stays source: names, lines and quotes are kept."""

import ast
import io
import re
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter, itemgetter
from typing import Protocol

from cot_magic.capture.secrets import forms as secret_forms
from cot_magic.capture.secrets import names as secret_names
from cot_magic.capture.secrets.forms import FoundSecret

_COMMAND = re.compile(r"(?m)^(\s*)[%!?]")
_QUOTES = re.compile(r"(?i)([rbfut]{0,2})(\"\"\"|'''|\"|')")
MOST_PASSES = 6
_TEXTS = frozenset(
    number
    for number, name in tokenize.tok_name.items()
    if name in ("STRING", "COMMENT", "NUMBER", "FSTRING_MIDDLE", "TSTRING_MIDDLE")
)


class SecretFinder(Protocol):
    """Finds secrets and names their masks: the Redactor."""

    def spans(self, s: str) -> list[FoundSecret]:
        """The parts of `s` to withhold, in order and disjoint."""

    def mask_of(self, found: FoundSecret, s: str) -> str:
        """The mask of one of them."""


def redacted_source(finder: SecretFinder, s: str) -> str:
    """The source with each secret in a string, comment, number or command line replaced by a mask."""
    return _Masking(finder, s).result()


def restored(finder: SecretFinder, edited: str, original: str) -> str:
    """An edit of the redacted original, with the masked parts put back."""
    masking = _Masking(finder, original)
    masking.result()
    for shown, part in sorted(masking.parts.items(), key=lambda item: -len(item[0])):
        edited = edited.replace(shown, part)
    return edited


class _Masking:
    """One source and the parts of it that masks have replaced."""

    def __init__(self, finder: SecretFinder, s: str) -> None:
        self._finder, self._s = finder, s
        self.parts: dict[str, str] = {}

    def result(self) -> str:
        """The masked source. A mask may change how its neighbours read, hence several passes."""
        for _ in range(MOST_PASSES):
            before, self._s = self._s, self._once()
            if self._s == before:
                break
        return self._s

    def _once(self) -> str:
        """One pass. A cell with a cell magic, or one that does not parse, is masked as plain text."""
        finder, s = self._finder, self._s
        if s.lstrip().startswith("%%") or not _parses(s):
            return self._masked(finder.spans(s))
        texts = _texts(s)
        for value in _written(s, texts):
            finder.spans(value)  # learns what only shows without quotes and escapes
        spans = finder.spans(s)
        if not spans:
            return s
        in_code = self._in_code(spans, texts)
        inside = list(_within([found for found in spans if found not in in_code], texts))
        redacted = self._masked(sorted([*inside, *in_code], key=attrgetter("end")), in_code)
        if _parses(redacted):
            return redacted
        return self._masked(spans) if in_code else self._whole_tokens(inside, texts)

    def _in_code(self, spans: list[FoundSecret], texts: list[tuple[int, int]]) -> list[FoundSecret]:
        """Keys outside strings, where the quotes were forgotten: `api_key = sk-…`."""
        s = self._s
        sure = {found.start for found in secret_forms.find(s, secret_forms.lowered(s))}
        return [
            found
            for found in spans
            if (found.start in sure or secret_names.looks_generated(s[found.start : found.end]))
            and all(s[start].isdigit() for start, _ in _overlapped(found, texts))
        ]

    def _masked(self, spans: list[FoundSecret], as_strings: Sequence[FoundSecret] = ()) -> str:
        pieces, done = [], 0
        for found in spans:
            mask = self._finder.mask_of(found, self._s)
            if found in as_strings:
                mask = f'"{mask.replace(">", ", without quotes>")}"'
            mask = self._alone(mask, self._s[found.start : found.end])
            pieces += [self._s[done : found.start], mask]
            done = found.end
        return "".join([*pieces, self._s[done:]])

    def _alone(self, shown: str, part: str) -> str:
        """A mask for this part only: a piece of a value would otherwise share the value's mask."""
        found, number = shown, 1
        while self.parts.setdefault(found, part) != part:
            number += 1
            found = shown.replace(">", f", {number}>", 1)
        return found

    def _whole_tokens(self, spans: list[FoundSecret], texts: list[tuple[int, int]]) -> str:
        """The source with each string or number that contains a secret replaced by a string of its mask."""
        pieces, done = [], 0
        for start, end in texts:
            place = bisect_right(spans, start, key=attrgetter("end"))
            if place == len(spans) or spans[place].start >= end:
                continue
            token = self._s[start:end]
            whole = FoundSecret(start, end, spans[place].kind)
            mask = self._finder.mask_of(whole, self._s).rstrip("\n")
            shown = self._alone(_string_of(token, mask), token)
            pieces += [self._s[done:start], shown]
            done = end
        return "".join([*pieces, self._s[done:]])


def _string_of(token: str, mask: str) -> str:
    """A token of the same kind and number of lines, whose content is the mask."""
    if token.startswith("#"):
        return f"# {mask}"
    opening = _QUOTES.match(token)
    if opening is None:
        return f'"{mask}"' if token[:1].isdigit() else mask
    lines = "\n" * token.count("\n")
    if len(opening[2]) == 1 and lines:
        lines = "\\\n" * token.count("\n")
    return f"{opening[1]}{opening[2]}{mask}{lines}{opening[2]}"


def _texts(s: str) -> list[tuple[int, int]]:
    """Start and end of each string, comment, number and command line in a source that parses."""
    plain = s if is_python(s) else _COMMAND.sub(lambda match: f"{match[1]}#", s)
    starts = [0]
    for line in io.StringIO(plain):  # as tokenize counts lines; `splitlines` splits at other characters too
        starts.append(starts[-1] + len(line))
    found = []
    for token in tokenize.generate_tokens(io.StringIO(plain).readline):
        if token.type in _TEXTS:
            (row, column), (end_row, end_column) = token.start, token.end
            found.append((starts[row - 1] + column, starts[end_row - 1] + end_column))
    return found


def _written(s: str, texts: list[tuple[int, int]]) -> Iterator[str]:
    """The values of the strings with several lines."""
    for start, end in texts:
        token = s[start:end]
        if ("\n" in token or "\\n" in token) and _QUOTES.match(token):
            value = literal(token)
            if isinstance(value, str) and value != token:  # else an f-string
                yield value


def _within(spans: list[FoundSecret], texts: list[tuple[int, int]]) -> Iterator[FoundSecret]:
    """The parts of each secret that lie in strings, comments and numbers."""
    for found in spans:
        for start, end in _overlapped(found, texts):
            yield FoundSecret(max(start, found.start), min(end, found.end), found.kind)


def _overlapped(found: FoundSecret, texts: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for place in range(bisect_right(texts, found.start, key=itemgetter(1)), len(texts)):
        if texts[place][0] >= found.end:
            break
        yield texts[place]


def _parses(s: str) -> bool:
    return is_python(s) or is_python(_COMMAND.sub(lambda match: f"{match[1]}pass #", s))


def is_python(source: str) -> bool:
    """Whether a source parses as Python."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about invalid escapes in the user's strings
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def literal(text: str) -> object:
    """The value of a literal; the string itself if it is no literal."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.literal_eval(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
