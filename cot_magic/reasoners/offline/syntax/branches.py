"""`else`, `elif`, `except` and `finally` that belong to no statement above."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.indentation import indent_unit, is_filled, shifted, width_of
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading, unique

_HEADS = {
    "else": re.compile(r"\s*(?:if|elif|for|while|try|except)\b"),
    "elif": re.compile(r"\s*(?:if|elif)\b"),
    "except": re.compile(r"\s*(?:try|except)\b"),
    "finally": re.compile(r"\s*(?:try|except|else)\b"),
}


def _lost_else(problem: Problem) -> Iterator[Reading]:
    """`else`, `elif`, `except`, `finally` indented unlike the statement they belong to."""
    low, high = problem.statement
    word = problem.text(low)
    if low >= high or word not in _HEADS:
        return
    lines = problem.lines
    place = problem.tokens[low].line - 1
    own = width_of(lines[place])
    above = [width_of(line) for line in reversed(lines[:place]) if _HEADS[word].match(line)]
    widths = list(dict.fromkeys(above))
    end = place + 1
    while end < len(lines) and (not lines[end].strip() or width_of(lines[end]) > own):
        end += 1
    why = f"Align `{word}` with the statement that it belongs to."
    options = [
        (shifted(lines, place, stop, width - own), why)
        for stop in (end, place + 1)
        for width in widths
        if width != own
    ]
    options += _into_block(lines, place, _HEADS[word])
    if word in ("else", "elif") and not widths:
        options.append((_swapped_else(lines, place), "Begin a new `if` statement."))
    yield reading(
        f"There is no statement above that this `{word}` could belong to.", *unique(options)[:5], weight=0.87
    )


def _into_block(lines: list[str], place: int, heads: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield the source with the lines between the block and its `else` moved into the block."""
    own = width_of(lines[place])
    start = next((i for i in range(place - 1, -1, -1) if is_filled(lines[i])), None)
    if start is None:
        return
    while start > 0 and is_filled(lines[start - 1]) and width_of(lines[start - 1]) <= own:
        if heads.match(lines[start - 1]):
            break
        start -= 1
    if width_of(lines[start]) == own and not heads.match(lines[start]):
        unit = indent_unit(lines)
        by = 1 if unit == "\t" else len(unit)
        yield (shifted(lines, start, place, by, unit), "Indent the lines above into the block.")


def _swapped_else(lines: list[str], place: int) -> str:
    text = re.sub(r"^(\s*)elif\b", r"\1if", lines[place])
    text = re.sub(r"^(\s*)else\s*:", r"\1if True:", text)
    return "\n".join([*lines[:place], text, *lines[place + 1 :]])


SLIPS = (
    Slip(
        code="syntax.lost-branch",
        lesson="`else`, `elif`, `except` and `finally` begin in the same column as the `if`, `for` or `try` "
        "that they belong to.",
        find=_lost_else,
    ),
)
