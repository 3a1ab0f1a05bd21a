"""Edits of one token near an error: what is inserted, deleted, replaced, swapped, quoted or moved."""

import builtins
import functools
import keyword
import re
from collections.abc import Iterator
from typing import NamedTuple

from cot_magic.core.spelling import distance
from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, OPENERS, STRINGS, UNCLOSED, TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem

BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
_BRACKETS = frozenset(OPENERS) | frozenset(CLOSERS)
_JOINING = (",", ".", ":", "=", "==", "+", "-", "*", "/", "%", "<", ">", "!=", "|", "->")
_JOINING_WORDS = ("in", "is", "and", "or", "if", "else", "for", "as", "import", "from", "not in")
_STARTING = (
    "if", "elif", "else", "for", "while", "def", "class", "with", "return", "try", "except", "from", "import",
    "async", "raise", "del", "assert",
)  # fmt: skip
_SPELLED = tuple(sorted({*keyword.kwlist, *keyword.softkwlist, "print"} - {"_", "type"}))
_REACH = 14  # tokens before the place where Python stopped
_MOST_SITES = 70
_BEFORE_OPERAND = ("else", "try", "finally", "except", "lambda", "from", "import", "class", "def")
_AFTER_OPERAND = (
    "(", "[", "-", "~", "*", "**", "else", "if", "for", "in", "import", "as", "is", "or", "and", "==",
)  # fmt: skip
_OF_TWO = (
    "==", "!=", ">=", "<=", "->", "+=", "-=", "*=", ":=", "**", "//", ":", "=", ".", ",", "and", "or",
)  # fmt: skip
_BRACKET_MESSAGE = re.compile("never closed|unmatched|does not match opening")
_DEFINITIONS = ("def", "class")


class OneEdit(NamedTuple):
    """A span `(start, end)` of the source, the code that replaces it, and what kind of change that is.

    `kind` is the operation (`insert`, `delete`, `replace`, `spell`, `split`, `swap`, `quote`, `indent`),
    `old` and `new` are the tokens in question, `site` is the index of the token.
    """

    start: int
    end: int
    text: str
    kind: str
    old: str
    new: str
    site: int


class ErrorArea(NamedTuple):
    """The tokens where a slip may be, and the lines that have to be parsed to see whether an edit helps."""

    sites: range
    low: int
    high: int
    brackets: tuple[str, ...]


def area(problem: Problem) -> ErrorArea:
    """Find the sites: the failing statement up to the failure, and whatever its parentheses point at."""
    listing, tokens, at = problem.listing, problem.tokens, problem.at
    low, high = problem.statement
    wrong = [*listing.unclosed, *listing.stray, *listing.crossed]
    if not wrong and not _BRACKET_MESSAGE.search(problem.message):
        first = max(low, at - _REACH)
        if at <= low + 1 and low > 0:
            first = low = listing.statement(low - 1)[0]
        last = max(at, listing.index_at(problem.failure.end) - 1)
        return ErrorArea(range(first, min(high, last + 3, first + _MOST_SITES)), low, high, ())
    near = sorted(wrong, key=lambda index: abs(index - at))[:2]
    for index in near:
        around = listing.statement(index)
        low, high = min(low, around[0]), max(high, around[1])
        if tokens[index].opener >= 0:
            low = min(low, listing.statement(tokens[index].opener)[0])
        elif index in listing.stray:  # the opener may be missing, or closed too early, above
            for _ in range(2):
                low = listing.statement(low - 1)[0] if low else 0
    pivot = near[0] if near else at
    first, last = max(low, min(pivot, at) - _MOST_SITES // 2), min(high, max(pivot, at) + _MOST_SITES // 2)
    texts = {problem.text(index) for index in near}
    texts |= {problem.text(tokens[index].opener) for index in near if tokens[index].opener >= 0}
    needed = {OPENERS.get(text) or CLOSERS.get(text, "") for text in texts} | (texts & set(OPENERS))
    return ErrorArea(range(first, last), low, high, tuple(sorted(needed - {""})))


def token_edits(problem: Problem, where: ErrorArea) -> Iterator[OneEdit]:
    """Yield the edits of tokens in the area."""
    if where.brackets:
        yield from _bracket_edits(problem, where)
    else:
        for index in where.sites:
            yield from _deleted(problem, index)
            yield from _inserted(problem, index, where)
            yield from _replaced(problem, index)
            yield from _spelled(problem, index)
    for index in where.sites:
        yield from _swapped(problem, index)
        yield from _split(problem, index, where)


def _bracket_edits(problem: Problem, where: ErrorArea) -> Iterator[OneEdit]:
    for index in where.sites:
        token = problem.tokens[index]
        if token.text in _BRACKETS:
            yield from _deleted(problem, index)
            for sign in (*where.brackets, *_JOINING[:5]):
                if sign != token.text:
                    yield OneEdit(token.start, token.end, sign, "replace", token.text, sign, index)
        elif token.kind is TokenKind.OP or token.kind is TokenKind.OTHER:
            for sign in where.brackets:
                yield OneEdit(token.start, token.end, sign, "replace", token.text, sign, index)
        last_on_line = problem.tokens[index + 1].line != token.line
        for sign in where.brackets:
            if sign in OPENERS and last_on_line:
                space = "" if problem.ends_operand(index) else " "
                yield OneEdit(token.end, token.end, space + sign, "insert", "", sign, index)
            if sign in OPENERS and problem.ends_operand(index - 1) and problem.touching(index - 1):
                yield OneEdit(token.start, token.start, sign, "insert", "", sign, index)
            elif sign in OPENERS and (
                problem.starts_operand(index) or token.text in _BRACKETS or token.text in "-+*~"
            ):
                yield OneEdit(token.start, token.start, sign, "insert", "", sign, index)
                before = problem.tokens[index - 1]
                if before.end < token.start and before.line == token.line and problem.ends_operand(index - 1):
                    yield OneEdit(before.end, token.start, sign, "insert", "", sign, index)
            elif sign in CLOSERS and (
                problem.ends_operand(index) or token.text in OPENERS or token.text == ","
            ):
                yield OneEdit(token.end, token.end, sign, "insert", "", sign, index)


def _deleted(problem: Problem, index: int) -> Iterator[OneEdit]:
    token = problem.tokens[index]
    if token.kind in STRINGS:
        return
    start, end = problem.span_with_space(index, index)
    yield OneEdit(start, end, "", "delete", token.text, "", index)


def _inserted(problem: Problem, index: int, where: ErrorArea) -> Iterator[OneEdit]:
    token, before = problem.tokens[index], problem.tokens[index - 1]
    gap = "" if before.end == token.start else " "
    inside = index > where.low and before.line == token.line
    if not gap and before.kind is token.kind is TokenKind.NUMBER:
        return  # one number with two points
    if token.first and token.opener < 0:
        for word in _STARTING:
            text = word + (": " if word in ("else", "try") else " ")
            yield OneEdit(token.start, token.start, text, "insert", "", word, index)
    if inside and _ends(problem, index - 1) and _starts(problem, index):
        for sign in _JOINING:
            text = f" {sign} " if gap and sign not in ",.:" else sign + gap if sign != "." else sign
            yield OneEdit(before.end, token.start, text, "insert", "", sign, index)
        for word in _JOINING_WORDS:
            yield OneEdit(before.end, token.start, f" {word} ", "insert", "", word, index)
    elif (
        inside
        and before.text in ("not", "is", "yield", "async", "from", "import")
        and _starts(problem, index)
    ):
        for word in ("in", "for", "not", "with", "def"):
            yield OneEdit(before.end, token.start, f" {word} ", "insert", "", word, index)
    if (
        inside
        and before.text in ("=", "(", ",", "return", ":", "[", "else")
        and (token.kind is TokenKind.NAME or token.text in ("*", ":", "**"))
    ):
        yield OneEdit(token.start, token.start, "lambda ", "insert", "", "lambda", index)
    if problem.tokens[index + 1].line != token.line and _ends(problem, index):
        for sign in (":", ","):
            yield OneEdit(token.end, token.end, sign, "insert", "", sign, index)


def _ends(problem: Problem, index: int) -> bool:
    return problem.ends_operand(index) or problem.text(index) in _BEFORE_OPERAND


def _starts(problem: Problem, index: int) -> bool:
    return problem.starts_operand(index) or problem.text(index) in _AFTER_OPERAND


def _replaced(problem: Problem, index: int) -> Iterator[OneEdit]:
    token, after = problem.tokens[index], problem.tokens[index + 1]
    if token.kind not in (TokenKind.OP, TokenKind.OTHER) or token.text in _BRACKETS:
        return
    for sign in (*_JOINING, "+=", ">=", "<="):
        if sign != token.text:
            yield OneEdit(token.start, token.end, sign, "replace", token.text, sign, index)
    if (
        token.end == after.start
        and after.kind in (TokenKind.OP, TokenKind.OTHER)
        and after.text not in _BRACKETS
    ):
        both = token.text + after.text
        for sign in _OF_TWO:
            if sign not in (token.text, after.text) and (set(sign) & set(both) or both in ("&&", "||")):
                yield OneEdit(token.start, after.end, sign, "replace", both, sign, index)


# keywords, and the words of other languages for them
_FOREIGN = {
    word: known
    for known, words in {
        "def": "function func fun fn define sub proc procedure method void", "except": "catch rescue",
        "raise": "throw", "match": "switch", "case": "when", "else": "otherwise", "finally": "ensure",
        "import": "include require using use", "del": "unset delete remove", "continue": "next",
        "pass": "skip", "class": "struct interface", "is": "are", "elif": "elseif elsif",
    }.items()
    for word in words.split()
}  # fmt: skip


@functools.lru_cache(maxsize=512)
def alike(word: str) -> tuple[str, ...]:
    """Return the keywords that the word may be meant for, in another language or at most two keys away."""
    found = [(distance(word.lower(), known.lower()), known) for known in _SPELLED if known != word]
    found += [(0, _FOREIGN[word])] if word in _FOREIGN else []
    allowed = 1 if len(word) <= 4 else 2
    return tuple(
        known for far, known in sorted(found) if far <= allowed and (far < len(known) or len(known) < 3)
    )


def _spelled(problem: Problem, index: int) -> Iterator[OneEdit]:
    token = problem.tokens[index]
    if token.kind is TokenKind.NAME and problem.text(index - 1) != ".":
        for word in alike(token.text):
            yield OneEdit(token.start, token.end, word, "spell", token.text, word, index)


def _swapped(problem: Problem, index: int) -> Iterator[OneEdit]:
    one, two = problem.tokens[index], problem.tokens[index + 1]
    if one.line != two.line or not two.text or "\n" in one.text + two.text:
        return
    gap = problem.source[one.end : two.start]
    wordy = (one.text[-1:].isalnum() and problem.source[two.end : two.end + 1].isalnum()) or (
        two.text[:1].isalnum() and problem.source[one.start - 1 : one.start].isalnum()
    )
    if not wordy:
        yield OneEdit(one.start, two.end, two.text + gap + one.text, "swap", one.text, two.text, index)
        space = " " if two.text[-1:].isalnum() and one.text[:1].isalnum() else ""
        if gap.strip() != gap and not gap.strip() and space != gap:
            yield OneEdit(one.start, two.end, two.text + space + one.text, "swap", one.text, two.text, index)


def _split(problem: Problem, index: int, where: ErrorArea) -> Iterator[OneEdit]:
    """Two words without what was between them: `isinstancevalue`, `.selfname`."""
    token, before, after = (problem.tokens[i] for i in (index, index - 1, index + 1))
    if token.kind is not TokenKind.NAME or len(token.text) < 3 or token.text in problem.seen | BUILTINS:
        return
    for cut in range(1, len(token.text)):
        one, two = token.text[:cut], token.text[cut:]
        known = _known(problem, one) + _known(problem, two)
        if not known or (known == 1 and min(cut, len(two)) < 2 and not two.isdigit()):
            continue
        kind = "split" if known == 2 else "cut"
        signs = where.brackets or (" ", ".", ",", "=", ":")
        for sign in signs:
            if not (sign in CLOSERS and one in KEYWORDS):
                space = " " if two in KEYWORDS or sign == "," else ""
                yield OneEdit(token.start, token.end, one + sign + space + two, kind, token.text, sign, index)
        if two[0].isdigit():
            continue
        if before.end == token.start and before.kind is TokenKind.OP:
            text = one + before.text + two
            yield OneEdit(before.start, token.end, text, f"{kind} swap", token.text, before.text, index)
        if after.start == token.end and after.kind is TokenKind.OP:
            text = one + after.text + two
            yield OneEdit(token.start, after.end, text, f"{kind} swap", token.text, after.text, index)


def _known(problem: Problem, word: str) -> bool:
    return word in problem.words or word in KEYWORDS or (len(word) > 2 and word in BUILTINS)


def quote_edits(problem: Problem) -> Iterator[OneEdit]:
    """Yield edits of quotes on the line of the failure."""
    line = problem.failure.line
    opened = [t.line for t in problem.tokens if t.kind in UNCLOSED]
    if opened and "unterminated" in problem.message:
        line = opened[0]
    text, base = problem.listing.line_text(line), problem.listing.starts[line - 1]
    signs = [sign for sign in "'\"" if sign in text]
    if not signs or len(text) > 400:
        return
    at = problem.at
    for place, sign in enumerate(text):
        if sign in "'\"" and text[place - 1 : place] != "\\":
            yield OneEdit(base + place, base + place + 1, "", "quote", sign, "", at)
            other = '"' if sign == "'" else "'"
            yield OneEdit(base + place, base + place + 1, other, "quote", sign, other, at)
    for found in re.finditer(r"(?<=[\s(\[{,=:+%])(?=\S)|(?<=\S)(?=[\s)\]},:;+%.=]|$)|\b", text):
        place = base + found.start()
        for sign in signs:
            if text[: found.start()].endswith(f"\\{sign}"):
                continue  # the backslash before the quote is the slip, and no edit of quotes
            yield OneEdit(place, place, sign, "quote", "", sign, at)


def indent_edits(problem: Problem) -> Iterator[OneEdit]:
    """Yield edits that move lines to another level; lines inside of strings stay where they are."""
    lines = problem.lines
    place = min(problem.failure.line, len(lines)) - 1
    filled = [i for i in range(len(lines)) if problem.listing.on_line(i + 1) and _begins(problem, i)]
    if not filled:
        return
    here = max((i for i, line in enumerate(filled) if line <= place), default=0)
    chosen = dict.fromkeys(filled[max(here - 2, 0) : here + 2])
    for line in chosen:
        own = len(problem.listing.indent(line + 1))
        around = [len(problem.listing.indent(i + 1)) for i in filled if abs(i - line) < 40 and i != line]
        above = [len(problem.listing.indent(i + 1)) for i in filled if i < line]
        levels = {width for width in around if width <= (max(above[-3:], default=0))} | {0}
        unit = min((width for width in around if width), default=4)
        levels |= {above[-1] + min(unit, 8)} if above else set()
        ends = {_extent(problem, filled, line, own, True), _extent(problem, filled, line, own, False)}
        for width in sorted(levels - {own}):
            for end in sorted(ends):
                yield _moved(problem, line, end, width - own)


def _begins(problem: Problem, line: int) -> bool:
    """Return whether a statement begins on the line (from 0)."""
    token = problem.tokens[problem.listing.on_line(line + 1)[0]]
    return token.first and token.opener < 0


def _extent(problem: Problem, filled: list[int], line: int, own: int, block: bool) -> int:
    """Return the line after the statement, or after all that is indented like it."""
    for other in filled:
        if other > line and (not block or len(problem.listing.indent(other + 1)) < own):
            return other
    return len(problem.lines)


def _moved(problem: Problem, line: int, end: int, by: int) -> OneEdit:
    starts = problem.listing.starts
    first, last = starts[line], starts[end] if end < len(starts) else starts[-1]
    moved = problem.shifted(line, end, by).split("\n")
    text = "\n".join(moved[line:end]) + ("\n" if end < len(moved) else "")
    many = "block" if end - line > 1 else "line"
    return OneEdit(first, last, text, "indent", many, str(by), problem.at)
