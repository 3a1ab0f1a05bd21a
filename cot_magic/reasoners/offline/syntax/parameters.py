"""Mistakes in the parameters of functions: their order, their stars and their form."""

import re
from collections.abc import Callable, Iterator

from cot_magic.reasoners.offline.syntax.definitions import TYPE_NAMES, definitions_in
from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    Problem,
    Reading,
    Slip,
    reading,
)


def _parameters(problem: Problem) -> tuple[int, list[tuple[int, int]], int] | None:
    """The bracket of the failing `def` (or the `lambda`), spans of its parameters, and its end."""
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
            (problem.put((start, end, ", ".join(bare + given))), "Parameters without a default come first.")
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
    options.append((problem.put((start, end, ", ".join(nones))), "The later ones get a default too."))
    if star == len(spans) and slash < 0 and late:
        keyword = [*texts[: late[0]], "*", *texts[late[0] :]]
        options.append(
            (problem.put((start, end, ", ".join(keyword))), "The later ones must be given by name.")
        )
    names = ", ".join(f"`{texts[i]}`" for i in late[:3])
    yield reading(
        f"{names} has no default, but stands behind a parameter that has one.", *options, weight=0.92
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
            options.append((problem.swap(place, f"{name}2"), f"The second is called `{name}2`."))
    last = same[-1]
    comma = last[0] - 1 if problem.text(last[0] - 1) == "," else last[1]
    begin = problem.tokens[min(comma, last[0])].start
    options.insert(0, (problem.put((begin, problem.tokens[last[1] - 1].end, "")), "The second is left out."))
    head = same[0]
    if problem.text(head[1]) == ",":
        nxt = problem.tokens[head[1] + 1].start
        options.append((problem.put((problem.tokens[head[0]].start, nxt, "")), "The first is left out."))
    yield reading(f"Two parameters are called `{name}`.", *options, weight=0.9)


def _any_parameters(problem: Problem, name: str) -> tuple[int, list[tuple[int, int]], int] | None:
    """The parameters of the `def` or `lambda` that names one twice, wherever it stands."""
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
            (put(rest + kwargs[:1]), "It stands at the end."),
            weight=0.93,
            certain=len(kwargs) == 1,
        )
    stars = [i for i, text in enumerate(texts) if re.match(r"\*(?!\*)", text)]
    last = stars[-1] if stars else -1
    if stars and texts[last] == "*" and (last == len(texts) - 1 or texts[last + 1].startswith("**")):
        without = [text for i, text in enumerate(texts) if i != stars[-1]]
        named = [("*args" if i == stars[-1] else text) for i, text in enumerate(texts)]
        yield reading(
            "A bare `*` must be followed by parameters that are given by name.",
            (put(without), "The `*` is left out."),
            (put(named), "`*args` takes any number of arguments."),
            weight=0.85,
        )
    if len(stars) > 1:
        kept = [text for i, text in enumerate(texts) if i not in stars[1:]]
        bare = [(text.lstrip("*") if i in stars[1:] else text) for i, text in enumerate(texts)]
        double = [("*" + text if i == stars[-1] else text) for i, text in enumerate(texts)]
        options = [
            (put([t for t in bare if t]), "Only one has a star."),
            (put(kept), "The second is left out."),
        ]
        if stars[-1] == len(texts) - 1 and texts[-1] != "*":
            options.insert(0, (put(double), "The last takes the named arguments."))
        if "*" in texts:
            options.reverse()
        yield reading("Only one parameter may have a star.", *options, weight=0.85)
    if "/" in texts:
        yield from _slashes(texts, stars, put)
    defaults = [i for i, text in enumerate(texts) if text.startswith("*") and "=" in text]
    if defaults:
        bare = [(text.split("=")[0].rstrip() if i in defaults else text) for i, text in enumerate(texts)]
        yield reading(
            "A parameter with a star has no default.",
            (put(bare), "The default is left out."),
            weight=0.9,
            certain=True,
        )


def _slashes(texts: list[str], stars: list[int], put: Callable[[list[str]], str]) -> Iterator[Reading]:
    """A `/` behind `*`, at the beginning, or twice."""
    slashes = [i for i, text in enumerate(texts) if text == "/"]
    if stars and slashes[0] > stars[0]:
        moved = [text for text in texts if text != "/"]
        moved.insert(stars[0], "/")
        claim = "`/` must stand before `*`."
        yield reading(claim, (put(moved), "It stands before the `*`."), weight=0.9, certain=True)
    without = [text for i, text in enumerate(texts) if i not in (slashes[1:] or slashes[:1])]
    yield reading(
        "`/` must stand once, and behind a parameter.",
        (put(without), "It is left out."),
        weight=0.85,
        certain=slashes[0] == 0 or len(slashes) > 1,
    )


def _forms(problem: Problem) -> Iterator[Reading]:
    """Parameters that are no names: literals, typed as in C, dotted, in brackets."""
    found = _parameters(problem)
    if found is None:
        return
    _opener, spans, _ = found
    changes: list[tuple[int, int, str]] = []
    typed: list[tuple[int, int, str]] = []
    claim, sure = "", False
    for start, end in spans:
        texts = [problem.text(i) for i in range(start, end)]
        token = problem.tokens[start]
        if len(texts) >= 2 and texts[0] in TYPE_NAMES and problem.tokens[start + 1].kind is TokenKind.NAME:
            claim = f"The type `{texts[0]}` does not stand before the parameter in Python."
            changes.append((token.start, problem.tokens[start + 1].start, ""))
            kind = {"string": "str", "String": "str", "double": "float", "char": "str", "long": "int"}.get(
                texts[0], texts[0]
            )
            typed.append((token.start, problem.tokens[start + 1].end, f"{texts[1]}: {kind}"))
        elif token.kind is TokenKind.STRING and token.text[1:-1].isidentifier() and len(texts) == 1:
            claim, sure = "Parameters are names, without quotes.", True
            changes.append((token.start, token.end, token.text[1:-1]))
        elif texts[0] == "(" and texts[-1] == ")":
            claim = "Parameters cannot stand in brackets of their own."
            inner = problem.between(start + 1, end - 1)
            changes.append((token.start, problem.tokens[end - 1].end, inner.rstrip(",")))
            sure = "," not in inner or len(spans) == 1
        elif len(texts) >= 3 and texts[1] in (".", "-"):
            claim = f"`{problem.between(start, start + 3)}` is no name for a parameter."
            changes.append(
                (
                    token.start,
                    problem.tokens[start + 2].end,
                    f"{texts[0]}_{texts[2]}" if texts[0] != "self" else texts[2],
                )
            )
        elif len(texts) >= 3 and texts[1] in ("==", ":="):
            claim, sure = "A default is given by one `=`.", True
            changes.append((problem.tokens[start + 1].start, problem.tokens[start + 1].end, "="))
        elif problem.text(end - 1) == "=":
            claim = f"The default of `{texts[0]}` is missing."
            changes.append((problem.tokens[end - 1].end, problem.tokens[end - 1].end, "None"))
            typed.append((problem.tokens[end - 1].start, problem.tokens[end - 1].end, ""))
        elif token.kind is TokenKind.NUMBER and len(texts) == 1:
            claim = "A number cannot be a parameter."
            begin = problem.tokens[start - 1].start if problem.text(start - 1) == "," else token.start
            changes.append((begin, token.end, ""))
            typed.append((token.start, token.end, f"x={token.text}"))
    if changes:
        options = [(problem.put(*changes), "The parameters are plain names.")]
        if typed:
            options.append((problem.put(*typed), "The parameter is written out."))
        yield reading(claim, *options, weight=0.9, certain=sure)


SLIPS = (
    Slip(
        code="syntax.default-order",
        lesson="Parameters that must be given come first; those with a default come behind them.",
        find=_default_order,
    ),
    Slip(
        code="syntax.duplicate-parameter",
        lesson="Each parameter of a function needs a name of its own.",
        find=_duplicate,
    ),
    Slip(
        code="syntax.parameter-stars",
        lesson="`*args` takes the rest of the arguments and stands behind the ordinary parameters; "
        "`**kwargs` takes the "
        "named rest and stands last.",
        find=_stars,
    ),
    Slip(
        code="syntax.parameter-form",
        lesson="A parameter is a name, perhaps with a type behind a colon and a default behind `=`: "
        "`count: int = 0`.",
        find=_forms,
    ),
)
