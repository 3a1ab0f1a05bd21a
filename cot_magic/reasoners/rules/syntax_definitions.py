"""Mistakes in `def`, `class` and `lambda`: names, brackets, and the order and form of parameters."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.rules.syntax_lexer import CLOSERS, Kind
from cot_magic.reasoners.rules.syntax_problem import KEYWORDS, Mistake, Problem, Reading, reading, unique

_TYPES = frozenset(
    ["int", "str", "float", "bool", "list", "dict", "tuple", "set", "String", "string", "double", "char", "long", "var", "let", "const", "void", "auto"]
)


def _defs(problem: Problem) -> Iterator[tuple[int, int]]:
    """Token of `def` and end of its logical line, for the failing line."""
    low, high = problem.statement
    for index in range(low, min(low + 3, high)):
        if problem.text(index) == "def":
            yield index, high
            return


def _def_brackets(problem: Problem) -> Iterator[Reading]:
    for index, high in _defs(problem):
        name = index + 1
        if name >= high:
            return
        if problem.text(name) in ("(", ":"):
            yield from _nameless(problem, index, high)
            continue
        if problem.tokens[name].kind is not Kind.NAME:
            continue
        after = problem.text(name + 1)
        colon = problem.header_end(index, high)
        end = colon if colon is not None else high
        arrow = next((i for i in range(name, end) if problem.text(i) == "->"), None)
        stop = arrow if arrow is not None else end
        close = "" if colon is not None else ":"
        at = problem.tokens[name].end
        if stop == name + 1:
            yield reading(
                f"Behind the function's name `{problem.text(name)}` the brackets are missing.",
                (
                    problem.put((at, at, "()" + (close if arrow is None else ""))),
                    "Empty brackets: no parameters.",
                ),
                weight=0.96,
                certain=True,
            )
        elif after in ("[", "{", "<") and problem.text(stop - 1) in ("]", "}", ">"):
            new = f"({problem.between(name + 2, stop - 1)}){close}"
            yield reading(
                "Parameters stand in round brackets.",
                (problem.put((at, problem.tokens[stop - 1].end, new)), "Round brackets stand around them."),
                weight=0.95,
                certain=True,
            )
        elif after not in ("(", "[", "{") and after not in (".", "-", "+"):
            inside = problem.between(name + 1, stop)
            if problem.text(stop - 1) == ")" and "(" not in inside:
                inside = inside[:-1]
            parameters = inside.strip(",; ")
            bare = problem.text(name + 1) == ")"
            for first in ("self", "cls"):
                word = problem.text(name)
                if bare and word.endswith(first) and word != first:
                    cut = (at - len(first), at, f"({first}")
                    yield reading(
                        f"Before `{first}` the bracket is missing.",
                        (problem.put(cut), f"The bracket opens before `{first}`."),
                        weight=0.97,
                    )
            spaced = re.fullmatch(r"[^\W\d]\w*(?:\s+[^\W\d]\w*)*\s*\(.*\)?", inside, re.DOTALL)
            if spaced:
                yield from _name_with_space(problem, index, high)
                continue
            yield reading(
                f"Behind the function's name `{problem.text(name)}` the brackets are missing.",
                (
                    problem.put((at, problem.tokens[stop - 1].end, f"({parameters}){close}")),
                    "Brackets stand around the parameters.",
                ),
                weight=0.96,
                certain=after not in (",", ")"),
            )
        elif after in (".", "-"):
            yield from _compound_name(problem, name, high)


def _nameless(problem: Problem, index: int, high: int) -> Iterator[Reading]:
    at = problem.tokens[index].end
    bracket = problem.text(index + 1) == "("
    name = "function"
    text = f" {name}" if bracket else f" {name}()"
    end = problem.tokens[index + 1].start
    yield reading(
        "The function has no name.",
        (problem.put((at, end, text)), f"It is called `{name}` until there is a better name."),
        weight=0.85,
    )


def _name_with_space(problem: Problem, index: int, high: int) -> Iterator[Reading]:
    """`def my function(x):`"""
    opener = next((i for i in range(index + 2, high) if problem.text(i) == "("), None)
    if opener is None or opener - index < 3:
        return
    words = [problem.text(i) for i in range(index + 1, opener)]
    joined = "_".join(words)
    options = [(problem.swap(index + 1, joined, opener - 1), f"The name is `{joined}`.")]
    if words[0] in _TYPES | {"function", "def"}:
        options.insert(0, (problem.swap(index + 1, words[-1], opener - 1), f"The name is `{words[-1]}`."))
    yield reading("A function's name is one word.", *options, weight=0.9)


def _compound_name(problem: Problem, name: int, high: int) -> Iterator[Reading]:
    """`def a.b():`, `def my-function():`"""
    last = name
    while (
        last + 2 < high
        and problem.text(last + 1) in (".", "-")
        and problem.tokens[last + 2].kind is Kind.NAME
    ):
        last += 2
    shown = problem.between(name, last + 1)
    joined = re.sub(r"\W+", "_", shown)
    options = [(problem.swap(name, joined, last), f"The name is `{joined}`.")]
    if problem.text(name + 1) == ".":
        options.append((problem.swap(name, problem.text(last), last), f"The name is `{problem.text(last)}`."))
    yield reading(f"`{shown}` is no name for a function.", *options, weight=0.85)


def _class(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    if problem.text(low) != "class" or low + 1 >= high:
        return
    name = low + 1
    colon = problem.header_end(low, high)
    end = colon if colon is not None else high
    close = "" if colon is not None else ":"
    if problem.tokens[name].kind is not Kind.NAME:
        if problem.text(name) in (":", "("):
            at = problem.tokens[low].end
            start = problem.tokens[name].start
            yield reading(
                "The class has no name.",
                (problem.put((at, start, " Thing")), "It is called `Thing` until there is a better name."),
                weight=0.8,
            )
        return
    after = problem.text(name + 1)
    last = end - 1
    at = problem.tokens[name].end
    if after in ("[", "{", "<") and problem.text(last) in ("]", "}", ">") and last > name + 1:
        inside = problem.between(name + 2, last)
        yield reading(
            "The classes that a class inherits from stand in round brackets.",
            (
                problem.put((at, problem.tokens[last].end, f"({inside}){close}")),
                "Round brackets stand around them.",
            ),
            weight=0.94,
            certain=True,
        )
    elif after in ("extends", "inherits", "implements", "<", "of", "from", "is") and last > name + 1:
        begin = name + 2 + (problem.text(name + 2) == "from")
        yield reading(
            f"`{after}` is how other languages name the class that is inherited from.",
            (
                problem.put((at, problem.tokens[last].end, f"({problem.between(begin, end)}){close}")),
                "It stands in round brackets.",
            ),
            weight=0.94,
            certain=True,
        )
    elif last > name and problem.tokens[name + 1].kind is Kind.NAME:
        inside = problem.between(name + 1, end)
        joined = "".join(problem.text(i) for i in range(name, end) if problem.tokens[i].kind is Kind.NAME)
        options = [
            (
                problem.put((at, problem.tokens[last].end, f"({inside}){close}")),
                "It inherits from what stands behind.",
            )
        ]
        if re.fullmatch(r"[\w\s]+", inside):
            options.append(
                (
                    problem.put((problem.tokens[name].start, problem.tokens[last].end, joined + close)),
                    "The name is one word.",
                )
            )
        else:
            options = options[1:]
            opener = next((i for i in range(name, end) if problem.text(i) == "("), None)
            if opener is not None:
                words = "".join(problem.text(i) for i in range(name, opener))
                options.append((problem.swap(name, words, opener - 1), "The name is one word."))
        yield reading("A class's name is one word.", *options, weight=0.85)
    elif after in (".", "-") and last > name + 1:
        shown = problem.between(name, name + 3)
        yield reading(
            f"`{shown}` is no name for a class.",
            (problem.swap(name, re.sub(r"\W", "_", shown), name + 2), "The name is one word."),
            weight=0.8,
        )


def _parameters(problem: Problem) -> tuple[int, list[tuple[int, int]], int] | None:
    """The bracket of the failing `def` (or the `lambda`), spans of its parameters, and its end."""
    for index, high in _defs(problem):
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
    opener, spans, closer = found
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
    if (
        stars
        and texts[stars[-1]] == "*"
        and (stars[-1] == len(texts) - 1 or texts[stars[-1] + 1].startswith("**"))
    ):
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
        slashes = [i for i, text in enumerate(texts) if text == "/"]
        if stars and slashes[0] > stars[0]:
            moved = [text for text in texts if text != "/"]
            moved.insert(stars[0], "/")
            yield reading(
                "`/` must stand before `*`.",
                (put(moved), "It stands before the `*`."),
                weight=0.9,
                certain=True,
            )
        without = [text for i, text in enumerate(texts) if i not in (slashes[1:] or slashes[:1])]
        yield reading(
            "`/` must stand once, and behind a parameter.",
            (put(without), "It is left out."),
            weight=0.85,
            certain=slashes[0] == 0 or len(slashes) > 1,
        )
    defaults = [i for i, text in enumerate(texts) if text.startswith("*") and "=" in text]
    if defaults:
        bare = [(text.split("=")[0].rstrip() if i in defaults else text) for i, text in enumerate(texts)]
        yield reading(
            "A parameter with a star has no default.",
            (put(bare), "The default is left out."),
            weight=0.9,
            certain=True,
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
        if len(texts) >= 2 and texts[0] in _TYPES and problem.tokens[start + 1].kind is Kind.NAME:
            claim = f"The type `{texts[0]}` does not stand before the parameter in Python."
            changes.append((token.start, problem.tokens[start + 1].start, ""))
            kind = {"string": "str", "String": "str", "double": "float", "char": "str", "long": "int"}.get(
                texts[0], texts[0]
            )
            typed.append((token.start, problem.tokens[start + 1].end, f"{texts[1]}: {kind}"))
        elif token.kind is Kind.STRING and token.text[1:-1].isidentifier() and len(texts) == 1:
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
        elif token.kind is Kind.NUMBER and len(texts) == 1:
            claim = "A number cannot be a parameter."
            begin = problem.tokens[start - 1].start if problem.text(start - 1) == "," else token.start
            changes.append((begin, token.end, ""))
            typed.append((token.start, token.end, f"x={token.text}"))
    if changes:
        options = [(problem.put(*changes), "The parameters are plain names.")]
        if typed:
            options.append((problem.put(*typed), "The parameter is written out."))
        yield reading(claim, *options, weight=0.9, certain=sure)


def _arrow(problem: Problem) -> Iterator[Reading]:
    """`lambda x -> x`, `x => x + 1`, `def f() - > int:`, `def f(): -> int`."""
    low, high = problem.statement
    for index in range(low, high):
        text = problem.text(index)
        arrow = index if text == "->" else None
        last = index
        if text in ("=", "-") and problem.text(index + 1) == ">":
            arrow, last = index, index + 1
        if arrow is None:
            continue
        lambdas = [i for i in range(low, index) if problem.text(i) == "lambda"]
        if lambdas:
            yield reading(
                "A colon stands between a lambda's parameters and its value.",
                (
                    problem.put((problem.tokens[index - 1].end, problem.tokens[last].end, ":")),
                    "A colon stands there.",
                ),
                weight=0.96,
                certain=True,
            )
            return
        if problem.text(low) in ("def", "async"):
            if problem.text(index - 1) == ":":
                colon = index - 1
                end = problem.tokens[high - 1].end
                after = problem.put(
                    (problem.tokens[colon].start, problem.tokens[colon].end, ""),
                    (end, end, ":" if problem.text(high - 1) != ":" else ""),
                )
                yield reading(
                    "The colon stands behind the result's type.",
                    (after, "The colon ends the line."),
                    weight=0.95,
                    certain=True,
                )
            elif last > index:
                yield reading(
                    "The arrow is written `->`.",
                    (problem.swap(index, "->", last), "`->` stands before the result's type."),
                    weight=0.95,
                    certain=True,
                )
            return
        start, parameters = index - 1, problem.text(index - 1)
        if parameters == ")":
            start = problem.listing.partner.get(index - 1, index - 1)
            parameters = problem.between(start + 1, index - 1)
        if problem.text(index - 1) != ")" and not problem.arrow_function(index):
            return
        if problem.text(start - 1) in ("=", "(", ",", "[", ":", "") or start == low:
            gap = " " if parameters else ""
            after = problem.swap(start, f"lambda{gap}{parameters}:", last)
            yield reading(
                "An arrow makes a function in other languages.",
                (after, "`lambda` makes one in Python."),
                weight=0.93,
                certain=text == "=" and start >= 0 and problem.text(start - 1) in ("=", "(", ","),
            )
            return


def _lambda(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    for index in range(low, high):
        if problem.text(index) != "lambda":
            continue
        depth = problem.tokens[index].opener
        end = next(
            (i for i in range(index, high) if problem.text(i) == ":" and problem.tokens[i].opener == depth),
            None,
        )
        if end is not None and problem.text(end + 1) == "return":
            yield reading(
                "A lambda gives its value without `return`.",
                (problem.drop(end + 1), "`return` is left out."),
                weight=0.96,
                certain=True,
            )
        elif end is not None and (
            end + 1 >= high or problem.text(end + 1) in CLOSERS or problem.text(end + 1) == ","
        ):
            at = problem.tokens[end].end
            yield reading(
                "The lambda has no value.",
                (problem.put((at, at, " None")), "`None` is its value until there is one."),
                weight=0.75,
            )
        elif end is not None and problem.text(end + 1) == "pass":
            yield reading(
                "`pass` is no value.",
                (problem.swap(end + 1, "None"), "`None` stands for nothing."),
                weight=0.9,
            )
        elif end is None:
            for place in range(index + 1, high):
                sign = problem.text(place)
                if sign in (";", "=", ".", "-") and problem.tokens[place].opener == depth:
                    yield reading(
                        "A colon stands between a lambda's parameters and its value.",
                        (problem.swap(place, ":"), "A colon stands there."),
                        weight=0.88,
                    )
                    break
            names = index + 1
            if problem.text(names) == "(":
                closer = problem.listing.partner.get(names, names)
                if closer > names:
                    after = problem.put(
                        (problem.tokens[names].start, problem.tokens[names].end, ""),
                        (problem.tokens[closer].start, problem.tokens[closer].end, ":"),
                    )
                    yield reading(
                        "Behind the parameters of a lambda stands a colon.",
                        (after, "A colon stands there."),
                        weight=0.85,
                    )
            while names < high and (
                problem.tokens[names].kind is Kind.NAME and problem.text(names + 1) == ","
            ):
                names += 2
            if names < high and problem.tokens[names].kind is Kind.NAME and names + 1 < high:
                at = problem.tokens[names].end
                yield reading(
                    "Behind the parameters of a lambda stands a colon.",
                    *unique([(problem.put((at, at, ":")), "A colon stands there.")]),
                    weight=0.87,
                    certain=problem.starts_operand(names + 1) and problem.text(names) not in KEYWORDS,
                )


MISTAKES = (
    Mistake(
        code="syntax.def-form",
        lesson="A function is defined by `def name(parameters):`. The brackets are needed even without parameters, and "
        "the name is one word.",
        find=_def_brackets,
    ),
    Mistake(
        code="syntax.class-form",
        lesson="A class is defined by `class Name:` or, if it inherits, by `class Name(Parent):`.",
        find=_class,
    ),
    Mistake(
        code="syntax.default-order",
        lesson="Parameters that must be given come first; those with a default come behind them.",
        find=_default_order,
    ),
    Mistake(
        code="syntax.duplicate-parameter",
        lesson="Each parameter of a function needs a name of its own.",
        find=_duplicate,
    ),
    Mistake(
        code="syntax.parameter-stars",
        lesson="`*args` takes the rest of the arguments and stands behind the ordinary parameters; `**kwargs` takes the "
        "named rest and stands last.",
        find=_stars,
    ),
    Mistake(
        code="syntax.parameter-form",
        lesson="A parameter is a name, perhaps with a type behind a colon and a default behind `=`: `count: int = 0`.",
        find=_forms,
    ),
    Mistake(
        code="syntax.arrow",
        lesson="A small function without a name is written `lambda x: x + 1`. `->` is used only before the type of a "
        "function's result.",
        find=_arrow,
    ),
    Mistake(
        code="syntax.lambda-form",
        lesson="A lambda consists of parameters, a colon and one value. It holds no statements such as `return`.",
        find=_lambda,
    ),
)
