"""Repairs of whole lines: blocks that are missing, in braces or in the wrong order, and handlers."""

import itertools
import re
from collections.abc import Iterator, Sequence

from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, reading, slip, unique

_CONTINUES = re.compile(r"\s*(?:elif|else|except|finally|case)\b")
_LEAVES = re.compile(r"\s*(?:return|break|continue|raise)\b")
_DEFINES = re.compile(r"\s*(?:async\s+)?(?:def|class)\b")
_OWNERS = {
    "else": re.compile(r"\s*(?:if|elif|for|while|try|except)\b"),
    "elif": re.compile(r"\s*(?:if|elif)\b"),
    "except": re.compile(r"\s*(?:try|except)\b"),
    "finally": re.compile(r"\s*(?:try|except|else)\b"),
}
_ALIGN = "Align `{}` with the statement that it belongs to."
_BRACED = re.compile(
    r"^(?P<indent>[ \t]*)(?:\}\s*)?(?P<head>(?:if|elif|else\s*if|else|for|while|def|class|try|except|finally"
    r"|with|func(?:tion)?)\b[^{}\n#]*?)\s*:?\s*\{\s*(?P<rest>[^\n}]*)\}?\s*$"
)
_BRACE_BELOW = re.compile(
    r"(?m)^([ \t]*(?:if|elif|else|for|while|def|class|func)\b[^\n{:#]*?)\s*\n\s*\{[ \t]*$"
)
_COUNTED = re.compile(
    r"for\s*\(?\s*(?:int |let |var )?\s*(\w+)\s*=\s*([^;,]+?)\s*[;,]\s*\1\s*(<=?|>=?|!=)\s*([^;,]+?)\s*"
    r"[;,]\s*(?:\1\s*(\+\+|--)|(\+\+|--)\s*\1|\1\s*([+-])=\s*(\w+)|\1\s*=\s*\1\s*([+-])\s*(\w+))\s*\)?\s*:?\s*\{?"
)
_BEGINNINGS = frozenset({
    "print", "return", "import", "break", "continue", "pass", "raise", "def", "class", "while", "with", "del",
    "assert", "from",
})  # fmt: skip


def width_of(line: str) -> int:
    """Return the columns of indentation."""
    return len(line) - len(line.lstrip(" \t"))


def indent_unit(lines: Sequence[str]) -> str:
    """Return one level of indentation of this cell: the smallest step used, else four spaces."""
    if any(line.startswith("\t") for line in lines):
        return "\t"
    widths = sorted({0, *(width_of(line) for line in lines if line.strip())})
    steps = {b - a for a, b in itertools.pairwise(widths) if b - a > 1}
    return " " * (min(steps) if steps and min(steps) in (2, 3, 4, 8) else 4)


def is_filled(line: str) -> bool:
    """Return whether the line holds code."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def block_end(lines: Sequence[str], start: int, least: int) -> int:
    """Return the line after those below `start` that are blank or indented by at least that much."""
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or width_of(lines[end]) >= least):
        end += 1
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return end


@slip("missing-block")
def _missing_block(problem: Problem) -> Iterator[Reading]:
    """A header without an indented block."""
    if "expected an indented block" not in problem.message:
        return
    lines = problem.lines
    found = re.search(r"on line (\d+)", problem.message)
    head = min(max(int(found[1]) if found else problem.failure.line - 1, 1), len(lines))
    header = head - 1
    if low := problem.listing.on_line(head):  # a header over several lines ends further down
        header = min(problem.tokens[problem.listing.statement(low[0])[1] - 1].line - 1, len(lines) - 1)
    base, unit = width_of(lines[head - 1]), indent_unit(lines)
    word = lines[head - 1].split()[0].rstrip(":")
    claim = f"The line that begins with `{word}` is not followed by an indented block."
    first = next((i for i in range(header + 1, len(lines)) if is_filled(lines[i])), len(lines))
    comments = [i for i in range(header + 1, first) if lines[i].strip()]
    at = (comments[-1] if comments else header) + 1
    placeholder = problem.lines_put(at, at, lines[head - 1][:base] + unit + "pass")
    empty = (placeholder, "Add `pass` as a placeholder for the block.")
    ended = first == len(lines) or width_of(lines[first]) < base
    if ended or (_CONTINUES.match(lines[first]) and not lines[first].lstrip().startswith("case")):
        yield reading(claim, empty, weight=0.92)
        return
    ends = dict.fromkeys(_block_ends(lines, first))
    options = [(problem.shifted(first, end, len(unit), unit), "Indent the lines below.") for end in ends]
    inner, outer = _DEFINES.match(lines[first]), _DEFINES.match(lines[head - 1])
    two_functions = inner and outer and "class" not in lines[head - 1]
    gap = header + 1 < len(lines) and not lines[header + 1].strip()
    options.insert(0 if two_functions or (gap and inner and outer) else len(options), empty)
    yield reading(claim, *unique(options)[:5], weight=0.93)


def _block_ends(lines: Sequence[str], first: int) -> Iterator[int]:
    """Yield where the block may end: after a `return` or `break`, at a blank line, after one statement."""
    level = width_of(lines[first])
    stop = block_end(lines, first, level)
    begun = [i for i in range(first, stop) if is_filled(lines[i]) and width_of(lines[i]) == level]
    for place in begun[1:]:
        above = lines[place - 1]
        apart = not above.strip() and re.match(r"\s*(?:def|class|import|from|@)", lines[place])
        if apart or (
            _CONTINUES.match(lines[place]) and not above.rstrip().endswith(":") and width_of(above) == level
        ):
            stop = place
            break
    begun = [i for i in begun if i < stop and not _CONTINUES.match(lines[i])]
    blank = next((i for i in range(first, stop) if not lines[i].strip() and i + 1 in begun), stop)
    yield from (i + 1 for i in begun if i < blank and _LEAVES.match(lines[i]))
    yield from (blank, begun[1] if len(begun) > 1 else stop, stop)


@slip("tabs")
def _tabs(problem: Problem) -> Iterator[Reading]:
    lines = problem.lines
    if "indent" in problem.message + problem.failure.kind.lower() or problem.failure.kind == "TabError":
        margins = [width_of(line) for line in lines]
        options = [
            (
                "\n".join(
                    line[:end].expandtabs(size) + line[end:] for line, end in zip(lines, margins, strict=True)
                ),
                f"Replace each tab with {size} spaces.",
            )
            for size in (4, 8, 2)
        ]
        if any("\t" in line[:end] for line, end in zip(lines, margins, strict=True)):
            yield reading("The cell mixes tabs and spaces in its indentation.", *options, weight=0.95)


@slip("lost-branch")
def _lost_branch(problem: Problem) -> Iterator[Reading]:
    """`else`, `elif`, `except`, `finally` indented unlike the statement they belong to."""
    low, high = problem.statement
    word = problem.text(low)
    if low >= high or word not in _OWNERS:
        return
    lines, place, owners = problem.lines, problem.tokens[low].line - 1, _OWNERS[word]
    own = width_of(lines[place])
    widths = dict.fromkeys(width_of(line) for line in reversed(lines[:place]) if owners.match(line))
    options = [
        (problem.shifted(place, stop, width - own), _ALIGN.format(word))
        for stop in (block_end(lines, place, own + 1), place + 1)
        for width in widths
        if width != own
    ]
    start = place  # the lines above may belong into the block
    while start > 0 and width_of(lines[start - 1]) <= own and not owners.match(lines[start - 1]):
        start -= 1
    if 0 < start < place and width_of(lines[start]) == own:
        unit = indent_unit(lines)
        options.append(
            (problem.shifted(start, place, len(unit), unit), "Indent the lines above into the block.")
        )
    if word in ("else", "elif") and not widths:
        begun = re.sub(r"^(\s*)elif\b", r"\1if", re.sub(r"^(\s*)else\s*:", r"\1if True:", lines[place]))
        options.append((problem.lines_put(place, place + 1, begun), "Begin a new `if` statement."))
    claim = f"There is no statement above that this `{word}` could belong to."
    yield reading(claim, *unique(options)[:5], weight=0.87)


@slip("exception-handler")
def _handlers(problem: Problem) -> Iterator[Reading]:
    """A bare `except:` that is not last, and `try` without a handler."""
    if "default 'except:' must be last" in problem.message:
        place = next((i for i, line in enumerate(problem.lines) if re.match(r"\s*except\s*:", line)), None)
        claim = "A bare `except:` catches every exception, so it must be the last handler."
        yield from _moved_last(problem, place, claim, r"\s*except\b")
    elif "expected 'except' or 'finally' block" in problem.message:
        yield from _lonely_try(problem)


@slip("match-pattern")
def _unreachable(problem: Problem) -> Iterator[Reading]:
    """A catch-all pattern that is not last."""
    if "makes remaining patterns unreachable" in problem.message:
        claim = "The pattern matches everything, so the patterns below it are never reached."
        yield from _moved_last(problem, problem.failure.line - 1, claim, r"\s*case\b")


def _moved_last(problem: Problem, place: int | None, claim: str, sibling: str) -> Iterator[Reading]:
    """Move a block below those after it that begin in the same way, in the same column."""
    if place is None:
        return
    lines = problem.lines
    own = width_of(lines[place])
    end = last = block_end(lines, place, own + 1)
    while last < len(lines) and width_of(lines[last]) == own and re.match(sibling, lines[last]):
        last = block_end(lines, last, own + 1)
    if last > end:
        after = problem.lines_put(place, last, *lines[end:last], *lines[place:end])
        yield reading(claim, (after, "Move it to the end."), weight=0.95)


def _lonely_try(problem: Problem) -> Iterator[Reading]:
    lines = problem.lines
    above = range(min(problem.failure.line, len(lines)) - 1, -1, -1)
    start = next((i for i in above if re.match(r"\s*try\s*:", lines[i])), None)
    if start is not None:
        own = width_of(lines[start])
        indent, end = lines[start][:own], block_end(lines, start, own + 1)
        ways = []
        for head, body in (("except Exception as error:", "print(error)"), ("finally:", "pass")):
            added = problem.lines_put(end, end, f"{indent}{head}", f"{indent}    {body}")
            ways.append((added, f"Add `{head}`."))
        yield reading("A `try` block needs an `except` or a `finally`.", *ways, weight=0.85)


@slip("lonely-decorator")
def _decorator(problem: Problem) -> Iterator[Reading]:
    """A decorator with nothing to decorate."""
    low, _ = problem.statement
    for place in (low, problem.listing.statement(low - 1)[0] if low > 0 else low):
        if problem.text(place) == "@":
            start, end = problem.listing.starts[problem.tokens[place].line - 1 :][:2]
            claim = "A decorator must be followed by a function or class definition."
            yield reading(claim, (problem.put((start, end, "")), "Remove the decorator."), weight=0.7)
            return


@slip("curly-blocks")
def _braces(problem: Problem) -> Iterator[Reading]:
    """`if (x > 1) {`, `} else {`, and `{` on the next line."""
    lines, any_braced = [], False
    for line in _BRACE_BELOW.sub(r"\1 {", problem.source).split("\n"):
        found = _BRACED.match(line)
        if found is not None:
            any_braced = True
            head = re.sub(r"^else\s+if\b", "elif", found["head"].rstrip())
            lines.append(f"{found['indent']}{re.sub(r'^func(tion)?', 'def', head)}:")
            if found["rest"].strip():
                lines.append(f"{found['indent']}    {found['rest'].strip()}")
        elif not re.fullmatch(r"\s*\}\s*;?\s*", line):
            lines.append(line)
    if any_braced:
        claim = "In Python, blocks are indented, not enclosed in braces."
        yield reading(claim, ("\n".join(lines), "Replace the braces with colons."), weight=0.96)


@slip("for-loop")
def _counted(problem: Problem) -> Iterator[Reading]:
    """`for (i = 0; i < n; i++)`"""
    low, high = problem.statement
    found = _COUNTED.match(problem.between(low, high))
    if found is None:
        return
    name, begin, sign, end = found.group(1, 2, 3, 4)
    down = "-" in (found[5] or found[6] or found[7] or found[9] or "+")
    step = found[8] or found[10] or "1"
    if sign in ("<=", ">="):
        by = -1 if down else 1
        end = str(int(end) + by) if end.lstrip("-").isdigit() else f"{end} {'-' if down else '+'} 1"
    arguments = f"{begin}, {end}" if begin != "0" or down or step != "1" else end
    if down or step != "1":
        arguments += f", {'-' if down else ''}{step}"
    start = problem.tokens[low].start
    new = f"for {name} in range({arguments}):"
    claim = "Python's `for` loops over the items of an iterable; it takes no counter with semicolons."
    after = problem.put((start, start + found.end(), new))
    yield reading(claim, (after, f"Write `{new}`, which counts the same way."), weight=0.97)


@slip("two-statements")
def _two_statements(problem: Problem) -> Iterator[Reading]:
    """`x = 1 y = 2`, and `else` in the middle of a line."""
    low, high = problem.statement
    indent = problem.listing.indent(problem.tokens[low].line)
    for index in range(low + 1, high):
        token, before, text = problem.tokens[index], problem.tokens[index - 1], problem.text(index)
        if token.opener >= 0 or token.first:
            continue
        margin, weight = None, 0.8
        if text in _OWNERS and problem.header_end(index, high) is not None:
            margin, weight = indent, 0.95
            if problem.header_end(low, index) is None:  # the line above begins the statement
                outer = [
                    problem.listing.indent(line)
                    for line in range(1, before.line)
                    if problem.listing.on_line(line)
                ]
                margin = next((other for other in reversed(outer) if len(other) < len(indent)), "")
        elif problem.ends_operand(index - 1):
            assigned = token.text.isidentifier() and problem.text(index + 1) in ("=", "+=", "-=")
            loop = text == "for" and problem.header_end(low, high) is not None
            if text in _BEGINNINGS or assigned or loop:
                margin = indent + ("    " if problem.header_end(low, index) is not None else "")
        if margin is not None:
            at = problem.tokens[index - 2].end if before.text == ";" else before.end
            after = problem.put((at, token.start, f"\n{margin}"))
            claim = f"`{text}` starts a new statement in the middle of a line."
            yield reading(claim, (after, "Put it on a line of its own."), weight=weight)
