"""Repairs of statements in the wrong place: `break`, `await`, `global` and `nonlocal`."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.blocks import block_end, width_of
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, reading, slip, unique

_FUNCTION = re.compile(r"\s*(?:async\s+)?def\b")


def _line_of(problem: Problem, pattern: str) -> int:
    """Return the place of the failing line if it or no line matches, else of the first that does."""
    lines, failing = problem.lines, problem.failure.line - 1
    return next((i for i in (failing, *range(len(lines))) if re.search(pattern, lines[i])), failing)


def _header_above(lines: list[str], place: int, pattern: str) -> int | None:
    """Return the nearest line above that matches and is indented less, or less than `place` is."""
    margin = width_of(lines[place])
    for above in range(place - 1, -1, -1):
        if lines[above].strip() and width_of(lines[above]) < margin:
            if re.match(pattern, lines[above]):
                return above
            margin = width_of(lines[above])
    return None


def _without(problem: Problem, place: int) -> str:
    """Return the source without the line, with `pass` where a block would be empty."""
    lines = problem.lines
    above = next((line for line in reversed(lines[:place]) if line.strip()), "")
    below = next((line for line in lines[place + 1 :] if line.strip()), "")
    own = width_of(lines[place])
    alone = own and above.rstrip().endswith(":") and width_of(below) < own
    return problem.lines_put(place, place + 1, *([lines[place][:own] + "pass"] if alone else []))


@slip("outside-loop")
def _outside_loop(problem: Problem) -> Iterator[Reading]:
    found = re.search(r"'(break)' outside loop|'(continue)' not properly in loop", problem.message)
    if found is None:
        return
    word, lines = found[1] or found[2], problem.lines
    place = _line_of(problem, rf"\b{word}\b")
    condition = _header_above(lines, place, r"\s*(?:if|elif|else)\b")
    options = []
    for start in (place, condition):  # the statement, or the `if` around it, belongs into the loop above
        body = _body_above(lines, start) if start is not None else 0
        if start is not None and body:
            end = block_end(lines, start, width_of(lines[start]) + 1)
            options.append((problem.shifted(start, end, body), "Indent it into the loop above."))

    def replaced(at: int, pattern: str, new: str) -> str:
        return problem.lines_put(at, at + 1, re.sub(pattern, new, lines[at], count=1))

    if _header_above(lines, place, _FUNCTION.pattern) is not None:
        options.append((replaced(place, rf"\b{word}\b", "return"), "Use `return` to leave the function."))
    if lines[place].strip() == word:
        options.append((_without(problem, place), f"Remove `{word}`."))
    options.append((replaced(place, rf"\b{word}\b", "pass"), f"Replace `{word}` with `pass`."))
    if condition is not None and re.match(r"\s*if\b", lines[condition]):
        options.append((replaced(condition, r"\bif\b", "while"), "Replace `if` with `while`."))
    yield reading(f"`{word}` is outside a loop.", *unique(options), weight=0.88)


def _body_above(lines: list[str], place: int) -> int:
    """Return by how many columns the line has to move to be in the loop that ends above it; 0 for none."""
    own, body = width_of(lines[place]), 0
    for above in range(place - 1, -1, -1):
        if not lines[above].strip():
            continue
        by = width_of(lines[above]) - own
        if by <= 0:
            return body if re.match(r"\s*(?:async\s+)?(?:for|while)\b", lines[above]) else 0
        body = min(body or by, by)
    return 0


@slip("await-outside")
def _await(problem: Problem) -> Iterator[Reading]:
    """`await`, `async with`, `async for` in a function that is not `async`."""
    if not re.search(r"outside (?:of an )?async(?:hronous)? function|'await' outside", problem.message):
        return
    lines, place = problem.lines, problem.failure.line - 1
    above = place if _FUNCTION.match(lines[place]) else _header_above(lines, place, _FUNCTION.pattern)
    if above is None:
        return
    name = re.search(r"def\s+(\w+)", lines[above])
    marked = re.sub(r"\bdef\b", "async def", lines[above], count=1)
    bare = re.sub(r"\b(?:await|async)\s+", "", lines[place], count=1)
    shown = f"`{name[1]}`" if name else "this function"
    yield reading(
        f"`await` and `async` are allowed only in an `async def` function, and {shown} is not one.",
        (problem.lines_put(above, above + 1, marked), "Make the function `async`."),
        (problem.lines_put(place, place + 1, bare), "Remove `await` or `async`."),
        weight=0.92,
    )


@slip("nonlocal")
def _nonlocal(problem: Problem) -> Iterator[Reading]:
    unbound = re.search(r"no binding for nonlocal '(\w+)' found", problem.message)
    if unbound is None and "nonlocal declaration not allowed at module level" not in problem.message:
        return
    place = _line_of(problem, r"^\s*nonlocal\b")
    declared = re.sub(r"\bnonlocal\b", "global", problem.lines[place])
    options = [
        (problem.lines_put(place, place + 1, declared), "Write `global`, if it is a variable of the cell."),
        (_without(problem, place), "Remove it: the variable is that of this block."),
    ]
    if unbound is None:
        options.reverse()
    claim = "`nonlocal` refers to a variable of an enclosing function, and there is none."
    yield reading(claim, *options, weight=0.88)


@slip("global")
def _global(problem: Problem) -> Iterator[Reading]:
    late = re.search(
        r"name '(\w+)' is (?:used|assigned to) (?:prior to|before) (\w+) declaration", problem.message
    )
    both = re.search(r"name '(\w+)' is (parameter|nonlocal|global) and (\w+)", problem.message)
    if late:
        yield from _late(problem, late[1], late[2])
    elif both:
        words = [word for word in (both[3], both[2]) if word != "parameter"]
        options = [
            (_undeclared(problem, both[1], word), f"Remove the {word} declaration of `{both[1]}`.")
            for word in dict.fromkeys(words)
        ]
        yield reading(f"`{both[1]}` cannot be both {both[2]} and {both[3]}.", *options, weight=0.88)


def _undeclared(problem: Problem, name: str, word: str) -> str:
    """Return the source in which the statement no longer declares the name."""
    lines, place = problem.lines, _line_of(problem, rf"^\s*{word}\b.*\b{name}\b")
    names = re.findall(r"\w+", re.sub(r"#.*", "", lines[place]))[1:]
    kept = [other for other in names if other != name]
    if not kept:
        return _without(problem, place)
    declared = lines[place][: width_of(lines[place])] + f"{word} {', '.join(kept)}"
    return problem.lines_put(place, place + 1, declared)


def _late(problem: Problem, name: str, word: str) -> Iterator[Reading]:
    lines, place = problem.lines, _line_of(problem, rf"^\s*{word}\b.*\b{name}\b")
    claim = f"`{name}` is used before its {word} declaration."
    above = _header_above(lines, place, _FUNCTION.pattern)
    if above is None:
        why = "Remove the declaration: outside functions, every name is global."
        yield reading(claim, (_without(problem, place), why), weight=0.9)
    elif lines[above].rstrip().endswith(":"):
        first = next(line for line in lines[above + 1 :] if line.strip())
        moved = first[: width_of(first)] + lines[place].strip()
        after = problem.lines_put(above + 1, place + 1, moved, *lines[above + 1 : place])
        yield reading(claim, (after, "Move the declaration to the beginning of the function."), weight=0.95)
