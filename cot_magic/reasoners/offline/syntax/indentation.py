"""Mistakes in indentation: missing blocks, lines indented too little or too much, tabs mixed with spaces."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, meaning, reading, unique

_CONTINUES = re.compile(r"\s*(?:elif|else|except|finally|case)\b")
_HEADER = re.compile(r"\s*(?:if|elif|else|for|while|def|class|with|try|except|finally|async|match|case)\b")


def width_of(text: str) -> int:
    return len(text) - len(text.lstrip(" \t"))


def _columns(width: int) -> str:
    return "1 column" if width == 1 else f"{width} columns"


def indent_unit(lines: list[str]) -> str:
    """Return one level of indentation of this cell: the smallest step used, else four spaces."""
    widths = {width_of(line) for line in lines if line.strip() and line[:1] == " "}
    if any(line.startswith("\t") for line in lines):
        return "\t"
    steps = {b - a for a, b in zip([0, *sorted(widths)], sorted(widths), strict=False) if b - a > 1}
    return " " * (min(steps) if steps and min(steps) in (2, 3, 4, 8) else 4)


def is_filled(line: str) -> bool:
    """Return whether the line holds code."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def shifted(lines: list[str], first: int, last: int, by: int, unit: str = " ") -> str:
    """Return the source with the lines `first` to `last` (exclusive) moved by that many columns."""
    moved = []
    for place, line in enumerate(lines):
        if first <= place < last and line.strip():
            moved.append(
                (unit * by if unit == "\t" else " " * by) + line
                if by > 0
                else line[min(-by, width_of(line)) :]
            )
        else:
            moved.append(line)
    return "\n".join(moved)


def _missing_block(problem: Problem) -> Iterator[Reading]:
    """A header without an indented block."""
    if "expected an indented block" not in problem.message:
        return
    lines = problem.lines
    head = re.search(r"on line (\d+)", problem.message)
    line = int(head[1]) if head else problem.failure.line - 1
    line = min(max(line, 1), len(lines))
    low = problem.listing.on_line(line)
    header = line - 1
    if low:  # a header over several lines ends further down
        stop = problem.listing.statement(low[0])[1]
        header = problem.tokens[stop - 1].line - 1 if stop else header
    header = min(header, len(lines) - 1)
    base, unit = width_of(lines[line - 1]), indent_unit(lines)
    step = 1 if unit == "\t" else len(unit)
    first = next((i for i in range(header + 1, len(lines)) if is_filled(lines[i])), None)
    text = lines[line - 1].strip()
    word = text.split()[0].rstrip(":") if text else "it"
    claim = f"The line that begins with `{word}` is not followed by an indented block."
    indent = lines[line - 1][:base] + unit
    only_comment = [
        i for i in range(header + 1, first if first is not None else len(lines)) if lines[i].strip()
    ]
    at = (only_comment[-1] if only_comment else header) + 1
    placeholder = "\n".join([*lines[:at], f"{indent}pass", *lines[at:]])
    empty = (placeholder, "Add `pass` as a placeholder for the block.")
    if first is None or width_of(lines[first]) < base or (_CONTINUES.match(lines[first]) and word != "match"):
        yield reading(claim, empty, weight=0.92, certain=False)
        return
    level = width_of(lines[first])
    ends = _block_ends(lines, first, level)
    inner = re.match(r"(?:async\s+)?(?:def|class)\b", lines[first].strip())
    options = [(shifted(lines, first, end, step, unit), "Indent the lines below.") for end in ends]
    certain = len(ends) == 1 and not inner and not only_comment
    gap = not lines[header + 1].strip() if header + 1 < len(lines) else False
    if (inner and re.match(r"(?:async\s+)?def\b", text)) or (
        gap and re.match(r"(?:async\s+)?(?:def|class)\b", text) and inner
    ):
        options.insert(0, empty)
    elif not certain:
        options.append(empty)
    if only_comment and gap:
        options.reverse()
    yield reading(claim, *unique(options)[:5], weight=0.93, certain=certain)


def _block_ends(lines: list[str], first: int, level: int) -> list[int]:
    """Return where the block may end: after a `return` or `break`, at a blank line, after one statement."""
    ends: list[int] = []
    place = first
    statements: list[int] = []
    while place < len(lines):
        line = lines[place]
        if line.strip() and width_of(line) < level:
            break
        if place > first and is_filled(line) and width_of(line) == level:
            if _CONTINUES.match(line) and not _HEADER.match(lines[statements[-1]] if statements else ""):
                break
            if re.match(r"\s*(?:def|class|@|import|from)\b|\s*@", line) and not lines[place - 1].strip():
                break
            if not _CONTINUES.match(line):
                statements.append(place)
        elif place == first:
            statements.append(place)
        place += 1
    stop = place
    while stop > first + 1 and not lines[stop - 1].strip():
        stop -= 1
    blank = next(
        (i for i in range(first, stop) if not lines[i].strip() and _next_level(lines, i) <= level), stop
    )
    leaves = next(
        (
            i + 1
            for i in statements
            if i < blank and re.match(r"\s*(?:return|break|continue|raise)\b", lines[i])
        ),
        None,
    )
    after_one = statements[1] if len(statements) > 1 else stop
    if leaves is not None:
        ends.append(leaves)
    ends += [blank, after_one, stop]
    return list(dict.fromkeys(end for end in ends if end > first))


def _next_level(lines: list[str], place: int) -> int:
    return next((width_of(line) for line in lines[place:] if line.strip()), 0)


def _unexpected(problem: Problem) -> Iterator[Reading]:
    """A line that is indented more than the one above, which starts no block."""
    if "unexpected indent" not in problem.message:
        return
    lines = problem.lines
    place = min(problem.failure.line, len(lines)) - 1
    while place > 0 and not is_filled(lines[place]):
        place -= 1
    own = width_of(lines[place])
    above = next((i for i in range(place - 1, -1, -1) if is_filled(lines[i])), None)
    target = _statement_width(problem, above) if above is not None else 0
    if own <= target:
        return
    end = place
    while end < len(lines) and (not lines[end].strip() or width_of(lines[end]) >= own):
        end += 1
    claim = f"Line {place + 1} is indented more than the line above, which does not start a block."
    why = "Indent it like the line above."
    if above is None:
        claim, why = f"Line {place + 1} is indented, but no block starts above it.", "Remove the indentation."
    options = [(shifted(lines, place, end, target - own), why)]
    if end > place + 1:
        options.append((shifted(lines, place, place + 1, target - own), "Move only this line."))
    if above is not None:
        outer = sorted(
            {width_of(lines[i]) for i in range(above) if is_filled(lines[i]) and width_of(lines[i]) < target}
        )
        closer = [width for width in outer if abs(width - own) < abs(target - own)]
        options += [
            (shifted(lines, place, end, width - own), f"Indent it by {_columns(width)}.") for width in closer
        ]
        start = above
        while start > 0 and lines[start - 1].strip() and width_of(lines[start - 1]) == target:
            start -= 1
        around = next((i for i in range(start - 1, -1, -1) if is_filled(lines[i])), None)
        if around is not None and width_of(lines[around]) == own:
            # the lines above are the odd ones out: the code around them is indented like this line
            options.insert(
                0, (shifted(lines, start, place, own - target), "Indent the lines above like this one.")
            )
        text = lines[above].rstrip()
        if not text.endswith((":", ",", "\\")) and re.match(
            r"\s*(?:if|for|while|def|class|with|else|try|elif)\b", text
        ):
            options.insert(
                0,
                (
                    "\n".join([*lines[:above], text + ":", *lines[above + 1 :]]),
                    "End the line above with a colon, which starts a block.",
                ),
            )
    following = next((line for line in lines[end:] if is_filled(line)), None)
    sure = following is None or width_of(following) <= target
    yield reading(claim, *unique(options), weight=0.93, certain=sure and _same(options))


def _statement_width(problem: Problem, place: int) -> int:
    """Return the indentation of the logical line that ends on that line."""
    indices = problem.listing.on_line(place + 1)
    if not indices:
        return width_of(problem.lines[place])
    low = problem.listing.statement(indices[0])[0]
    return width_of(problem.listing.line_text(problem.tokens[low].line))


def _same(options: list[tuple[str, str]]) -> bool:
    """Return whether the options that can be parsed mean the same."""
    found = {tree for tree in (meaning(after) for after, _ in options) if tree is not None}
    return len(found) == 1


def _levels(lines: list[str]) -> list[int]:
    """Return the indentations of the blocks that are open after the lines."""
    levels = [0]
    for line in filter(is_filled, lines):
        width = width_of(line)
        while levels and width < levels[-1]:
            levels.pop()
        if not levels or width > levels[-1]:
            levels.append(width)
    return levels


_HEADS = {
    "else": "if|for|while|try|elif|except",
    "elif": "if|elif",
    "except": "try|except",
    "finally": "try|except|else",
    "case": "case",
}


def _unindent(problem: Problem) -> Iterator[Reading]:
    """A line between two levels of indentation."""
    if "unindent does not match" not in problem.message:
        return
    lines = problem.lines
    place = min(problem.failure.line, len(lines)) - 1
    own = width_of(lines[place])
    levels = _levels(lines[:place])
    nearest = sorted(set(levels), key=lambda width: (abs(width - own), -width))
    end = place + 1
    while end < len(lines) and (not lines[end].strip() or width_of(lines[end]) >= own):
        end += 1
    same = [i for i in range(place, len(lines)) if is_filled(lines[i]) and width_of(lines[i]) == own]
    options = []
    for width in nearest[:3]:
        options.append((shifted(lines, place, end, width - own), f"Indent it by {_columns(width)}."))
        if len(same) > 1 and same[-1] >= end:
            moved = [(" " * width + line.lstrip() if i in same else line) for i, line in enumerate(lines)]
            options.append(("\n".join(moved), f"Indent all lines like it by {_columns(width)}."))
    inner = max(levels)
    start = place
    while start > 0 and (not lines[start - 1].strip() or width_of(lines[start - 1]) >= inner):
        start -= 1
    if inner > own and start < place:
        options.append((shifted(lines, start, place, own - inner), "Indent the lines above like it."))
    if _CONTINUES.match(lines[place]):
        word = lines[place].split()[0].rstrip(":")
        fitting = [
            width_of(line)
            for line in lines[:place]
            if re.match(rf"\s*(?:{_HEADS.get(word, 'if')})\b", line) and width_of(line) in levels
        ]
        if fitting:
            best = min(fitting, key=lambda width: abs(width - own))
            options.insert(
                0,
                (
                    shifted(lines, place, end, best - own),
                    f"Align `{word}` with the statement that it belongs to.",
                ),
            )
    yield reading(
        f"Line {place + 1} is indented by {_columns(own)}, which matches no block above it.",
        *unique(options)[:6],
        weight=0.92,
        certain=_CONTINUES.match(lines[place]) is not None and _same(options),
    )


def _tabs(problem: Problem) -> Iterator[Reading]:
    if problem.failure.kind != "TabError" and not ("\t" in problem.source and "indent" in problem.message):
        return
    lines = problem.lines
    if not any("\t" in line[: width_of(line)] for line in lines):
        return
    options = []
    for size in (4, 8, 2):
        fixed = [line[: width_of(line)].expandtabs(size) + line[width_of(line) :] for line in lines]
        options.append(("\n".join(fixed), f"Replace each tab with {size} spaces."))
    yield reading(
        "The cell mixes tabs and spaces in its indentation.", *options, weight=0.95, certain=_same(options)
    )


SLIPS = (
    Slip(
        code="syntax.tabs",
        lesson="Tabs and spaces can look alike, but they are different to Python. Indent with spaces only.",
        find=_tabs,
    ),
    Slip(
        code="syntax.missing-block",
        lesson="A line that starts a block must be followed by at least one indented line. `pass` does "
        "nothing and fills an empty block.",
        find=_missing_block,
    ),
    Slip(
        code="syntax.unexpected-indent",
        lesson="All lines of a block begin in the same column. Only after a line that ends with a colon does "
        "the indentation increase.",
        find=_unexpected,
    ),
    Slip(
        code="syntax.unindent",
        lesson="When a block ends, the next line must be indented exactly like one of the enclosing blocks.",
        find=_unindent,
    ),
)
