"""Rewrites as rows of a table: a pattern of tokens, what is written instead, and what is said of it.

A pattern is words with blanks between them, and is looked for in the failing statement.

- `if`, `=>`: these signs, next to each other; `then|do`: one of them; `W=then|do`: the same, remembered as W.
- `N` is a name, `S` a string, `D` a number, `X` one or more tokens in which every opener is closed, as few
  as possible; `X!in!if` has no `in` and no `if` outside of its parentheses. A digit tells two of them apart
  (`X`, `X2`); what has the same letter and digit is the same.
- Before a token, `START` is the beginning of a statement, `OPERAND` that an operand ends, `SIGN` that none
  does; `VALUE` that one begins here, `ARGUMENT` an argument of a call, `PARAMETER` one of a function; `END`
  the end of the statement, `CLOSE` that or a sign after an operand; `DEEPER` the end of a line above one that
  is indented further.

In what is written and said, `{X}` is what matched, `{found}` all of it, `{indent}` the indentation of the
statement, `{S_bare}` a string without quotes, `{S_text}` without the prefix `b`, `{S_bytes}` with
it, `{S_doubled}` with two backslashes for one, `{D_next}` the next number.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, TokenKind, lex
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, reading, unique

_KINDS = {"S": TokenKind.STRING, "D": TokenKind.NUMBER}
_CAPTURE = re.compile(r"([NSDX]\d?)((?:![^!]+)*)")
_NAMED = re.compile(r"([A-Z]\d?)=(.+)")
_PLACES = ("START", "OPERAND", "SIGN", "VALUE", "END", "CLOSE", "DEEPER", "ARGUMENT", "PARAMETER")
_AFTER_VALUE = {*CLOSERS, ",", ":", "if", "else", "for"}
_BLOCKS = frozenset(
    ("if", "else", "elif", "for", "while", "try", "except", "finally", "with", "def", "class")
)
_MOST_WAYS = 3  # in which a pattern matches at one place
_MOST_OPTIONS = 6
Words = dict[str, str]


class Rewrite(NamedTuple):
    """One rewrite: pattern, what is written, why, what is wrong; then other ways, each with its why."""

    pattern: str
    write: str
    why: str
    claim: str
    weight: float = 0.93
    also: tuple[tuple[str, str], ...] = ()
    when: Callable[[Problem, Words], bool] | None = None


class Match(NamedTuple):
    """The tokens `first` to `end` (exclusive) that match, and what each capture is."""

    first: int
    end: int
    words: Words


class Element(NamedTuple):
    """One word of a pattern: what it remembers, and what it matches."""

    name: str
    place: str = ""
    texts: tuple[tuple[str, ...], ...] = ()
    without: tuple[str, ...] = ()


class Rewrites:
    """The rows for one kind of mistake; calling it gives their readings of a problem."""

    def __init__(self, *rows: Rewrite) -> None:
        self.rows = rows

    @cached_property
    def _compiled(self) -> list[tuple[Rewrite, list[Element]]]:
        return [(row, [_element(word) for word in row.pattern.split()]) for row in self.rows]

    def __call__(self, problem: Problem) -> Iterator[Reading]:
        """Yield a reading for each row that matches in the failing statement."""
        low, high = problem.statement
        texts = {problem.text(index) for index in range(low, high)}
        for row, elements in self._compiled:
            if not all(texts.issuperset(item.texts[0]) for item in elements if len(item.texts) == 1):
                continue  # a sign of the pattern is not there
            found = [
                match
                for index in range(low, high)
                for match in itertools.islice(_found(problem, elements, index), _MOST_WAYS)
                if not row.when or row.when(problem, match.words)
            ]
            options = list(_options(problem, row, found))
            if options:
                claim = _filled(row.claim, found[0].words) or row.claim
                yield reading(claim, *unique(options)[:_MOST_OPTIONS], weight=row.weight)


def _found(problem: Problem, elements: Sequence[Element], index: int) -> Iterator[Match]:
    """Yield the ways in which the pattern matches from the token on, with all words of the templates."""
    low, high = problem.statement
    indent = problem.listing.indent(problem.tokens[low].line)
    for match in _matches(problem, elements, index, high, {"indent": indent}):
        if match.end > index:
            yield match._replace(words={**match.words, "found": problem.between(index, match.end)})


def _element(word: str) -> Element:
    capture = _CAPTURE.fullmatch(word)
    if word in _PLACES:
        return Element("", place=word)
    if capture is not None:
        return Element(capture[1], without=tuple(capture[2].split("!")[1:]))
    named = _NAMED.fullmatch(word)
    name, written = (named[1], named[2]) if named is not None else ("", word)
    parts = re.split(r"\|(?=.)", written) if written.strip("|") else [written]  # `a||`: `a` or `|`
    return Element(
        name, texts=tuple(tuple(token.text for token in lex(f"({part}").tokens[1:]) for part in parts)
    )


def _matches(
    problem: Problem, elements: Sequence[Element], index: int, high: int, words: Words
) -> Iterator[Match]:
    """Yield the ways in which the elements match from the token on."""
    if not elements:
        yield Match(index, index, words)
        return
    head, rest = elements[0], elements[1:]
    for end in _ends_of(problem, head, index, high):
        known = words
        if head.name:
            text = problem.between(index, end)
            if words.get(head.name, text) != text:
                continue
            known = {**words, head.name: text}
        for found in _matches(problem, rest, end, high, known):
            yield found._replace(first=index)


def _ends_of(problem: Problem, head: Element, index: int, high: int) -> Iterator[int]:
    """Yield where the element may end if it begins at the token."""
    if head.place:
        if _at_place(problem, head.place, index, high):
            yield index
    elif head.texts:
        for texts in head.texts:
            end = index + len(texts)
            if (
                end <= high
                and all(problem.text(index + place) == text for place, text in enumerate(texts))
                and all(problem.touching(place) for place in range(index, end - 1))
            ):
                yield end
    elif head.name[0] == "X":
        yield from _expression_ends(problem, head, index, high)
    elif index < high and _is_kind(problem, head.name[0], index):
        yield index + 1


def _is_kind(problem: Problem, kind: str, index: int) -> bool:
    token = problem.tokens[index]
    if kind == "N":
        return token.kind is TokenKind.NAME and token.text not in KEYWORDS
    return token.kind is _KINDS[kind]


def _expression_ends(problem: Problem, head: Element, index: int, high: int) -> Iterator[int]:
    while index < high:
        text = problem.text(index)
        if text in CLOSERS or text in head.without or (text == ";" and problem.tokens[index].opener < 0):
            return
        index = problem.listing.partner.get(index, index) + 1
        if index <= high:
            yield index


def _at_place(problem: Problem, place: str, index: int, high: int) -> bool:
    if place == "START":
        return begins(problem, index)
    if place == "OPERAND":
        return problem.ends_operand(index - 1)
    if place == "SIGN":
        return not problem.ends_operand(index - 1) and not begins(problem, index)
    if place == "VALUE":
        return problem.starts_operand(index) or problem.text(index) in ("(", "[", "-")
    if place in ("ARGUMENT", "PARAMETER"):
        opener = problem.tokens[index].opener
        called = problem.text(opener) == "(" and problem.ends_operand(opener - 1)
        defined = problem.text(opener - 2) == "def"
        return called and problem.text(index - 1) in ("(", ",") and defined == (place == "PARAMETER")
    if place == "DEEPER":
        line, following = problem.tokens[index - 1].line, problem.tokens[index].line
        deeper = len(problem.listing.indent(following)) > len(problem.listing.indent(line))
        return index == high and following == line + 1 and deeper
    ended = index >= high or (problem.text(index) == ";" and problem.tokens[index].opener < 0)
    return ended or (place == "CLOSE" and problem.text(index) in _AFTER_VALUE)


def begins(problem: Problem, index: int) -> bool:
    """Return whether a statement begins at the token: on its line, after `;`, `async` or a header's colon."""
    token, before = problem.tokens[index], problem.text(index - 1)
    if token.first:
        return token.opener < 0
    if before == ":" and token.opener < 0:
        return problem.text(problem.listing.statement(index)[0]) in _BLOCKS
    return before in (";", "async")


def _options(problem: Problem, row: Rewrite, found: Sequence[Match]) -> Iterator[tuple[str, str]]:
    """Yield the edited sources: all places at once, then each."""
    for write, why in ((row.write, row.why), *row.also):
        changes = [change for match in found if (change := _change(problem, match, write)) is not None]
        if not changes:
            continue
        said = _filled(why, found[0].words) or why
        apart = {start: (start, end, text) for start, end, text in reversed(changes)}
        if len(apart) > 1:
            yield problem.put(*apart.values()), said
        for change in changes:
            yield problem.put(change), said


def _change(problem: Problem, match: Match, write: str) -> tuple[int, int, str] | None:
    """Return the span of the match and what is written there, apart from the words around it."""
    start, end = problem.tokens[match.first].start, problem.tokens[match.end - 1].end
    text = _filled(write, match.words)
    if text is None:
        return None
    before, after = problem.source[start - 1 : start], problem.source[end : end + 1]
    left = " " if text[:1].isalnum() and before.isalnum() else ""
    right = " " if text[-1:].isalnum() and after.isalnum() else ""
    return start, end, left + text + right


def _filled(template: str, words: Words) -> str | None:
    """Return the template with its words; None if one of them has no such form."""
    parts = re.split(r"\{(\w+)\}", template)
    for place in range(1, len(parts), 2):
        name, _, form = parts[place].partition("_")
        text = words.get(name)
        if form and text is not None:
            text = _FORMS[form](text)
        if text is None:
            return None
        parts[place] = text
    return "".join(parts)


def _bare(text: str) -> str | None:
    inside = text.strip("'\"")
    return inside if inside.isidentifier() else None


def _prefix(text: str) -> str:
    """Return what is before the quotes of a string."""
    return text.partition("'")[0].partition('"')[0]


_FORMS: dict[str, Callable[[str], str | None]] = {
    "bare": _bare,
    "next": lambda text: str(int(text) + 1) if text.isdigit() else None,
    "bytes": lambda text: text if "b" in _prefix(text).lower() else f"b{text}",
    "text": lambda text: re.sub("[bB]", "", _prefix(text)) + text[len(_prefix(text)) :],
    "doubled": lambda text: text.replace("\\", "\\\\"),
}
