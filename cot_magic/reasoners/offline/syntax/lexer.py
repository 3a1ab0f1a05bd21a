"""Tokens of a source that Python cannot parse: `lex` never raises; broken pieces are tokens of their own.

Every newline of the source is `\\n`: see `source.translated`.
"""

import bisect
import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple, SupportsIndex, overload

from cot_magic.reasoners.offline.source import line_starts, translated

OPENERS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}
# Keywords that only begin a statement: an opener above them that is not closed is an error.
_ONLY_STATEMENTS = frozenset(
    {"def", "class", "import", "return", "while", "with", "try", "raise", "del", "assert", "pass",
     "break", "continue", "global", "nonlocal", "except", "finally", "elif"}
)  # fmt: skip
_PIECE = re.compile(
    r"""
    (?P<newline>\n)
  | (?P<space>[ \t\f]+|\\\n)
  | (?P<comment>\#[^\n]*)
  | (?P<string>(?:[rRbBfFuU]|[rR][bBfF]|[bBfF][rR])?(?:
        '''(?:[^\\]|\\.)*?''' | \"\"\"(?:[^\\]|\\.)*?\"\"\"
      | '(?!'')(?:[^'\\\n]|\\.)*' | "(?!"")(?:[^"\\\n]|\\.)*"))
  | (?P<open_triple>(?:[rRbBfFuU]|[rR][bBfF]|[bBfF][rR])?(?:'''|\"\"\")(?:[^\\]|\\.|\\$)*)
  | (?P<open_string>(?:[rRbBfFuU]|[rR][bBfF]|[bBfF][rR])?['"](?:[^\\\n]|\\[^\n]|\\$)*)
  | (?P<number>(?:0[xXbBoO]\w*|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?\w*))
  | (?P<name>[^\W\d]\w*)
  | (?P<op>\*\*=|//=|>>=|<<=|\.\.\.|!=|->|:=|==|<=|>=|<>|\*\*|//|>>|<<|[-+*/%@&|^]=
      |[-+*/%@&|^~<>=.,:;()\[\]{}])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_MAGIC = re.compile(
    r"[ \t]*(?:%{1,2}[A-Za-z]|!(?![=\s]))[^\n]*"
    r"|[ \t]*(?:\?{1,2}[A-Za-z_][\w.]*|[A-Za-z_][\w.]*\?{1,2})[ \t]*(?=\n|$)"
)
_MAY_BE_MAGIC = re.compile(r"(?m)^[ \t]*[%!?]|\?[ \t]*$|=[ \t]*[%!]")
_ASSIGNED_MAGIC = re.compile(r"(?P<target>[ \t]*[A-Za-z_][\w, ]*=[ \t]*)(?:%[A-Za-z]|!(?![=\s]))[^\n]*")


_start_of = attrgetter("start")


class TokenKind(StrEnum):
    """The kinds of tokens; OPEN_* are strings without a closing quote."""

    NAME = "name"
    NUMBER = "number"
    STRING = "string"
    OPEN_STRING = "open_string"
    OPEN_TRIPLE = "open_triple"
    OP = "op"
    OTHER = "other"


_KINDS = {kind.value: kind for kind in TokenKind}
UNCLOSED = (TokenKind.OPEN_STRING, TokenKind.OPEN_TRIPLE)
STRINGS = (TokenKind.STRING, *UNCLOSED)


class Token(NamedTuple):
    """A significant token; a named tuple, since a long cell has ten thousand of them.

    Attributes
    ----------
    start, end
        Offsets in the source, in characters.
    line
        Line of its first character, from 1.
    first
        Whether it is the first token of its line (of the first line if backslashes join several).
    opener
        Index of the innermost parenthesis, square bracket or brace that encloses it; -1 for none.
    """

    kind: TokenKind
    text: str
    start: int
    end: int
    line: int
    first: bool
    opener: int


class Tokens(tuple[Token, ...]):
    """Tokens with an empty one before the first and after the last, so that rules may look at neighbours."""

    __slots__ = ()

    @overload
    def __getitem__(self, index: SupportsIndex) -> Token: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Token, ...]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Token | tuple[Token, ...]:
        if isinstance(index, slice):
            return super().__getitem__(index)
        place = index.__index__()
        if 0 <= place < len(self):
            return super().__getitem__(place)
        if place < 0 or not self:
            return Token(TokenKind.OTHER, "", 0, 0, 1, True, -1)
        last = super().__getitem__(-1)
        return Token(TokenKind.OTHER, "", last.end, last.end, last.line + 1, True, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A source and its tokens.

    Attributes
    ----------
    tokens
        Significant tokens: no whitespace, comments or magics.
    starts
        The offset of each line's first character, then the length of the source.
    partner
        From the index of an opener or closer to the index of its counterpart, if it has one.
    unclosed, stray, crossed
        Indices of openers that are never closed, closers that close nothing, and closers of the wrong kind.
    comments
        `(start, end)` of each comment.
    """

    source: str
    tokens: Tokens
    starts: tuple[int, ...]
    partner: dict[int, int]
    unclosed: tuple[int, ...]
    stray: tuple[int, ...]
    crossed: tuple[int, ...]
    comments: tuple[tuple[int, int], ...]

    def line_text(self, line: int) -> str:
        """Return the line without its newline; empty if there is no such line."""
        if not 1 <= line < len(self.starts):
            return ""
        return self.source[self.starts[line - 1] : self.starts[line]].rstrip("\n")

    def indent(self, line: int) -> str:
        """Return the whitespace that the line begins with."""
        text = self.line_text(line)
        return text[: len(text) - len(text.lstrip(" \t\f"))]

    def on_line(self, line: int) -> list[int]:
        """Return the indices of the tokens that begin on the line."""
        low, high = self.index_at(self.starts[line - 1]), self.index_at(self.starts[line])
        return list(range(low, high))

    def index_at(self, position: int) -> int:
        """Return the index of the first token that begins at or after the position."""
        return bisect.bisect_left(self.tokens, position, key=_start_of)

    def statement(self, index: int) -> tuple[int, int]:
        """Return the index of the first token of the token's logical line, and the index after the last."""
        tokens = self.tokens
        low = min(index, len(tokens) - 1)
        while low > 0 and not (tokens[low].first and tokens[low].opener < 0):
            low -= 1
        high = max(low + 1, min(index, len(tokens)))
        while high < len(tokens) and not (tokens[high].first and tokens[high].opener < 0):
            high += 1
        return max(low, 0), min(high, len(tokens))

    def in_code(self, position: int) -> bool:
        """Return whether the character is neither in a string nor in a comment."""
        index = self.index_at(position + 1) - 1
        if index >= 0:
            token = self.tokens[index]
            if token.end > position and token.kind in STRINGS:
                return False
        return not any(start <= position < end for start, end in self.comments)


class _Pairing:
    """Pairs openers with closers; `reset` gives up those that are open when a new statement begins."""

    def __init__(self) -> None:
        self.stack: list[int] = []
        self.partner: dict[int, int] = {}
        self.unclosed: list[int] = []
        self.stray: list[int] = []
        self.crossed: list[int] = []

    def close(self, index: int, text: str, tokens: list[Token]) -> None:
        wanted = CLOSERS[text]
        if not self.stack:
            self.stray.append(index)
            return
        if tokens[self.stack[-1]].text != wanted:
            self.crossed.append(index)
            if not any(tokens[item].text == wanted for item in self.stack):
                self.stack.pop()
                return
            while tokens[self.stack[-1]].text != wanted:
                self.unclosed.append(self.stack.pop())
        opener = self.stack.pop()
        self.partner[opener], self.partner[index] = index, opener

    def reset(self) -> None:
        self.unclosed += self.stack
        self.stack.clear()


@functools.lru_cache(maxsize=64)
def lex(source: str) -> Listing:
    """Return the listing of a source."""
    tokens: list[Token] = []
    comments: list[tuple[int, int]] = []
    starts, pairing = [0], _Pairing()
    position, line, fresh = 0, 1, True
    while position < len(source):
        if fresh and not pairing.stack and (magic := _MAGIC.match(source, position)):
            comments.append(magic.span())
            position = magic.end()
        found = _PIECE.match(source, position)
        if found is None:
            break
        kind, text, end = found.lastgroup or "other", found[0], found.end()
        if "\n" in text:
            starts += [position + newline.end() for newline in re.finditer("\n", text)]
        if kind == "comment":
            comments.append((position, end))
        elif kind not in ("newline", "space"):
            if fresh and pairing.stack and _begins_statement(source, found, starts, tokens, pairing.stack):
                pairing.reset()
            opener = pairing.stack[-1] if pairing.stack else -1
            index = len(tokens)
            tokens.append(Token(_KINDS[kind], text, position, end, line, fresh, opener))
            if text in OPENERS:
                pairing.stack.append(index)
            elif text in CLOSERS:
                pairing.close(index, text, tokens)
        fresh = kind == "newline" or (fresh and kind in ("space", "comment"))
        line = len(starts)
        position = end
    pairing.reset()
    return Listing(
        source=source,
        tokens=Tokens(tokens),
        starts=line_starts(source),
        partner=pairing.partner,
        unclosed=tuple(sorted(pairing.unclosed)),
        stray=tuple(pairing.stray),
        crossed=tuple(pairing.crossed),
        comments=tuple(comments),
    )


def lines_inside_strings(tokens: Iterable[Token]) -> frozenset[int]:
    """Return the lines, from 0, that begin inside of a string."""
    return frozenset(
        line
        for token in tokens
        if token.kind in STRINGS
        for line in range(token.line, token.line + token.text.count("\n"))
    )


def _begins_statement(
    source: str, found: re.Match[str], starts: list[int], tokens: list[Token], stack: list[int]
) -> bool:
    """Return whether a line between opener and closer can only be a new statement."""
    if found.lastgroup != "name":
        return False
    if found[0] in _ONLY_STATEMENTS:
        return True
    outer = re.compile(r"[ \t]*").match(source, starts[tokens[stack[-1]].line - 1])
    if outer is not None and found.start() - starts[-1] > len(outer[0]):
        return False
    if found[0] in ("for", "if", "from", "async", "print"):
        return found[0] != "for" or source[found.start() :].partition("\n")[0].rstrip().endswith(":")
    return re.match(r"[ \t]*(?:=(?!=)|[-+*/]=)", source[found.end() : found.end() + 40]) is not None


def plain(source: str) -> str:
    """Return the translated source, in which plain statements replace magics, shell commands and `?` help."""
    source = translated(source)
    if not _MAY_BE_MAGIC.search(source):
        return source
    listing = lex(source)
    skipped = {start for start, _ in listing.comments if source[start] != "#"}
    lines = []
    for start, end in zip(listing.starts, listing.starts[1:], strict=False):
        text = source[start:end]
        body = text.rstrip("\n")
        if start in skipped:
            text = body[: len(body) - len(body.lstrip())] + "pass" + text[len(body) :]
        elif found := _ASSIGNED_MAGIC.fullmatch(body):
            text = found["target"] + "None" + text[len(body) :]
        lines.append(text)
    return "".join(lines)
