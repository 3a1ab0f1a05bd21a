"""Python source with its secrets withheld, so that it stays source: names, lines and quotes are kept."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cot_magic.capture.secret_patterns import Found

if TYPE_CHECKING:
    from cot_magic.capture.redact import Redactor

_COMMAND = re.compile(r"(?m)^(\s*)[%!?]")
_QUOTES = re.compile(r"(?i)([rbfut]{0,2})(\"\"\"|'''|\"|')")
_TEXTS = frozenset(
    number
    for number, name in tokenize.tok_name.items()
    if name in ("STRING", "COMMENT", "NUMBER", "FSTRING_MIDDLE", "TSTRING_MIDDLE")
)


def redacted_source(redactor: "Redactor", s: str) -> str:
    """The source with a mask in the place of each secret in a string, comment, number or command line."""
    return _Masking(redactor, s).result()


def restored(redactor: "Redactor", edited: str, original: str) -> str:
    """An edit of the redacted original with the masked parts as the original has them."""
    masking = _Masking(redactor, original)
    masking.result()
    for shown, part in sorted(masking.parts.items(), key=lambda item: -len(item[0])):
        edited = edited.replace(shown, part)
    return edited


class _Masking:
    """One source, its tokens and what is to be withheld in it."""

    def __init__(self, redactor: "Redactor", s: str) -> None:
        self._redactor, self._s = redactor, s
        self.parts: dict[str, str] = {}

    def result(self) -> str:
        """A cell magic rules its whole cell, and what has no tokens is no Python: both are plain text."""
        redactor, s = self._redactor, self._s
        spans = redactor.spans(s)
        if not spans:
            return s
        texts = list(_texts(s)) if not s.lstrip().startswith("%%") else []
        if not texts:
            return self._masked(spans)
        inside = [part for found in spans for part in _within(found, texts)]
        redacted = self._masked(inside)
        if _parses(s) and not _parses(redacted):
            redacted = self._whole_tokens(inside, texts)
        return redacted

    def _masked(self, spans: list[Found]) -> str:
        pieces, done = [], 0
        for found in spans:
            mask = self._redactor.mask_of(found, self._s)
            self.parts.setdefault(mask, self._s[found.start : found.end])
            pieces += [self._s[done : found.start], mask]
            done = found.end
        return "".join([*pieces, self._s[done:]])

    def _whole_tokens(self, spans: list[Found], texts: list[tuple[int, int]]) -> str:
        """Each string or number in which something is withheld as a string that holds only the mask."""
        pieces, done = [], 0
        for start, end in texts:
            found = next((item for item in spans if item.start < end and start < item.end), None)
            if found is None:
                continue
            token = self._s[start:end]
            whole = Found(start, end, found.kind)
            mask = self._redactor.mask_of(whole, self._s).rstrip("\n")
            shown = _string_of(token, mask)
            self.parts.setdefault(shown, token)
            pieces += [self._s[done:start], shown]
            done = end
        return "".join([*pieces, self._s[done:]])


def _string_of(token: str, mask: str) -> str:
    """A token of the same kind with the mask as its content, and as many lines."""
    if token.startswith("#"):
        return f"# {mask}"
    opening = _QUOTES.match(token)
    if opening is None:
        return f'"{mask}"' if token[:1].isdigit() else mask
    lines = "\n" * token.count("\n")
    if len(opening[2]) == 1 and lines:
        lines = "\\\n" * token.count("\n")
    return f"{opening[1]}{opening[2]}{mask}{lines}{opening[2]}"


def _texts(s: str) -> Iterator[tuple[int, int]]:
    """Start and end of the strings, comments, numbers and command lines; nothing if it is no Python."""
    for plain in (s, _COMMAND.sub(lambda match: f"{match[1]}#", s)):
        found = _tokens(plain)
        if found is not None:
            yield from found
            return


def _tokens(plain: str) -> list[tuple[int, int]] | None:
    starts = [0]
    for line in plain.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(plain).readline):
            if token.type in _TEXTS:
                (row, column), (end_row, end_column) = token.start, token.end
                found.append((starts[row - 1] + column, starts[end_row - 1] + end_column))
    except (tokenize.TokenError, SyntaxError, IndexError):
        return None
    return found


def _within(found: Found, texts: list[tuple[int, int]]) -> Iterator[Found]:
    """The parts of what was found that lie in strings, comments and numbers."""
    for start, end in texts:
        if start < found.end and found.start < end:
            yield Found(max(start, found.start), min(end, found.end), found.kind)


def _parses(s: str) -> bool:
    for plain in (s, _COMMAND.sub(lambda match: f"{match[1]}pass #", s)):
        try:
            ast.parse(plain)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return True
    return False
