"""Repairs of parameters and arguments: their order, stars, defaults and names."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, reading, slip, unique

Span = tuple[int, int]


class ItemList(NamedTuple):
    """Parameters or arguments: their spans of tokens, and their code."""

    spans: list[Span]
    texts: list[str]

    def put(self, problem: Problem, texts: Sequence[str]) -> str:
        """Return the source with these items instead."""
        start, end = problem.tokens[self.spans[0][0]].start, problem.tokens[self.spans[-1][1] - 1].end
        return problem.put((start, end, ", ".join(texts)))


def _items(problem: Problem, start: int, end: int, opener: int) -> ItemList:
    spans = [span for span in problem.items(start, end, opener) if span[0] < span[1]]
    return ItemList(spans, [problem.between(*span) for span in spans])


def _lists(problem: Problem) -> Iterator[ItemList]:
    """Yield the parameters of the failing statement's functions, then of others."""
    low, high = problem.statement
    places = [*range(low, high), *range(len(problem.tokens))]
    for index in dict.fromkeys(places):
        if problem.text(index) == "def":
            opener = index + 2
            if problem.text(opener) == "[":  # type parameters
                opener = problem.listing.partner.get(opener, opener) + 1
            closer = problem.listing.partner.get(opener, -1)
            if problem.text(opener) == "(" and closer > opener + 1:
                yield _items(problem, opener + 1, closer, opener)
        elif problem.text(index) == "lambda":
            depth = problem.tokens[index].opener
            ends = (
                i for i in range(index, high) if problem.text(i) == ":" and problem.tokens[i].opener == depth
            )
            if (end := next(ends, index + 1)) > index + 1:
                yield _items(problem, index + 1, end, depth)


@slip("default-order")
def _default_order(problem: Problem) -> Iterator[Reading]:
    if not re.search(r"non-default argument|without a default follows", problem.message):
        return
    for found in _lists(problem):
        stop = next((i for i, text in enumerate(found.texts) if text.startswith("*")), len(found.texts))
        texts, rest = found.texts[:stop], found.texts[stop:]
        given = [i for i in range(stop) if _has_default(problem, found.spans[i])]
        late = [i for i in range(stop) if given and i > given[0] and i not in given and texts[i] != "/"]
        if not late:
            continue
        bare = [text for i, text in enumerate(texts) if i not in given]
        nones = [
            f"{text} = None" if ":" in text else f"{text}=None" for i, text in enumerate(texts) if i in late
        ]
        filled = [nones.pop(0) if i in late else text for i, text in enumerate(texts)]
        options = [(found.put(problem, [*filled, *rest]), "Give the later ones the default `None`.")]
        if "/" not in texts:
            moved = found.put(problem, [*bare, *(texts[i] for i in given), *rest])
            options.insert(0, (moved, "Move parameters without a default to the front."))
            if not rest:
                apart = [*texts[: late[0]], "*", *texts[late[0] :]]
                options.append((found.put(problem, apart), "Make the later ones keyword-only with `*`."))
        names = ", ".join(f"`{texts[i]}`" for i in late[:3])
        claim = f"A parameter without a default follows one with a default: {names}."
        yield reading(claim, *options, weight=0.92)
        return


def _has_default(problem: Problem, span: Span) -> bool:
    return any(problem.text(index) == "=" for index in range(*span))


@slip("duplicate-parameter")
def _duplicate(problem: Problem) -> Iterator[Reading]:
    said = re.search(r"duplicate (?:argument|parameter) '(\w+)'", problem.message)
    for found in _lists(problem) if said is not None else ():
        name = said[1] if said is not None else ""
        same = [i for i, (a, _) in enumerate(found.spans) if name in (problem.text(a), problem.text(a + 1))]
        if len(same) > 1:
            without = [text for i, text in enumerate(found.texts) if i != same[-1]]
            renamed = [*found.texts]
            renamed[same[-1]] = re.sub(rf"\b{name}\b", f"{name}2", renamed[same[-1]], count=1)
            yield reading(
                f"Two parameters are named `{name}`.",
                (found.put(problem, without), f"Remove the second `{name}`."),
                (found.put(problem, renamed), f"Rename the second to `{name}2`."),
                weight=0.9,
            )
            return


@slip("parameter-stars")
def _stars(problem: Problem) -> Iterator[Reading]:
    """Misplaced `*`, `**` and `/` among parameters."""
    for found in _lists(problem):
        for claim, weight, ways in _star_ways(found.texts):
            yield reading(claim, *((found.put(problem, texts), why) for texts, why in ways), weight=weight)


_Ways = list[tuple[list[str], str]]


def _star_ways(texts: list[str]) -> Iterator[tuple[str, float, _Ways]]:
    """Yield what is wrong, how likely that is, and the parameters as they may be meant."""
    double = [text for text in texts if text.startswith("**")]
    stars = [i for i, text in enumerate(texts) if re.match(r"\*(?!\*)", text)]
    if double and not texts[-1].startswith("**"):
        moved = [text for text in texts if text not in double] + double[:1]
        yield f"`{double[0]}` must be the last parameter.", 0.93, [(moved, "Move it to the end.")]
    last = stars[-1] if stars else -1
    if stars and texts[last] == "*" and all(text.startswith("**") for text in texts[last + 1 :]):
        without, named = [*texts[:last], *texts[last + 1 :]], [*texts[:last], "*args", *texts[last + 1 :]]
        why = "Write `*args`, which takes any number of arguments."
        yield (
            "A bare `*` must be followed by keyword-only parameters.",
            0.85,
            [(without, "Remove the `*`."), (named, why)],
        )
    if len(stars) > 1:
        bare = [text.lstrip("*") if i in stars[1:] else text for i, text in enumerate(texts)]
        ways = [([text for text in bare if text], "Keep only the first star.")]
        if last == len(texts) - 1 and texts[-1] != "*":
            why = "Write `**` for the last, which takes keyword arguments."
            ways.insert(0, ([*texts[:-1], f"*{texts[-1]}"], why))
        yield "Only one parameter may have a `*`.", 0.85, ways
    slashes = [i for i, text in enumerate(texts) if text == "/"]
    if slashes:
        extra = slashes[1:] or slashes
        without = [text for i, text in enumerate(texts) if i not in extra]
        claim = "`/` may be used only once, after a parameter and before `*`."
        yield claim, 0.85, [(without, "Remove the misplaced `/`.")]


def _calls(problem: Problem) -> Iterator[tuple[int, ItemList]]:
    """Yield the openers of the statement's calls, and their arguments."""
    low, high = problem.statement
    for opener in range(low, high):
        closer = problem.listing.partner.get(opener, -1)
        if problem.text(opener) == "(" and closer > opener + 1 and problem.ends_operand(opener - 1):
            yield opener, _items(problem, opener + 1, closer, opener)


def _keyword_of(problem: Problem, span: Span) -> str:
    """Return the name of a keyword argument, `**`, or nothing."""
    first = problem.tokens[span[0]]
    if first.text == "**" or (first.kind is TokenKind.NAME and problem.text(span[0] + 1) == "="):
        return first.text
    return ""


@slip("argument-order")
def _order(problem: Problem) -> Iterator[Reading]:
    if not re.search("follows keyword argument|argument unpacking follows", problem.message):
        return
    for opener, found in _calls(problem):
        names = [_keyword_of(problem, span) for span in found.spans]
        late = [i for i, name in enumerate(names) if not name and any(names[:i])]
        if not late:
            continue
        texts = found.texts
        front = [text for text, name in zip(texts, names, strict=True) if not name]
        back = [text for text, name in zip(texts, names, strict=True) if name]
        options = [(found.put(problem, front + back), "Put the positional arguments first.")]
        if all(texts[i].isidentifier() for i in late):
            given = [f"{text}={text}" if i in late else text for i, text in enumerate(texts)]
            options.append((found.put(problem, given), "Pass the later arguments by keyword too."))
        bare = [
            text.split("=", 1)[1].strip() if i < late[-1] and names[i] not in ("", "**") else text
            for i, text in enumerate(texts)
        ]
        options.append((found.put(problem, bare), "Pass the earlier arguments by position too."))
        called, first = problem.text(opener - 1), texts[late[0]]
        claim = f"In the call of `{called}`, `{first}` follows a keyword argument."
        yield reading(claim, *options, weight=0.92)
        return


@slip("repeated-argument")
def _repeated(problem: Problem) -> Iterator[Reading]:
    if "keyword argument repeated" not in problem.message:
        return
    for _, found in _calls(problem):
        names = [_keyword_of(problem, span) for span in found.spans]
        same = [i for i, name in enumerate(names) if name not in ("", "**") and names.count(name) > 1]
        options = [
            (
                found.put(problem, [*found.texts[:i], *found.texts[i + 1 :]]),
                f"Remove `{found.texts[i][:60]}`.",
            )
            for i in reversed(same)
        ]
        if options:
            claim = f"The argument `{names[same[0]]}` is passed twice."
            yield reading(claim, *unique(options), weight=0.92)
            return


@slip("generator-argument")
def _generator(problem: Problem) -> Iterator[Reading]:
    """`f(x for x in y, 1)`"""
    if "enerator expression must be parenthesized" not in problem.message:
        return
    changes = []
    for opener, found in _calls(problem):
        for start, end in found.spans:
            if any(
                problem.text(i) == "for" and problem.tokens[i].opener == opener for i in range(start, end)
            ):
                begin = start + 2 if problem.text(start + 1) == "=" else start
                changes.append((problem.tokens[begin].start, problem.tokens[begin].start, "("))
                changes.append((problem.tokens[end - 1].end, problem.tokens[end - 1].end, ")"))
    claim = "A generator expression next to other arguments needs its own parentheses."
    yield reading(claim, (problem.put(*changes), "Put it in parentheses."), weight=0.95)
