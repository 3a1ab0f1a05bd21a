"""Mistakes in words: misspelled keywords, words of other languages, keywords where a name belongs."""

import difflib
import re
from collections.abc import Iterator

from cot_magic.reasoners.rules.syntax_lexer import Kind
from cot_magic.reasoners.rules.syntax_problem import (
    KEYWORDS,
    VALUE_KEYWORDS,
    Mistake,
    Problem,
    Reading,
    reading,
)

_WORDS = sorted(KEYWORDS | {"print", "match", "case"})
# Other words that are meant for a keyword, by what people know from elsewhere or by a slip of one key. Where a
# word stands under several keywords, the first is the likelier one.
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
    "": "var let const my val local auto new call dim Dim set final public private static protected export then do"
    " begin",
}
_MEANT: dict[str, list[str]] = {}
for _keyword, _words in _WRITTEN.items():
    for _word in _words.split():
        _MEANT.setdefault(_word, []).append(_keyword)
_TYPES = frozenset(
    [
        "int",
        "float",
        "double",
        "str",
        "string",
        "String",
        "bool",
        "boolean",
        "char",
        "long",
        "list",
        "dict",
        "tuple",
        "bytes",
        "byte",
        "short",
    ]
)


def _misspelled(problem: Problem) -> Iterator[Reading]:
    """A word near the error that is close to a keyword (or known from elsewhere)."""
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
        if token.kind is not Kind.NAME or problem.text(index - 1) == "." or problem.text(index + 1) == "=":
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
            f"`{shown}` stands where Python's word `{word}` belongs."
            if word
            else f"`{shown}` has no meaning here."
        )
        why = f"`{word}` is written." if word else f"`{shown}` is left out."
        yield reading(
            claim,
            (after, why),
            weight=min(0.93, 0.45 + 0.5 * closeness),
            certain=closeness >= 0.85 and bool(word or first),
        )
    yield from _run_together(problem, low, high)


def _alike(text: str) -> Iterator[tuple[str, float]]:
    """Keywords that the word may be meant for, with closeness 0 to 1."""
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
    """Whether one letter was added, lost or changed."""
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
        if token.kind is not Kind.NAME or token.text in KEYWORDS or token.text in problem.names:
            continue
        for word in sorted(KEYWORDS, key=len, reverse=True):
            rest = token.text[len(word) :]
            if index == low and token.text.startswith(word) and rest and word not in VALUE_KEYWORDS:
                after = problem.put((token.start + len(word), token.start + len(word), " "))
                options.append((after, f"A space stands behind `{word}`."))
            if (
                index > low
                and word in ("in", "and", "or", "is", "not", "if", "else")
                and token.text.endswith(word)
                and len(token.text) > len(word)
            ):
                at = token.end - len(word)
                options.append((problem.put((at, at, " ")), f"A space stands before `{word}`."))
            elif index > low and word in ("in", "and", "or", "not") and token.text.startswith(word) and rest:
                at = token.start + len(word)
                options.append((problem.put((at, at, " ")), f"A space stands behind `{word}`."))
    if options:
        yield reading(
            "Between a word of Python and what follows a space is missing.",
            *options[:6],
            weight=0.82,
            certain=False,
        )


def _typed(problem: Problem) -> Iterator[Reading]:
    """`int x = 3`, `String name;`, `let x: int = 3`."""
    low, high = problem.statement
    if (
        high - low < 2
        or problem.tokens[low].kind is not Kind.NAME
        or problem.tokens[low + 1].kind is not Kind.NAME
    ):
        return
    word = problem.text(low)
    if word in _TYPES and problem.text(low + 2) in ("=", ";", "", "["):
        name = problem.text(low + 1)
        kind = {
            "double": "float",
            "string": "str",
            "String": "str",
            "boolean": "bool",
            "char": "str",
            "long": "int",
            "byte": "int",
            "short": "int",
        }.get(word, word)
        typed = problem.put((problem.tokens[low].start, problem.tokens[low + 1].end, f"{name}: {kind}"))
        yield reading(
            f"A variable is not declared with `{word}` in Python.",
            (problem.drop(low), "The value alone decides on the type."),
            (typed, "A type may stand behind the name."),
            weight=0.9,
        )


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
            (problem.put(*sorted(changes)), f"The name is `{new}` now."),
            (problem.swap(index, new), f"The name is `{new}` here."),
        ]
        yield reading(f"`{word}` is a word of Python and cannot be a name.", *options, weight=0.84)
        return


def _names_something(problem: Problem, index: int, word: str) -> bool:
    """Whether the keyword is used like the variable that it was taken for."""
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


def _statement_value(problem: Problem) -> Iterator[Reading]:
    """`return = x`, `return: x`, `break 2`, `pass;`, `import: x`, `x = return y`, `print return`."""
    low, high = problem.statement
    for index in range(low, high):
        word = problem.text(index)
        if (
            word in ("return", "import", "raise", "assert", "del", "from", "yield", "global", "nonlocal")
            and problem.text(index + 1) in ("=", ":", "==", ",", "->", ":=")
            and index + 1 < high
        ):
            yield reading(
                f"Behind `{word}` stands `{problem.text(index + 1)}`, which does not belong there.",
                (problem.drop(index + 1), "It is left out."),
                weight=0.92,
                certain=word in ("return", "import", "raise"),
            )
        elif word in ("return", "raise", "pass", "break", "continue") and problem.text(index - 1) == "=":
            yield reading(
                f"`{word}` gives no value that could be assigned.",
                (problem.drop(index), f"`{word}` is left out."),
                weight=0.8,
            )
        elif (
            word in ("break", "continue", "pass")
            and index + 1 < high
            and problem.text(index + 1) not in (";", ":", "=", ".", ")", ",")
        ):
            end = high - 1
            options = [
                (
                    problem.put((problem.tokens[index].end, problem.tokens[end].end, "")),
                    f"`{word}` stands alone.",
                )
            ]
            if problem.tokens[index].first and re.match(r"if\b", problem.text(index + 1)):
                indent = problem.listing.indent(problem.tokens[index].line)
                test = problem.between(index + 2, high).rstrip(": ")
                options.insert(
                    0,
                    (
                        problem.swap(index, f"if {test}:\n{indent}    {word}", end),
                        "The condition stands first.",
                    ),
                )
            yield reading(
                f"`{word}` takes nothing behind it.",
                *options,
                weight=0.85,
                certain=len(options) == 1 and problem.text(index + 1) in ("()", "(", "1"),
            )


def _global_value(problem: Problem) -> Iterator[Reading]:
    """`global x = 3`"""
    low, high = problem.statement
    word = problem.text(low)
    if word not in ("global", "nonlocal") or low + 2 >= high:
        return
    sign = next((i for i in range(low, high) if problem.text(i) in ("=", "+=", "-=")), None)
    if sign is None:
        return
    names, indent = problem.between(low + 1, sign), problem.listing.indent(problem.tokens[low].line)
    new = f"{word} {names}\n{indent}{problem.between(low + 1, high)}"
    yield reading(
        f"`{word}` only declares a name; a value is given on a line of its own.",
        (problem.swap(low, new, high - 1), "Declaration and assignment stand on two lines."),
        weight=0.95,
        certain=True,
    )


MISTAKES = (
    Mistake(
        code="syntax.global-value",
        lesson="`global` and `nonlocal` say which variable is meant. The value is assigned by a statement "
        "of its own.",
        find=_global_value,
    ),
    Mistake(
        code="syntax.declared-type",
        lesson="Python's variables are not declared. They come into being when a value is assigned.",
        find=_typed,
    ),
    Mistake(
        code="syntax.misspelled-keyword",
        lesson="Python's own words must be written exactly, in small letters. A wrong letter turns them "
        "into unknown "
        "names.",
        find=_misspelled,
    ),
    Mistake(
        code="syntax.statement-word",
        lesson="Words such as `return`, `break` and `import` begin a statement; they are no functions and "
        "have no value.",
        find=_statement_value,
    ),
    Mistake(
        code="syntax.keyword-as-name",
        lesson="Python's own words (`class`, `from`, `lambda`, …) cannot be names. By custom an "
        "underscore is added: "
        "`class_`.",
        find=_keyword_as_name,
    ),
)
