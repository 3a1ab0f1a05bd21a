"""Mistakes in calls: the order and form of arguments, and calls without parentheses."""

import builtins
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.commas import items_of
from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading, unique

_CALLABLES = frozenset(
    name
    for name, value in vars(builtins).items()
    if callable(value) and not name.startswith("_") and name[0].islower()
) - {"copyright", "credits", "license"}

_USUAL = ("range", "len", "input", "int", "float", "str", "sorted", "sum", "list", "open", "abs", "enumerate")


def _call(problem: Problem) -> int | None:
    """Return the `(` of the call around the error."""
    low, high = problem.statement
    for index in (problem.at, problem.at - 1, problem.at + 1):
        if not 0 <= index < len(problem.tokens):
            continue
        opener = problem.tokens[index].opener
        if problem.text(index) == ")":
            opener = problem.listing.partner.get(index, opener)
        if problem.text(index) == "(":
            opener = index
        while opener >= 0 and not (problem.text(opener) == "(" and problem.ends_operand(opener - 1)):
            opener = problem.tokens[opener].opener
        if opener < 0:
            opener = next(
                (i for i in range(low, high) if problem.text(i) == "(" and problem.ends_operand(i - 1)), -1
            )
        if opener >= 0 and problem.listing.partner.get(opener, -1) > opener:
            return opener
    return None


def _named(problem: Problem, span: tuple[int, int]) -> bool:
    return (
        span[1] - span[0] > 2
        and problem.text(span[0] + 1) == "="
        and problem.tokens[span[0]].kind is TokenKind.NAME
    )


def _order(problem: Problem) -> Iterator[Reading]:
    if (
        "follows keyword argument" not in problem.message
        and "argument unpacking follows" not in problem.message
    ):
        return
    for opener, spans in _calls_with_order(problem):
        texts = [problem.between(a, b) for a, b in spans]
        named = [_named(problem, span) or problem.text(span[0]) == "**" for span in spans]
        start, end = problem.tokens[spans[0][0]].start, problem.tokens[spans[-1][1] - 1].end
        front = [text for text, has in zip(texts, named, strict=True) if not has]
        back = [text for text, has in zip(texts, named, strict=True) if has]
        options = [
            (problem.put((start, end, ", ".join(front + back))), "Put the positional arguments first.")
        ]
        first = named.index(True)
        late = [i for i, has in enumerate(named) if not has and i > first]
        if all(texts[i].isidentifier() for i in late) and late:
            given = [f"{text}={text}" if i in late else text for i, text in enumerate(texts)]
            options.append(
                (problem.put((start, end, ", ".join(given))), "Pass the later arguments by keyword too.")
            )
        bare = [
            text.split("=", 1)[1].strip() if has and "=" in text and i < max(late, default=0) else text
            for i, (text, has) in enumerate(zip(texts, named, strict=True))
        ]
        if bare != texts:
            options.append(
                (problem.put((start, end, ", ".join(bare))), "Pass the earlier arguments by position too.")
            )
        unpacking = "unpacking" in problem.message
        yield reading(
            f"In the call of `{problem.text(opener - 1)}`, `{texts[late[0]] if late else texts[-1]}` follows "
            "a keyword argument.",
            *(options[:1] if unpacking else options),
            weight=0.92,
            certain=unpacking,
        )
        return


def _calls_with_order(problem: Problem) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield the statement's calls in which a positional argument follows a keyword argument."""
    low, high = problem.statement
    for opener in range(low, high):
        closer = problem.listing.partner.get(opener, -1)
        if problem.text(opener) != "(" or closer < opener or not problem.ends_operand(opener - 1):
            continue
        spans = [span for span in items_of(problem, opener, closer) if span[0] < span[1]]
        named = [_named(problem, span) or problem.text(span[0]) == "**" for span in spans]
        if True in named and False in named[named.index(True) :]:
            yield opener, spans


def _repeated(problem: Problem) -> Iterator[Reading]:
    found = re.search(r"keyword argument repeated(?:: (\w+))?", problem.message)
    call = _call(problem) if found else None
    if found is None or call is None:
        return
    low, high = problem.statement
    for opener in [call, *[i for i in range(low, high) if problem.text(i) == "("]]:
        closer = problem.listing.partner.get(opener, -1)
        names: dict[str, list[int]] = {}
        for index in range(opener + 1, closer):
            if (
                problem.tokens[index].opener == opener
                and problem.text(index + 1) == "="
                and problem.text(index - 1) in ("(", ",")
            ):
                names.setdefault(problem.text(index), []).append(index)
        twice = next((places for name, places in names.items() if len(places) > 1), None)
        if twice is None:
            continue
        options = []
        for place in (twice[-1], twice[0]):
            end = place
            while end < closer and not (problem.text(end) == "," and problem.tokens[end].opener == opener):
                end += 1
            if problem.text(place - 1) == ",":
                cut = (problem.tokens[place - 1].start, problem.tokens[end - 1].end, "")
            else:
                cut = (problem.tokens[place].start, problem.tokens[min(end + 1, closer)].start, "")
            options.append((problem.put(cut), f"Remove `{problem.between(place, end)[:60]}`."))
        yield reading(
            f"The argument `{problem.text(twice[0])}` is passed twice.", *unique(options), weight=0.92
        )
        return


def _keyword_form(problem: Problem) -> Iterator[Reading]:
    """`f("a"=1)`, `f(a.b=1)`, `f(1=2)`, `f(a+b=1)`, `f(x[0]=1)`, `f(True=1)`, `f(a=)`."""
    low, high = problem.statement
    for index in range(low + 1, high):
        opener = problem.tokens[index].opener
        if (
            problem.text(index) != "="
            or opener < 0
            or problem.text(opener) != "("
            or not problem.ends_operand(opener - 1)
        ):
            continue
        start = index - 1
        while start > opener + 1 and not (
            problem.text(start - 1) == "," and problem.tokens[start - 1].opener == opener
        ):
            start -= 1
        left = problem.between(start, index)
        if left.isidentifier() and left not in KEYWORDS:
            if problem.text(index + 1) in (")", ","):
                yield _no_value(problem, index, left)
            continue
        if problem.text(low) in ("def", "class"):
            return
        sure = problem.text(opener - 1) == "dict" and problem.tokens[start].kind is TokenKind.STRING
        options = _argument_names(problem, start, index, left)
        claim = f"`{left[:60]}` is not a valid argument name."
        yield reading(claim, *(options[:1] if sure else options), weight=0.9, certain=sure)
        return


def _no_value(problem: Problem, index: int, name: str) -> Reading:
    """`f(a=)`"""
    at = problem.tokens[index].end
    options = [(problem.put((at, at, "None")), "Pass `None` as a placeholder.")]
    if name in problem.names:
        options.insert(0, (problem.put((at, at, name)), f"Pass the variable `{name}`."))
    options.append((problem.drop(index), "Remove the `=`."))
    return reading(f"The argument `{name}` has no value.", *options, weight=0.85)


def _argument_names(problem: Problem, start: int, index: int, left: str) -> list[tuple[str, str]]:
    """Return what may be meant by something before `=` that is not a name."""
    equal = (problem.swap(index, "=="), "Use `==` to compare.")
    text = left.strip("'\"")
    if problem.tokens[start].kind is TokenKind.STRING and start == index - 1 and text.isidentifier():
        return [(problem.swap(start, text), "Write the argument's name without quotes."), equal]
    if re.fullmatch(r"[\w.]+", left) and "." in left:
        why = "Remove the dot: an argument's name cannot contain one."
        last, joined = left.rpartition(".")[2], left.replace(".", "_")
        return [equal, *((problem.swap(start, name, index - 1), why) for name in (last, joined))]
    if re.fullmatch(r"\w+(?:-\w+)+", left):
        return [
            (
                problem.swap(start, left.replace("-", "_"), index - 1),
                "Replace `-` with `_`: a name cannot contain a hyphen.",
            ),
            equal,
        ]
    if left in ("True", "False", "None"):
        return [equal, (problem.swap(start, left.lower(), index - 1), "Write the name in lower case.")]
    return [equal]


def _no_brackets(problem: Problem) -> Iterator[Reading]:
    """`range 3`, `input "Name? "`, `x = len data`: a known function without parentheses."""
    low, high = problem.statement
    for index in range(low, high - 1):
        token, following = problem.tokens[index], problem.tokens[index + 1]
        if (
            token.kind is not TokenKind.NAME
            or token.text in KEYWORDS
            or problem.text(index - 1) in ("def", "class", "import", "as", "for")
        ):
            continue
        if (
            following.line != token.line
            or not problem.starts_operand(index + 1)
            or following.text in ("not", "lambda")
        ):
            continue
        known = token.text in _CALLABLES or problem.text(index - 1) == "." or _defined(problem, token.text)
        if token.text == "print" or not known:
            continue
        end = index + 1
        while end + 1 < high and not (
            (
                problem.tokens[end + 1].opener == token.opener
                and (
                    problem.text(end + 1) in (":", ";", "if", "for", "=") or problem.text(end + 1) in CLOSERS
                )
            )
            or (problem.text(end + 1) in CLOSERS and problem.listing.partner.get(end + 1) == token.opener)
            or problem.tokens[end + 1].first
        ):
            end += 1
        if problem.text(end) in CLOSERS and problem.listing.partner.get(end, -1) < index:
            continue
        whole = problem.put(
            (token.end, following.start, "("), (problem.tokens[end].end, problem.tokens[end].end, ")")
        )
        yield reading(
            f"`{token.text}` is a function, and the parentheses of its call are missing.",
            (whole, "Put parentheses around the argument."),
            weight=0.9,
            certain=token.text in _USUAL
            and end == index + 1
            and problem.text(index - 1) not in (".", ",", "("),
        )


def _defined(problem: Problem, name: str) -> bool:
    return bool(re.search(rf"\bdef\s+{re.escape(name)}\b", problem.source)) or (
        name in problem.known and name not in ("x", "i")
    )


SLIPS = (
    Slip(
        code="syntax.argument-order",
        lesson="In a call, positional arguments come first, and keyword arguments (`size=3`) follow them.",
        find=_order,
    ),
    Slip(
        code="syntax.repeated-argument",
        lesson="A call can pass each argument only once, by position or by keyword.",
        find=_repeated,
    ),
    Slip(
        code="syntax.argument-name",
        lesson="A keyword argument has a plain name: `f(size=1)`. A comparison needs `==`: `f(a == 1)`.",
        find=_keyword_form,
    ),
    Slip(
        code="syntax.call-without-brackets",
        lesson="A function is called with parentheses: `len(data)`, `range(3)`.",
        find=_no_brackets,
    ),
)
