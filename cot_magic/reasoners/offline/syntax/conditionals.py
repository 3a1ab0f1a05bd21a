"""Mistakes in conditional expressions."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import CLOSERS
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading


def _ternary(problem: Problem) -> Iterator[Reading]:
    """`x = 1 if y`, `x = if y then 1 else 2`, `return 1 if x else return 2`."""
    low, high = problem.statement
    text = problem.between(low, high)
    start = problem.tokens[low].start if low < high else 0
    found = re.fullmatch(
        r"(?P<head>(?:return|[\w.\[\]]+\s*=|print\s*\()\s*)if\s+(?P<test>.+?)\s*(?:then|:|,)\s*(?P<yes>.+?)\s*[,;]?\s*else\s*:?\s*(?P<no>.+)",
        text,
        re.DOTALL,
    )
    if found:
        new = f"{found['head']}{found['yes']} if {found['test']} else {found['no']}"
        yield reading(
            "A conditional expression is written `a if condition else b`.",
            (problem.put((start, start + len(text), new)), "Put the first value before `if`."),
            weight=0.96,
            certain=True,
        )
    for index in range(low + 1, high):
        if problem.text(index) == "else" and (index + 1 >= high or problem.text(index + 1) in CLOSERS):
            at = problem.tokens[index].end
            yield reading(
                "The value after `else` is missing.",
                (problem.put((at, at, " None")), "Insert `None` as a placeholder."),
                weight=0.85,
            )
        following = problem.text(index + 1) in ("return", "pass", "continue", "break", ":", "print")
        if problem.text(index) != "else" or problem.tokens[index].first:
            continue
        if following or problem.text(index + 2) == "=":
            yield from _else_statement(problem, low, index, high)
    ifs = [i for i in range(low + 1, high) if problem.text(i) == "if" and not problem.tokens[i].first]
    if ifs and ("else" not in text.split()) and not any(problem.text(i) == "for" for i in range(low, high)):
        end = problem.tokens[high - 1].end
        depth = problem.tokens[ifs[-1]].opener
        if depth >= 0:
            end = problem.tokens[problem.listing.partner.get(depth, high - 1)].start
        options = [
            (problem.put((end, end, " else None")), "Add `else None`, the value if the condition is false.")
        ]
        if depth < 0 and problem.tokens[low].first:
            indent = problem.listing.indent(problem.tokens[low].line)
            statement, test = (
                problem.between(low, ifs[-1]),
                problem.between(ifs[-1] + 1, high).rstrip(":").rstrip(),
            )
            block = f"if {test}:\n{indent}    {statement}"
            options.append(
                (problem.put((start, problem.tokens[high - 1].end, block)), "Make it an `if` statement.")
            )
            if problem.text(low) in KEYWORDS or (high - low > 3 and "=" not in text.split(" if ")[0]):
                options.reverse()
        yield reading("A conditional expression needs an `else`.", *options, weight=0.86)


def _else_statement(problem: Problem, low: int, index: int, high: int) -> Iterator[Reading]:
    following = problem.text(index + 1)
    head = problem.text(low)
    claim = f"`else` must be followed by a value, and `{following}` is not one."
    if following == ":":
        yield reading(
            "The `else` of a conditional expression is not followed by a colon.",
            (problem.drop(index + 1), "Remove the colon."),
            weight=0.93,
            certain=True,
        )
    elif following == head == "return":
        yield reading(
            claim, (problem.drop(index + 1), "Keep only the first `return`."), weight=0.95, certain=True
        )
    elif problem.text(index + 2) == "=" and problem.text(index + 1) == head:
        yield reading(
            claim,
            (problem.drop(index + 1, index + 2), f"Keep only the first `{head} =`."),
            weight=0.95,
            certain=True,
        )
    elif following in ("pass", "continue", "break"):
        options = [(problem.swap(index + 1, "None"), f"Replace `{following}` with `None`.")]
        cut = next((i for i in range(index, low, -1) if problem.text(i) == "if"), None)
        if cut is not None and problem.tokens[low].first:
            indent = problem.listing.indent(problem.tokens[low].line)
            block = f"if {problem.between(cut + 1, index)}:\n{indent}    {problem.between(low, cut)}"
            if following != "pass":
                block += f"\n{indent}else:\n{indent}    {following}"
            options.insert(0, (problem.swap(low, block, high - 1), "Make it an `if` statement."))
        yield reading(claim, *options, weight=0.88)


SLIPS = (
    Slip(
        code="syntax.conditional-value",
        lesson="A conditional expression is written `a if condition else b`. Both values are required, and "
        "statements such as `return` are not values.",
        find=_ternary,
    ),
)
