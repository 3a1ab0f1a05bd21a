"""Mistakes in `lambda`, and arrows from other languages."""

from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading


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
                "A lambda's parameters are followed by a colon, not an arrow.",
                (
                    problem.put((problem.tokens[index - 1].end, problem.tokens[last].end, ":")),
                    "Replace the arrow with a colon.",
                ),
                weight=0.96,
                certain=True,
            )
            return
        if problem.text(low) in ("def", "async"):
            yield from _result_arrow(problem, index, last)
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
                "An arrow defines a function in other languages, not in Python.",
                (after, "Write the function with `lambda`."),
                weight=0.93,
                certain=text == "=" and start >= 0 and problem.text(start - 1) in ("=", "(", ","),
            )
            return


def _result_arrow(problem: Problem, index: int, last: int) -> Iterator[Reading]:
    """`def f(): -> int`, `def f() - > int:`"""
    high = problem.statement[1]
    if problem.text(index - 1) == ":":
        end = problem.tokens[high - 1].end
        after = problem.put(
            (problem.tokens[index - 1].start, problem.tokens[index - 1].end, ""),
            (end, end, ":" if problem.text(high - 1) != ":" else ""),
        )
        claim = "The colon comes after the return type."
        yield reading(claim, (after, "Move the colon to the end of the line."), weight=0.95, certain=True)
    elif last > index:
        after = problem.swap(index, "->", last)
        claim = "The arrow before a return type is written `->`."
        yield reading(claim, (after, "Write `->`."), weight=0.95, certain=True)


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
                "A lambda contains an expression, not a `return` statement.",
                (problem.drop(end + 1), "Remove `return`."),
                weight=0.96,
                certain=True,
            )
        elif end is not None and (
            end + 1 >= high or problem.text(end + 1) in CLOSERS or problem.text(end + 1) == ","
        ):
            at = problem.tokens[end].end
            yield reading(
                "The lambda has no expression after its colon.",
                (problem.put((at, at, " None")), "Insert `None` as a placeholder."),
                weight=0.75,
            )
        elif end is not None and problem.text(end + 1) == "pass":
            yield reading(
                "A lambda needs an expression, and `pass` is a statement.",
                (problem.swap(end + 1, "None"), "Write `None` instead."),
                weight=0.9,
            )
        elif end is None:
            yield from _lambda_colon(problem, index, high)


def _lambda_colon(problem: Problem, index: int, high: int) -> Iterator[Reading]:
    """`lambda x; x`, `lambda (x) x`, `lambda x x + 1`"""
    depth = problem.tokens[index].opener
    for place in range(index + 1, high):
        if problem.text(place) in (";", "=", ".", "-") and problem.tokens[place].opener == depth:
            yield reading(
                f"A lambda's parameters are followed by a colon, not `{problem.text(place)}`.",
                (problem.swap(place, ":"), f"Replace `{problem.text(place)}` with a colon."),
                weight=0.88,
            )
            break
    claim = "The colon after the lambda's parameters is missing."
    names = index + 1
    closer = problem.listing.partner.get(names, names) if problem.text(names) == "(" else names
    if closer > names:
        after = problem.put(
            (problem.tokens[names].start, problem.tokens[names].end, ""),
            (problem.tokens[closer].start, problem.tokens[closer].end, ":"),
        )
        yield reading(claim, (after, "Remove the parentheses and add a colon."), weight=0.85)
    while names < high and problem.tokens[names].kind is TokenKind.NAME and problem.text(names + 1) == ",":
        names += 2
    if problem.tokens[names].kind is TokenKind.NAME and names + 1 < high:
        at = problem.tokens[names].end
        sure = problem.starts_operand(names + 1) and problem.text(names) not in KEYWORDS
        after = problem.put((at, at, ":"))
        yield reading(claim, (after, "Add a colon after the parameters."), weight=0.87, certain=sure)


SLIPS = (
    Slip(
        code="syntax.arrow",
        lesson="A small anonymous function is written `lambda x: x + 1`. `->` is used only before the return "
        "type of a function.",
        find=_arrow,
    ),
    Slip(
        code="syntax.lambda-form",
        lesson="A lambda consists of parameters, a colon and one expression. It cannot contain statements "
        "such as `return`.",
        find=_lambda,
    ),
)
