"""What a rule about syntax gets, a Problem, and what it returns, Readings."""

import ast
import functools
import keyword
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from cot_magic.reasoners.offline.source import Splice, line_starts, splice
from cot_magic.reasoners.offline.syntax.lessons import LESSONS
from cot_magic.reasoners.offline.syntax.lexer import (
    Listing,
    TokenKind,
    Tokens,
    lex,
    lines_inside_strings,
    plain,
)

KEYWORDS = frozenset(keyword.kwlist)
VALUE_KEYWORDS = frozenset({"None", "True", "False"})
_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_OPERAND_STARTS = VALUE_KEYWORDS | {"lambda", "not", "await"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxFailure:
    """Where and why Python rejects a source.

    Attributes
    ----------
    position, end
        Offsets, in characters, of what the parser points at.
    late
        The source has a tree; the compiler rejected it (`return` outside a function).
    """

    message: str
    line: int
    position: int
    end: int
    kind: str = "SyntaxError"
    late: bool = False


@functools.lru_cache(maxsize=512)
def attempt(source: str) -> SyntaxFailure | None:
    """Compile a cell as IPython would (without magics, with top-level `await`); return None if that works."""
    text = plain(source)
    late = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = compile(text, "<cell>", "exec", _FLAGS | ast.PyCF_ONLY_AST, dont_inherit=True)
            late = True
            compile(tree, "<cell>", "exec", _FLAGS, dont_inherit=True)
    except SyntaxError as error:
        return _failure(source, error, late)
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        return SyntaxFailure(message=str(error), line=1, position=0, end=0, kind=type(error).__name__)
    return None


def _failure(source: str, error: SyntaxError, late: bool) -> SyntaxFailure:
    starts = line_starts(source)
    line = min(max(error.lineno or 1, 1), len(starts) - 1)
    position = min(starts[line - 1] + max((error.offset or 1) - 1, 0), starts[line])
    end = position
    if error.end_lineno and error.end_offset and error.end_lineno < len(starts):
        end = min(starts[error.end_lineno - 1] + error.end_offset - 1, len(source))
    return SyntaxFailure(
        message=error.msg or "",
        line=line,
        position=position,
        end=max(position, end),
        kind=type(error).__name__,
        late=late,
    )


def parsed(text: str, mode: Literal["exec", "eval"] = "exec") -> ast.AST | None:
    """Return the tree of plain Python; None if there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode=mode)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return None


def meaning(source: str) -> str | None:
    """Return a string that is equal for sources with the same tree; None if there is no tree."""
    tree = parsed(plain(source))
    try:
        return ast.dump(tree) if tree is not None else None
    except RecursionError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """An edited source that may be what was meant, and in one sentence what the edit does."""

    after: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One explanation of a syntax error.

    Attributes
    ----------
    alternatives
        Best first. Those that Python rejects at the same place are dropped later.
    weight
        How likely it is, 0 to 1.
    """

    claim: str
    alternatives: tuple[Alternative, ...]
    weight: float = 0.8


@dataclass(frozen=True)
class Problem:
    """A source, the place where Python stops, the tokens, and the known names."""

    source: str
    failure: SyntaxFailure
    known: frozenset[str] = frozenset()

    @cached_property
    def listing(self) -> Listing:
        return lex(self.source)

    @property
    def tokens(self) -> Tokens:
        return self.listing.tokens

    @cached_property
    def margins(self) -> tuple[int, ...]:
        """The offsets of statements that begin at the left margin."""
        return tuple(
            token.start
            for token in self.tokens
            if token.first
            and token.opener < 0
            and self.source[token.start - 1 : token.start] == "\n"
            and token.text not in (")", "]", "}", "elif", "else", "except", "finally")
        )

    @property
    def lines(self) -> list[str]:
        """The source's lines without their newlines, as a new list."""
        return self.source.split("\n")

    @property
    def message(self) -> str:
        return self.failure.message

    @cached_property
    def at(self) -> int:
        """The index of the token at the failure's position, else of the next, else the number of tokens."""
        index = self.listing.index_at(self.failure.position)
        if index > 0 and self.tokens[index - 1].end > self.failure.position:
            return index - 1
        return index

    @cached_property
    def statement(self) -> tuple[int, int]:
        """The index of the failing logical line's first token, and the index after its last."""
        if not self.tokens:
            return 0, 0
        index = self.at
        if index >= len(self.tokens) or (
            self.tokens[index].line > self.failure.line and index > 0 and not self.tokens[index].opener >= 0
        ):
            index -= 1
        return self.listing.statement(index)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that the kernel knows or that the cell seems to bind."""
        bound = set(self.known)
        for index, token in enumerate(self.tokens):
            if token.kind is not TokenKind.NAME or token.text in KEYWORDS:
                continue
            after = self.text(index + 1)
            before = self.text(index - 1)
            assigned = after in ("=", "+=", "-=") and token.opener < 0
            if assigned or after == "in" or before in ("def", "class", "import", "as", "for"):
                bound.add(token.text)
        return frozenset(bound)

    @cached_property
    def seen(self) -> frozenset[str]:
        """The names that the kernel knows or that the cell has twice: no slip made them."""
        counts = Counter(token.text for token in self.tokens if token.kind is TokenKind.NAME)
        return self.known | {word for word, count in counts.items() if count > 1 and word not in KEYWORDS}

    @cached_property
    def open_levels(self) -> dict[int, list[int]]:
        """The indentations of the blocks that are open above a line, as far as they were asked for."""
        return {}

    @cached_property
    def words(self) -> frozenset[str]:
        """The names that the kernel knows or that the cell has anywhere."""
        return self.known | {token.text for token in self.tokens if token.kind is TokenKind.NAME}

    @cached_property
    def inside_strings(self) -> frozenset[int]:
        """The lines, from 0, that begin inside of a string."""
        return lines_inside_strings(self.tokens)

    def text(self, index: int) -> str:
        """Return the token's text; empty if there is no such token."""
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def between(self, low: int, high: int) -> str:
        """Return the source from token `low` to the end of token `high - 1`."""
        high = min(high, len(self.tokens))
        if low >= high or low < 0:
            return ""
        return self.source[self.tokens[low].start : self.tokens[high - 1].end]

    def touching(self, index: int) -> bool:
        """Return whether nothing is between the token and the next."""
        return 0 <= index < len(self.tokens) - 1 and self.tokens[index].end == self.tokens[index + 1].start

    def ends_operand(self, index: int) -> bool:
        """Return whether an operand can end with the token."""
        return self._of_operand(index, VALUE_KEYWORDS, (")", "]", "}", "..."))

    def starts_operand(self, index: int) -> bool:
        """Return whether an operand can begin with the token; `(` and `[` would call or index."""
        return self._of_operand(index, _OPERAND_STARTS, ("{", "..."))

    def _of_operand(self, index: int, words: frozenset[str], signs: tuple[str, ...]) -> bool:
        """Return whether the token is a name, a number, a string, or one of those keywords and signs."""
        token = self.tokens[index]
        if token.kind is TokenKind.NAME:
            return token.text not in KEYWORDS or token.text in words
        return token.kind in (TokenKind.NUMBER, TokenKind.STRING) or token.text in signs

    def header_end(self, low: int, high: int) -> int | None:
        """Return the index of the colon that ends the header of a compound statement."""
        depth, lambdas = self.tokens[low].opener if low < len(self.tokens) else -1, 0
        for index in range(low, high):
            token = self.tokens[index]
            if token.opener != depth:
                continue
            if token.text == "lambda":
                lambdas += 1
            elif token.text == ":":
                if not lambdas:
                    return index
                lambdas -= 1
        return None

    def items(self, start: int, end: int, opener: int) -> list[tuple[int, int]]:
        """Return the spans of tokens between the commas that the opener encloses (-1: that none does)."""
        spans = []
        for index in range(start, end):
            if self.text(index) == "," and self.tokens[index].opener == opener:
                spans.append((start, index))
                start = index + 1
        return [*spans, (start, end)] if start < end else spans

    def put(self, *changes: tuple[int, int, str]) -> str:
        """Return the source with each span `(start, end)` replaced by its new code."""
        return splice(self.source, [Splice(start=a, end=b, text=text) for a, b, text in changes])

    def swap(self, index: int, text: str, until: int | None = None) -> str:
        """Return the source with the tokens from `index` to `until` (inclusive) replaced."""
        last = index if until is None else until
        return self.put((self.tokens[index].start, self.tokens[last].end, text))

    def lines_put(self, first: int, end: int, *new: str) -> str:
        """Return the source with the lines `first` to `end` (exclusive, from 0) replaced."""
        lines = self.lines
        return "\n".join([*lines[:first], *new, *lines[end:]])

    def shifted(self, first: int, end: int, by: int, unit: str = " ") -> str:
        """Return the source with the lines `first` to `end` (exclusive, from 0) moved by that many columns.

        A line that begins inside of a string stays where it is: the string would change.
        """
        moved = self.lines
        for place in range(first, end):
            line = moved[place]
            if line.strip() and place not in self.inside_strings:
                width = len(line) - len(line.lstrip(" \t"))
                moved[place] = unit[0] * by + line if by > 0 else line[min(-by, width) :]
        return "\n".join(moved)

    def drop(self, index: int, until: int | None = None) -> str:
        """Return the source without those tokens and without the space that would be doubled."""
        return self.put((*self.span_with_space(index, index if until is None else until), ""))

    def span_with_space(self, index: int, until: int) -> tuple[int, int]:
        """Return where those tokens begin and end, with the space that would be doubled without them."""
        start, end = self.tokens[index].start, self.tokens[until].end
        after = self.source[end : end + 1]
        if after == " " and (start == 0 or self.source[start - 1] in " \n\t([{"):
            end += 1
        elif start and self.source[start - 1] == " " and after in ("", "\n", ")", ",", ":"):
            start -= 1
        return start, end


@dataclass(frozen=True, slots=True, eq=False)  # its hash is asked for often
class Slip:
    """A kind of slip: its code, its lesson, and the function that finds it in a problem."""

    code: str
    lesson: str
    find: Callable[[Problem], Iterator[Reading]]


def slip(code: str) -> Callable[[Callable[[Problem], Iterator[Reading]]], Slip]:
    """Make a slip with that code of a function that finds it; its lesson is in the table of lessons."""
    return functools.partial(Slip, f"syntax.{code}", LESSONS[code])


def reading(claim: str, *options: tuple[str, str], weight: float = 0.8) -> Reading:
    """Make a Reading from pairs of an edited source and what the edit does."""
    return Reading(
        claim=claim,
        alternatives=tuple(Alternative(after=after, why=why) for after, why in options),
        weight=weight,
    )


def unique(options: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the options without repeated sources, in order."""
    seen: dict[str, str] = {}
    for after, why in options:
        seen.setdefault(after, why)
    return list(seen.items())
