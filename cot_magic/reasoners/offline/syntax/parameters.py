"""Mistakes in the parameters of functions: their order, stars and form."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cot_magic.reasoners.offline.syntax.definitions import TYPE_NAMES, definitions_in
from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading


def _parameters(problem: Problem) -> tuple[int, list[tuple[int, int]], int] | None:
    """Return where the parameters of the failing `def` or `lambda` begin, their spans, and where they end."""
    for index, _ in definitions_in(problem):
        opener = index + 2
        if problem.text(opener) == "[":  # type parameters
            opener = problem.listing.partner.get(opener, opener) + 1
        if problem.text(opener) != "(":
            return None
        closer = problem.listing.partner.get(opener)
        if closer is None:
            return None
        return opener, _spans(problem, opener + 1, closer, opener), closer
    low, high = problem.statement
    at = min(problem.at, high - 1)
    for index in [*range(at, low - 1, -1), *range(at + 1, high)]:
        if problem.text(index) == "lambda":
            depth = problem.tokens[index].opener
            end = next(
                (
                    i
                    for i in range(index, high)
                    if problem.text(i) == ":" and problem.tokens[i].opener == depth
                ),
                None,
            )
            if end is not None:
                return index, _spans(problem, index + 1, end, depth), end
    return None


def _spans(problem: Problem, start: int, end: int, depth: int) -> list[tuple[int, int]]:
    spans, begin = [], start
    for index in range(start, end):
        if problem.text(index) == "," and problem.tokens[index].opener == depth:
            spans.append((begin, index))
            begin = index + 1
    if begin < end:
        spans.append((begin, end))
    return [span for span in spans if span[0] < span[1]]


def _default_order(problem: Problem) -> Iterator[Reading]:
    if not re.search(r"non-default argument|without a default follows", problem.message):
        return
    found = _parameters(problem)
    if found is None:
        return
    _, spans, _ = found
    star = next((i for i, (a, _) in enumerate(spans) if problem.text(a) in ("*", "**")), len(spans))
    positional = spans[:star]
    texts = [problem.between(a, b) for a, b in positional]
    defaults = ["=" in [problem.text(i) for i in range(a, b)] for a, b in positional]
    slash = texts.index("/") if "/" in texts else -1
    part = [(text, has) for text, has in zip(texts, defaults, strict=True) if text != "/"]
    bare = [text for text, has in part if not has]
    given = [text for text, has in part if has]
    start, end = problem.tokens[positional[0][0]].start, problem.tokens[positional[-1][1] - 1].end
    options = []
    if slash < 0:
        options.append(
            (
                problem.put((start, end, ", ".join(bare + given))),
                "Move parameters without a default to the front.",
            )
        )
    first = defaults.index(True) if True in defaults else 0
    late = [
        i
        for i, (text, has) in enumerate(zip(texts, defaults, strict=True))
        if i > first and not has and text != "/"
    ]
    nones = list(texts)
    for place in late:
        nones[place] += " = None" if ":" in texts[place] else "=None"
    options.append((problem.put((start, end, ", ".join(nones))), "Give the later ones the default `None`."))
    if star == len(spans) and slash < 0 and late:
        keyword = [*texts[: late[0]], "*", *texts[late[0] :]]
        options.append(
            (problem.put((start, end, ", ".join(keyword))), "Make the later ones keyword-only with `*`.")
        )
    names = ", ".join(f"`{texts[i]}`" for i in late[:3])
    yield reading(
        f"A parameter without a default follows one with a default: {names}.", *options, weight=0.92
    )


def _duplicate(problem: Problem) -> Iterator[Reading]:
    found_name = re.search(r"duplicate (?:argument|parameter) '(\w+)'", problem.message)
    if found_name is None:
        return
    name = found_name[1]
    found = _parameters(problem) or _any_parameters(problem, name)
    if found is None:
        return
    _, spans, _ = found
    same = [span for span in spans if name in (problem.text(span[0]), problem.text(span[0] + 1))]
    if len(same) < 2:
        return
    options = []
    for start, _ in same[-1:] + same[:1]:
        place = start if problem.text(start) == name else start + 1
        if start == same[-1][0]:
            options.append((problem.swap(place, f"{name}2"), f"Rename the second to `{name}2`."))
    last = same[-1]
    comma = last[0] - 1 if problem.text(last[0] - 1) == "," else last[1]
    begin = problem.tokens[min(comma, last[0])].start
    options.insert(
        0, (problem.put((begin, problem.tokens[last[1] - 1].end, "")), f"Remove the second `{name}`.")
    )
    head = same[0]
    if problem.text(head[1]) == ",":
        nxt = problem.tokens[head[1] + 1].start
        options.append((problem.put((problem.tokens[head[0]].start, nxt, "")), f"Remove the first `{name}`."))
    yield reading(f"Two parameters are named `{name}`.", *options, weight=0.9)


def _any_parameters(problem: Problem, name: str) -> tuple[int, list[tuple[int, int]], int] | None:
    """Return the parameters of the first `def` that names one twice."""
    for index, token in enumerate(problem.tokens):
        if token.text == "def" and problem.text(index + 2) == "(":
            closer = problem.listing.partner.get(index + 2)
            if closer is not None:
                spans = _spans(problem, index + 3, closer, index + 2)
                if sum(problem.text(a) == name or problem.text(a + 1) == name for a, _ in spans) > 1:
                    return index + 2, spans, closer
    return None


def _stars(problem: Problem) -> Iterator[Reading]:
    """Misplaced `*`, `**` and `/` among parameters."""
    found = _parameters(problem)
    if found is None:
        return
    _, spans, _ = found
    if not spans:
        return
    texts = [problem.between(a, b) for a, b in spans]
    start, end = problem.tokens[spans[0][0]].start, problem.tokens[spans[-1][1] - 1].end

    def put(parts: list[str]) -> str:
        return problem.put((start, end, ", ".join(parts)))

    kwargs = [text for text in texts if text.startswith("**")]
    if kwargs and not texts[-1].startswith("**"):
        rest = [text for text in texts if not text.startswith("**")]
        yield reading(
            f"`{kwargs[0]}` must be the last parameter.",
            (put(rest + kwargs[:1]), "Move it to the end."),
            weight=0.93,
            certain=len(kwargs) == 1,
        )
    stars = [i for i, text in enumerate(texts) if re.match(r"\*(?!\*)", text)]
    last = stars[-1] if stars else -1
    if stars and texts[last] == "*" and (last == len(texts) - 1 or texts[last + 1].startswith("**")):
        without = [text for i, text in enumerate(texts) if i != stars[-1]]
        named = [("*args" if i == stars[-1] else text) for i, text in enumerate(texts)]
        yield reading(
            "A bare `*` must be followed by keyword-only parameters.",
            (put(without), "Remove the `*`."),
            (put(named), "Write `*args`, which takes any number of arguments."),
            weight=0.85,
        )
    if len(stars) > 1:
        kept = [text for i, text in enumerate(texts) if i not in stars[1:]]
        bare = [(text.lstrip("*") if i in stars[1:] else text) for i, text in enumerate(texts)]
        double = [("*" + text if i == stars[-1] else text) for i, text in enumerate(texts)]
        options = [
            (put([t for t in bare if t]), "Keep only the first star."),
            (put(kept), "Remove the second parameter with a star."),
        ]
        if stars[-1] == len(texts) - 1 and texts[-1] != "*":
            options.insert(0, (put(double), "Write `**` for the last, which takes keyword arguments."))
        if "*" in texts:
            options.reverse()
        yield reading("Only one parameter may have a `*`.", *options, weight=0.85)
    if "/" in texts:
        yield from _slashes(texts, stars, put)
    defaults = [i for i, text in enumerate(texts) if text.startswith("*") and "=" in text]
    if defaults:
        bare = [(text.split("=")[0].rstrip() if i in defaults else text) for i, text in enumerate(texts)]
        yield reading(
            "A parameter with a star cannot have a default.",
            (put(bare), "Remove the default."),
            weight=0.9,
            certain=True,
        )


def _slashes(texts: list[str], stars: list[int], put: Callable[[list[str]], str]) -> Iterator[Reading]:
    """A `/` after `*`, at the beginning, or twice."""
    slashes = [i for i, text in enumerate(texts) if text == "/"]
    if stars and slashes[0] > stars[0]:
        moved = [text for text in texts if text != "/"]
        moved.insert(stars[0], "/")
        claim = "`/` must come before `*`."
        yield reading(claim, (put(moved), "Move the `/` before the `*`."), weight=0.9, certain=True)
    without = [text for i, text in enumerate(texts) if i not in (slashes[1:] or slashes[:1])]
    yield reading(
        "`/` may be used only once, and only after a parameter.",
        (put(without), "Remove the misplaced `/`."),
        weight=0.85,
        certain=slashes[0] == 0 or len(slashes) > 1,
    )


_Span = tuple[int, int, str]  # start, end, and what replaces them
_ANNOTATIONS = {"string": "str", "String": "str", "double": "float", "char": "str", "long": "int"}


class _Form(NamedTuple):
    """What is wrong with one parameter, how to mend it, and perhaps a second way."""

    claim: str
    change: _Span
    why: str
    other: _Span | None = None
    other_why: str = ""
    sure: bool | None = None


def _forms(problem: Problem) -> Iterator[Reading]:
    """Parameters that are not plain names: literals, typed as in C, dotted, in parentheses."""
    found = _parameters(problem)
    if found is None:
        return
    _, spans, _ = found
    forms = [form for start, end in spans if (form := _form(problem, start, end, len(spans) == 1))]
    if not forms:
        return
    options = [(problem.put(*(form.change for form in forms)), forms[-1].why)]
    others = [(form.other, form.other_why) for form in forms if form.other is not None]
    if others:
        options.append((problem.put(*(change for change, _ in others)), others[-1][1]))
    sure = next((form.sure for form in reversed(forms) if form.sure is not None), False)
    yield reading(forms[-1].claim, *options, weight=0.9, certain=sure)


def _form(problem: Problem, start: int, end: int, alone: bool) -> _Form | None:
    texts = [problem.text(i) for i in range(start, end)]
    token, last = problem.tokens[start], problem.tokens[end - 1]
    if len(texts) >= 2 and texts[0] in TYPE_NAMES and problem.tokens[start + 1].kind is TokenKind.NAME:
        second = problem.tokens[start + 1]
        annotated = f"{texts[1]}: {_ANNOTATIONS.get(texts[0], texts[0])}"
        return _Form(
            f"`{texts[0]} {texts[1]}`: Python takes no type before a parameter.",
            (token.start, second.start, ""),
            f"Remove `{texts[0]}`.",
            (token.start, second.end, annotated),
            f"Write `{annotated}`.",
        )
    if token.kind is TokenKind.STRING and token.text[1:-1].isidentifier() and len(texts) == 1:
        change = (token.start, token.end, token.text[1:-1])
        return _Form("A parameter is a name, without quotes.", change, "Remove the quotes.", sure=True)
    if texts[0] == "(" and texts[-1] == ")":
        inner = problem.between(start + 1, end - 1)
        change = (token.start, last.end, inner.rstrip(","))
        claim = "A parameter cannot be in parentheses of its own."
        return _Form(claim, change, "Remove the parentheses.", sure="," not in inner or alone)
    if len(texts) >= 3 and texts[1] in (".", "-"):
        name = f"{texts[0]}_{texts[2]}" if texts[0] != "self" else texts[2]
        claim = f"`{problem.between(start, start + 3)}` is not a valid parameter name."
        return _Form(claim, (token.start, problem.tokens[start + 2].end, name), f"Name it `{name}`.")
    if len(texts) >= 3 and texts[1] in ("==", ":="):
        sign = problem.tokens[start + 1]
        claim = "A default is given with a single `=`."
        return _Form(claim, (sign.start, sign.end, "="), f"Replace `{sign.text}` with `=`.", sure=True)
    if texts[-1] == "=":
        claim = f"The default of `{texts[0]}` is missing."
        change, other = (last.end, last.end, "None"), (last.start, last.end, "")
        return _Form(claim, change, "Add the default `None`.", other, "Remove the `=`.")
    if token.kind is TokenKind.NUMBER and len(texts) == 1:
        begin = problem.tokens[start - 1].start if problem.text(start - 1) == "," else token.start
        claim = "A number cannot be a parameter."
        change, other = (begin, token.end, ""), (token.start, token.end, f"x={token.text}")
        return _Form(claim, change, f"Remove `{token.text}`.", other, f"Write `x={token.text}`.")
    return None


SLIPS = (
    Slip(
        code="syntax.default-order",
        lesson="Parameters without a default come first; those with a default come after them.",
        find=_default_order,
    ),
    Slip(
        code="syntax.duplicate-parameter",
        lesson="Each parameter of a function needs a different name.",
        find=_duplicate,
    ),
    Slip(
        code="syntax.parameter-stars",
        lesson="`*args` takes the remaining positional arguments and comes after the ordinary parameters. "
        "`**kwargs` takes the remaining keyword arguments and comes last.",
        find=_stars,
    ),
    Slip(
        code="syntax.parameter-form",
        lesson="A parameter is a name, optionally with a type after a colon and a default after `=`: `count: "
        "int = 0`.",
        find=_forms,
    ),
)
