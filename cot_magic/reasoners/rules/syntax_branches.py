"""`else`, `elif`, `except` and `finally` that stand below nothing."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.rules.syntax_indentation import indent_unit, is_filled, shifted, width_of
from cot_magic.reasoners.rules.syntax_problem import Mistake, Problem, Reading, reading, unique


def _lost_else(problem: Problem) -> Iterator[Reading]:
    """`else`, `elif`, `except`, `finally` at another indentation than what they belong to."""
    low, high = problem.statement
    candidates = [low]
    if low < high and problem.text(low) not in ("else", "elif", "except", "finally"):
        return
    lines = problem.lines
    for index in candidates:
        if index >= len(problem.tokens):
            return
        word = problem.text(index)
        place = problem.tokens[index].line - 1
        own = width_of(lines[place])
        heads = {
            "else": "if|elif|for|while|try|except",
            "elif": "if|elif",
            "except": "try|except",
            "finally": "try|except|else",
        }[word]
        widths: list[int] = []
        for above in range(place - 1, -1, -1):
            if re.match(rf"\s*(?:{heads})\b", lines[above]) and width_of(lines[above]) not in widths:
                widths.append(width_of(lines[above]))
        end = place + 1
        while end < len(lines) and (not lines[end].strip() or width_of(lines[end]) > own):
            end += 1
        options = [
            (shifted(lines, place, end, width - own), f"`{word}` stands below the line that it belongs to.")
            for width in widths
            if width != own
        ]
        options += [
            (
                shifted(lines, place, place + 1, width - own),
                f"`{word}` stands below the line that it belongs to.",
            )
            for width in widths
            if width != own
        ]
        between = [i for i in range(place) if is_filled(lines[i])]
        if between:
            # what stands between the block and its `else` belongs to the block
            start = between[-1]
            while (
                start - 1 in between
                and width_of(lines[start - 1]) <= own
                and not re.match(rf"\s*(?:{heads})\b", lines[start - 1])
            ):
                start -= 1
            if width_of(lines[start]) == own and not re.match(rf"\s*(?:{heads})\b", lines[start]):
                by = 1 if indent_unit(lines) == "\t" else len(indent_unit(lines))
                options.append(
                    (
                        shifted(lines, start, place, by, indent_unit(lines)),
                        "The lines above belong to the block.",
                    )
                )
        if word in ("else", "elif") and not widths:
            options.append((_swapped_else(lines, place), "A condition of its own begins there."))
        yield reading(
            f"`{word}` does not stand below a line that it could belong to.",
            *unique(options)[:5],
            weight=0.87,
        )


def _swapped_else(lines: list[str], place: int) -> str:
    text = re.sub(r"^(\s*)elif\b", r"\1if", lines[place])
    text = re.sub(r"^(\s*)else\s*:", r"\1if True:", text)
    return "\n".join([*lines[:place], text, *lines[place + 1 :]])


MISTAKES = (
    Mistake(
        code="syntax.lost-branch",
        lesson="`else`, `elif`, `except` and `finally` begin in the same column as the `if`, `for` or "
        "`try` that they "
        "belong to.",
        find=_lost_else,
    ),
)
