"""Mistakes in comprehensions and generator expressions."""

from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading


def _generator(problem: Problem) -> Iterator[Reading]:
    """`f(x for x in y, 1)`"""
    if "enerator expression must be parenthesized" not in problem.message:
        return
    low, high = problem.statement
    changes = []
    for opener in range(low, high):
        closer = problem.listing.partner.get(opener, -1)
        if problem.text(opener) != "(" or closer < opener or not problem.ends_operand(opener - 1):
            continue
        start = opener + 1
        spans = []
        for place in range(opener + 1, closer + 1):
            if place == closer or (problem.text(place) == "," and problem.tokens[place].opener == opener):
                if place > start:
                    spans.append((start, place))
                start = place + 1
        for a, b in spans:
            loose = any(problem.text(i) == "for" and problem.tokens[i].opener == opener for i in range(a, b))
            if loose and (len(spans) > 1 or problem.text(closer - 1) == ","):
                begin = a + 2 if problem.text(a + 1) == "=" else a
                changes.append((problem.tokens[begin].start, problem.tokens[begin].start, "("))
                changes.append((problem.tokens[b - 1].end, problem.tokens[b - 1].end, ")"))
    if changes:
        yield reading(
            "A generator expression next to other arguments needs its own parentheses.",
            (problem.put(*changes), "Put it in parentheses."),
            weight=0.95,
            certain=True,
        )


def _comprehension(problem: Problem) -> Iterator[Reading]:
    """`[x, y for x, y in z]`, `[for x in z]`"""
    low, high = problem.statement
    for opener in range(low, high):
        if problem.text(opener) not in ("[", "{", "(") or (
            problem.text(opener) == "(" and problem.ends_operand(opener - 1)
        ):
            continue
        closer = problem.listing.partner.get(opener, -1)
        loop = next(
            (
                i
                for i in range(opener + 1, closer)
                if problem.text(i) == "for" and problem.tokens[i].opener == opener
            ),
            None,
        )
        if loop is None:
            continue
        if loop == opener + 1 and problem.tokens[loop + 1].kind is TokenKind.NAME:
            at = problem.tokens[loop].start
            yield reading(
                "The expression before `for` is missing.",
                (
                    problem.put((at, at, f"{problem.text(loop + 1)} ")),
                    f"Insert `{problem.text(loop + 1)}` before `for`.",
                ),
                weight=0.88,
            )
            continue
        texts = [problem.text(i) for i in range(opener + 1, loop) if problem.tokens[i].opener == opener]
        if "," in texts and ":" not in texts:
            a, b = problem.tokens[opener + 1].start, problem.tokens[loop - 1].end
            yield reading(
                "Several values before `for` need parentheses.",
                (problem.put((a, a, "("), (b, b, ")")), "Put them in parentheses, which makes them a tuple."),
                weight=0.94,
                certain=True,
            )
        yield from _filter(problem, opener, loop, closer)


def _filter(problem: Problem, opener: int, loop: int, closer: int) -> Iterator[Reading]:
    """`[x if x > 0 for x in xs]` and `[x for x in xs if x > 0 else 0]`."""
    depth = [i for i in range(opener + 1, closer) if problem.tokens[i].opener == opener]
    ifs = [i for i in depth if problem.text(i) == "if"]
    elses = [i for i in depth if problem.text(i) == "else"]
    if len(ifs) == 1 and not elses and ifs[0] < loop:
        value, test = problem.between(opener + 1, ifs[0]), problem.between(ifs[0], loop)
        rest = problem.between(loop, closer)
        new = problem.swap(opener + 1, f"{value} {rest} {test}", closer - 1)
        other = problem.put((problem.tokens[loop - 1].end, problem.tokens[loop - 1].end, " else None"))
        yield reading(
            "A condition that filters items goes at the end of a comprehension.",
            (new, "Move the condition to the end."),
            (other, "Add `else None`, the value if the condition is false."),
            weight=0.93,
            certain=False,
        )
    elif len(ifs) == 1 and len(elses) == 1 and ifs[0] > loop and elses[0] > ifs[0]:
        value = problem.between(opener + 1, loop)
        head, test = problem.between(loop, ifs[0]), problem.between(ifs[0], elses[0])
        new = f"{value} {test} {problem.between(elses[0], closer)} {head}"
        yield reading(
            "A conditional expression with `else` goes before the `for` of a comprehension.",
            (problem.swap(opener + 1, new, closer - 1), "Move it before `for`."),
            weight=0.95,
            certain=True,
        )


SLIPS = (
    Slip(
        code="syntax.generator-argument",
        lesson="A generator expression needs its own parentheses unless it is the only argument of a call.",
        find=_generator,
    ),
    Slip(
        code="syntax.comprehension-form",
        lesson="A comprehension is written `[value for item in items if condition]`. Several values need "
        "parentheses, and a conditional expression with `else` is part of the value.",
        find=_comprehension,
    ),
)
