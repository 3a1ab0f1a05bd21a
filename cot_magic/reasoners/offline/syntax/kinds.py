"""What the search says about an edit, as a table: the kind of mistake, what is wrong, what is done."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cot_magic.reasoners.offline.syntax.edits import OneEdit
from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, OPENERS
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem

_OPERATORS = frozenset(
    "+ - * / // % ** == != < > <= >= & | ^ << >> @ = and or in is not".split()  # noqa: SIM905 - as read
)
_BOTH = frozenset(OPENERS) | frozenset(CLOSERS)
_ONE = frozenset
_CLOSING, _OPENING = frozenset(CLOSERS), frozenset(OPENERS)
_REMOVE, _WRITE, _REPLACE = "Remove {old}.", "Write {new}.", "Replace {old} with {new}."
_QUOTES = "The quotes on line {line} do not match."


class Worded(NamedTuple):
    """The code of the lesson, what is wrong, and what the edit does."""

    code: str
    claim: str
    why: str


class _Row(NamedTuple):
    """The operation (see `_names_of`), what is said of it, and which tokens are edited (None: any)."""

    operation: str
    code: str
    claim: str
    why: str
    old: frozenset[str] | None = None
    new: frozenset[str] | None = None


# the first row that fits counts
_ROWS = (
    _Row("insert", "unclosed-bracket", "A {partner} is never closed.", "Add {new} after {before}.",
        new=_CLOSING),
    _Row("insert", "stray-closer", "A {partner} has no matching {new}.", "Add {new} before {after}.",
        new=_OPENING),
    _Row("insert", "missing-comma", "The comma after {before} is missing.", "Add the comma.", new=_ONE(",")),
    _Row("insert", "missing-colon", "A colon is missing after {before}.", "Add a colon after {before}.",
        new=_ONE(":")),
    _Row("insert", "missing-word", "Between {before} and {after}, {new} is missing.",
        "Insert {new} before {after}.", new=KEYWORDS | {"not in"}),
    _Row("insert", "missing-operator", "Between {before} and {after}, {new} is missing.",
        "Insert {new} before {after}."),
    _Row("delete", "extra-comma", "There is a comma that separates nothing.", "Remove the comma.",
        old=_ONE(",")),
    _Row("delete", "extra-sign-in-header", "The {old} does not belong here.", _REMOVE, old=_ONE(":")),
    _Row("delete late", "extra-sign-in-header", "The {old} does not belong here.", _REMOVE),
    _Row("delete", "attribute-sign", "There is no name after the dot.", "Remove the dot.", old=_ONE(".")),
    _Row("delete doubled", "repeated-token", "{old} is there twice.", "Remove one {old}."),
    _Row("delete", "stray-closer", "The {old} on line {line} has no matching {partner}.", _REMOVE,
        old=_CLOSING),
    _Row("delete", "unclosed-bracket", "The {old} on line {line} is never closed.", _REMOVE, old=_OPENING),
    _Row("delete last", "dangling-operator", "The value after {old} is missing.", _REMOVE, old=_OPERATORS),
    _Row("delete", "one-token", "{old} does not fit here.", _REMOVE),
    _Row("replace", "crossed-brackets", "{old} does not match its counterpart.", _REPLACE, old=_BOTH,
        new=_BOTH),
    _Row("replace", "attribute-sign", "{old} does not access an attribute in Python.", "Use a dot.",
        new=_ONE(".")),
    _Row("replace", "semicolon-for-comma", "A semicolon is written where {new} belongs.", _REPLACE,
        old=_ONE(";")),
    _Row("replace", "single-equals", "`=` assigns, and a value is compared with `==`.", _REPLACE,
        old=_ONE("="), new=_ONE(["=="])),
    _Row("replace", "wrong-sign", "{old} is written where {new} belongs.", _REPLACE),
    _Row("spell", "misspelled-keyword", "{old} is written where {new} belongs.", _WRITE),
    _Row("split", "joined-words", "{old} looks like two words.", "Write {text}."),
    _Row("swap", "swapped-tokens", "{old} and {new} changed places.", "Swap {old} and {new}."),
    _Row("quote", "unterminated-string", _QUOTES, "Remove one {old}.", new=_ONE([""])),
    _Row("quote", "unterminated-string", _QUOTES, "Add {new} before {after}.", old=_ONE([""])),
    _Row("quote", "unterminated-string", _QUOTES, _REPLACE),
    _Row("indent", "unexpected-indent", "Line {line} is not indented like the block that it belongs to.",
        "Move {lines} to the {way} by {columns}."),
)  # fmt: skip
# what Python says, and the kind of mistake that it then is, whatever the edit; perhaps a claim
_SAID = (
    ("unindent does not match", "unindent", ""),
    ("'(return|yield)' outside function", "outside-function", "`{}` is outside a function."),
    ("does not match opening", "crossed-brackets", ""),
)
CODES = tuple(dict.fromkeys([row.code for row in _ROWS] + [code for _, code, _ in _SAID]))
"""The kinds of mistakes that the search finds."""


def told(problem: Problem, edit: OneEdit) -> Worded:
    """Return what an edit of the search says."""
    names = set(_names_of(problem, edit))
    row = next(
        row
        for row in _ROWS
        if row.operation in names
        and (row.old is None or edit.old in row.old)
        and (row.new is None or edit.new in row.new)
    )
    words = _words(problem, edit)
    code, claim = row.code, row.claim.format(**words)
    for message, other, instead in _SAID:
        if (found := re.search(message, problem.message)) is not None:
            code, claim = other, instead.format(*found.groups()) or claim
    return Worded(code, claim, row.why.format(**words))


def _names_of(problem: Problem, edit: OneEdit) -> Iterator[str]:
    """Yield the operation, and what is known of a deletion: after a colon, doubled, or before an end."""
    kind = edit.kind.split()[0].replace("cut", "split")
    yield kind
    if kind == "delete":
        before, after = problem.text(edit.site - 1), problem.text(edit.site + 1)
        if before == ":" and not edit.old[:1].isalnum():
            yield "delete late"
        if edit.old in (before, after):
            yield "delete doubled"
        if problem.tokens[edit.site + 1].first or after in (*CLOSERS, ":", ","):
            yield "delete last"


def _words(problem: Problem, edit: OneEdit) -> dict[str, str]:
    """Return the words of the templates."""
    before, after = problem.listing.index_at(edit.start) - 1, problem.listing.index_at(edit.end)
    sign = edit.new or edit.old
    words = {
        "old": edit.old, "new": edit.new, "text": edit.text,
        "partner": OPENERS.get(sign) or CLOSERS.get(sign, ""),
        "before": problem.text(before) or "the beginning", "after": problem.text(after) or "the end",
    }  # fmt: skip
    words = {name: f"`{' '.join(text.split())[:40]}`" for name, text in words.items()}
    line = problem.source.count("\n", 0, edit.start) + 1
    words["line"] = str(problem.failure.line if edit.kind == "quote" else line)
    if edit.kind == "indent":
        columns = abs(int(edit.new))
        words["way"] = "right" if int(edit.new) > 0 else "left"
        words["columns"] = "1 column" if columns == 1 else f"{columns} columns"
        words["lines"] = f"line {line}" if edit.old == "line" else f"line {line} and its block"
    return words
