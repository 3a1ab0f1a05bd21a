"""Mistakes in keywords: misspelled, from other languages, or used as names."""

import difflib
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    KEYWORDS,
    VALUE_KEYWORDS,
    Problem,
    Reading,
    Slip,
    reading,
)

_WORDS = sorted(KEYWORDS | {"print", "match", "case"})
# Words written for a keyword: known from other languages, or one key away. Where a word is listed for several
# keywords, the first is the likeliest.
_WRITTEN = {
    "if": "is i fi of ff it id when",
    "in": "is i im ni on iin inn of",
    "as": "is a an ad",
    "and": "an ad ans add",
    "for": "fro four ofr from or form",
    "from": "form fro fom frm for",
    "def": "function func fun fn define sub proc procedure void method defun fonction deff de df",
    "except": "catch expect rescue",
    "raise": "throw raises rise",
    "match": "switch",
    "case": "when",
    "case _": "default",
    "else": "otherwise els elses elise ese",
    "finally": "finaly ensure",
    "import": "include require using use imports importing",
    "with": "using",
    "return": "returns give",
    "del": "delete remove unset",
    "break": "brake",
    "pass": "skip",
    "continue": "next",
    "while": "wile whiel",
    "try": "t",
    "class": "clas struct object interface",
    "assert": "asign",
    "lambda": "lamda lambada",
    "is": "in are",
    "not": "nto no",
    "or": "nor",
    "async": "await asycn",
    "await": "awiat",
    "yield": "yeild yied",
    "global": "gloabl",
    "print": "echo puts printf say",
    "": "var let const my val local auto new call dim Dim set final public private static protected export"
    " then do begin",
}
_MEANT = {
    word: [keyword for keyword, others in _WRITTEN.items() if word in others.split()]
    for words in _WRITTEN.values()
    for word in words.split()
}


def _misspelled(problem: Problem) -> Iterator[Reading]:
    """A word near the error that resembles a keyword, or means one in another language."""
    low, high = problem.statement
    if low >= high:
        return
    line = problem.failure.line
    places = [low, *[i for i in range(low, high) if abs(problem.tokens[i].line - line) <= 1]]
    before = problem.listing.statement(low - 1)[0] if low > 0 else None
    if before is not None:
        places.append(before)
    candidates: list[tuple[float, int, str]] = []
    for index in dict.fromkeys(places):
        token = problem.tokens[index]
        if (
            token.kind is not TokenKind.NAME
            or problem.text(index - 1) == "."
            or problem.text(index + 1) == "="
        ):
            continue
        near = abs(index - problem.at) <= 2 or index == low
        known = token.text in problem.names or (token.text in KEYWORDS and not near)
        for word, closeness in _alike(token.text):
            if known and closeness < 0.9:
                continue
            candidates.append((closeness + 0.02 * near - 0.2 * known, index, word))
    candidates.sort(key=lambda item: -item[0])
    for closeness, index, word in candidates[:12]:
        shown = problem.text(index)
        after = problem.swap(index, word) if word else problem.drop(index)
        first = problem.tokens[index].first
        claim = (
            f"`{shown}` is written where `{word}` belongs." if word else f"`{shown}` does not belong here."
        )
        why = f"Write `{word}`." if word else f"Remove `{shown}`."
        yield reading(
            claim,
            (after, why),
            weight=min(0.93, 0.45 + 0.5 * closeness),
            certain=closeness >= 0.85 and (bool(word) or (first and shown in ("let", "const", "var"))),
        )
    yield from _run_together(problem, low, high)


def _alike(text: str) -> Iterator[tuple[str, float]]:
    """Yield the keywords that the word may be meant for, each with its closeness from 0 to 1."""
    lower = text.lower()
    if text not in KEYWORDS and lower in KEYWORDS | {"print"} and text not in ("Print",):
        yield lower, 0.98
    for place, word in enumerate(_MEANT.get(text, ())):
        yield word, 0.93 - 0.2 * place - (0.25 if text in KEYWORDS and text not in ("is", "in") else 0)
    if len(text) < 3:
        return
    for word in _WORDS:
        if word == text or word.lower() == lower or len(word) < 3:
            continue
        ratio = difflib.SequenceMatcher(None, lower, word.lower(), autojunk=False).ratio()
        swapped = sorted(lower) == sorted(word.lower())
        if _one_edit(lower, word.lower()) or swapped or (ratio >= 0.8 and len(word) >= 5):
            if text in KEYWORDS:
                yield word, 0.6
            else:
                yield word, (0.95 if swapped else 0.9) if len(word) >= 4 or swapped else 0.86


def _one_edit(one: str, two: str) -> bool:
    """Return whether one letter was added, removed or changed."""
    if abs(len(one) - len(two)) > 1:
        return False
    short, long = sorted((one, two), key=len)
    for place in range(len(long)):
        if short[:place] + long[place] + short[place : len(short)] == long and len(short) < len(long):
            return True
        if (
            len(short) == len(long)
            and short[:place] == long[:place]
            and short[place + 1 :] == long[place + 1 :]
        ):
            return True
    return False


def _run_together(problem: Problem, low: int, high: int) -> Iterator[Reading]:
    """`defname():`, `importmath`, `returnx`, `fori in xs`: a space is missing."""
    token = problem.tokens[low]
    options = []
    for index in range(low, min(high, low + 8)):
        token = problem.tokens[index]
        if token.kind is not TokenKind.NAME or token.text in KEYWORDS or token.text in problem.names:
            continue
        for word in sorted(KEYWORDS, key=len, reverse=True):
            rest = token.text[len(word) :]
            if index == low and token.text.startswith(word) and rest and word not in VALUE_KEYWORDS:
                after = problem.put((token.start + len(word), token.start + len(word), " "))
                options.append((after, f"Add a space after `{word}`."))
            if (
                index > low
                and word in ("in", "and", "or", "is", "not", "if", "else")
                and token.text.endswith(word)
                and len(token.text) > len(word)
            ):
                at = token.end - len(word)
                options.append((problem.put((at, at, " ")), f"Add a space before `{word}`."))
            elif index > low and word in ("in", "and", "or", "not") and token.text.startswith(word) and rest:
                at = token.start + len(word)
                options.append((problem.put((at, at, " ")), f"Add a space after `{word}`."))
    if options:
        yield reading("A space is missing next to a keyword.", *options[:6], weight=0.82, certain=False)


def _keyword_as_name(problem: Problem) -> Iterator[Reading]:
    """`class = 1`, `f(class=1)`, `def pass():`, `obj.in`."""
    for index in (problem.at, problem.at - 1, problem.at + 1):
        word = problem.text(index)
        if word not in KEYWORDS or not 0 <= index < len(problem.tokens):
            continue
        before, after = problem.text(index - 1), problem.text(index + 1)
        named = (
            (after in ("=", "+=", "-=", "*=", ".") and word not in ("else", "return", "yield"))
            or before in (".", "def", "class", "import", "for", "global", "nonlocal", "as")
            or (
                before in ("=", "(", ",", "+", "-", "*", "/", "[", "==", "<", ">")
                and after in (")", ",", "", "+", "-", "*", "/", "]", ":", "=", "<", ">", "==")
            )
            or (
                (after == "" or (index + 1 < len(problem.tokens) and problem.tokens[index + 1].first))
                and before in ("=", "+", "-", "*", "/", "return", "print")
            )
        )
        if not named:
            continue
        new = f"{word}_" if word not in VALUE_KEYWORDS else word.lower() + "_"
        changes = [(problem.tokens[index].start, problem.tokens[index].end, new)]
        for place, token in enumerate(problem.tokens):
            if token.text == word and place != index and _names_something(problem, place, word):
                changes.append((token.start, token.end, new))
        options = [
            (problem.put(*sorted(changes)), f"Rename it to `{new}` everywhere."),
            (problem.swap(index, new), f"Rename it to `{new}` only here."),
        ]
        yield reading(f"`{word}` is a keyword and cannot be used as a name.", *options, weight=0.84)
        return


def _names_something(problem: Problem, index: int, word: str) -> bool:
    """Return whether the keyword is used like a variable."""
    before, after = problem.text(index - 1), problem.text(index + 1)
    if word in VALUE_KEYWORDS:
        return after == "=" and problem.tokens[index].first
    if word in ("lambda", "not", "await", "yield"):
        return after in ("=", ")", ",", "+", "-", "*", "/", "]", "")
    return (after in ("=", ")", ",", "+", "*", "/", "]", ".") and before not in ("else",)) or (
        before in ("(", ",", "+", "-", "*", "/", "=")
        and (
            after in (")", ",", "") or problem.tokens[index + 1].first
            if index + 1 < len(problem.tokens)
            else True
        )
    )


SLIPS = (
    Slip(
        code="syntax.misspelled-keyword",
        lesson="Keywords must be spelled exactly, in lowercase except for `True`, `False` and `None`. To "
        "Python, a misspelled keyword is an unknown name.",
        find=_misspelled,
    ),
    Slip(
        code="syntax.keyword-as-name",
        lesson="Keywords (`class`, `from`, `lambda`, …) cannot be used as names. By convention, an "
        "underscore is appended: `class_`.",
        find=_keyword_as_name,
    ),
)
