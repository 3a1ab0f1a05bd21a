"""Mistakes in `try`, `match` and decorators."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading


def _handlers(problem: Problem) -> Iterator[Reading]:
    """Misplaced or malformed `except` clauses, and `try` without a handler."""
    if "default 'except:' must be last" in problem.message:
        yield from _bare_except_first(problem)
    if "expected 'except' or 'finally' block" in problem.message:
        yield from _lonely_try(problem)
    low, high = problem.statement
    if low < high and problem.text(low) in ("except", "catch"):
        yield from _except_form(problem, low, high)


def _bare_except_first(problem: Problem) -> Iterator[Reading]:
    lines = problem.lines
    for place, text in enumerate(lines):
        if not re.match(r"\s*except\s*:", text):
            continue
        indent = len(text) - len(text.lstrip())

        def end_of_block(start: int, margin: int = indent) -> int:
            end = start + 1
            while end < len(lines) and (
                not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > margin
            ):
                end += 1
            return end

        end = end_of_block(place)
        last = end
        while last < len(lines) and re.match(rf"\s{{{indent}}}except\b", lines[last]):
            last = end_of_block(last)
        if last > end:
            block = lines[place:end]
            after = "\n".join([*lines[:place], *lines[end:last], *block, *lines[last:]])
            yield reading(
                "A bare `except:` catches every exception, so it must be the last handler.",
                (after, "Move the bare `except:` to the end."),
                weight=0.95,
                certain=True,
            )
            return


def _lonely_try(problem: Problem) -> Iterator[Reading]:
    lines = problem.lines
    stop = min(problem.failure.line, len(lines))
    start = next((i for i in range(stop - 1, -1, -1) if re.match(r"\s*try\s*:", lines[i])), None)
    if start is None:
        return
    indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
    end = start + 1
    while end < len(lines) and (
        not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > len(indent)
    ):
        end += 1
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    cleanup = [*lines[:end], f"{indent}finally:", f"{indent}    pass", *lines[end:]]
    body = lines[start + 1 : end]
    margin = min((len(line) - len(line.lstrip()) for line in body if line.strip()), default=0) - len(indent)
    bare = [*lines[:start], *(line[margin:] if line.strip() else line for line in body), *lines[end:]]
    options = []
    follow = next((line for line in lines[end:] if line.strip()), "")
    if re.match(r"\s*(?:except|finally)\b", follow):
        place = lines.index(follow, end)
        moved = list(lines)
        moved[place] = indent + follow.lstrip()
        options.append(("\n".join(moved), "Indent the handler like its `try`."))
    if "except" not in problem.source:
        handler = [
            *lines[:end],
            f"{indent}except Exception as error:",
            f"{indent}    print(error)",
            *lines[end:],
        ]
        options.append(("\n".join(handler), "Add an `except` that prints the error."))
    options += [
        ("\n".join(cleanup), "Add a `finally`, which hides no error."),
        ("\n".join(bare), "Remove the `try`, so that the error is shown."),
    ]
    yield reading("A `try` block needs an `except` or a `finally`.", *options, weight=0.85)


def _except_form(problem: Problem, low: int, high: int) -> Iterator[Reading]:
    """`except A or B:`, `except A e:`, `except (A, B) e:`, `except A as (e):`, `except as e:`"""
    colon = problem.header_end(low, high)
    end = colon if colon is not None else high
    text = problem.between(low + 1, end)
    if problem.text(low + 1) == "as" or text.startswith("as "):
        at = problem.tokens[low].end
        yield reading(
            "The exception class is missing before `as`.",
            (problem.put((at, at, " Exception")), "Catch `Exception`, which covers all ordinary errors."),
            weight=0.93,
            certain=True,
        )
        return
    for index in range(low + 1, end - 1):
        if (
            problem.ends_operand(index)
            and problem.tokens[index + 1].kind is TokenKind.NAME
            and problem.starts_operand(index + 1)
            and problem.tokens[index + 1].opener < 0
            and problem.text(index) != problem.text(index + 1)
        ):
            at = problem.tokens[index].end
            yield reading(
                "`as` is missing before the exception's name.",
                (problem.put((at, at, " as")), "Insert `as` before the name."),
                weight=0.95,
                certain=True,
            )
            return
        if problem.text(index) in ("=", ":", "->") and problem.tokens[index].opener < 0 and index + 1 < end:
            yield reading(
                f"An exception gets its name with `as`, not `{problem.text(index)}`.",
                (
                    problem.put((problem.tokens[index - 1].end, problem.tokens[index].end, " as")),
                    f"Replace `{problem.text(index)}` with `as`.",
                ),
                weight=0.9,
            )
            return
    if problem.text(end - 1) == "as":
        yield reading("The name after `as` is missing.", (problem.drop(end - 1), "Remove `as`."), weight=0.9)


def _decorator(problem: Problem) -> Iterator[Reading]:
    """A decorator with nothing to decorate."""
    low, _ = problem.statement
    line = problem.failure.line
    for place in (low, problem.listing.statement(low - 1)[0] if low > 0 else low):
        if problem.text(place) == "@":
            line = problem.tokens[place].line
            start, end = problem.listing.starts[line - 1], problem.listing.starts[line]
            yield reading(
                "A decorator must be followed by a function or class definition.",
                (problem.put((start, end, "")), "Remove the decorator."),
                weight=0.7,
            )
            return


def _match(problem: Problem) -> Iterator[Reading]:
    """A catch-all pattern that is not last, `default:`, `case a or b:`."""
    if "makes remaining patterns unreachable" in problem.message:
        lines = problem.lines
        place = problem.failure.line - 1
        indent = len(problem.listing.indent(place + 1))
        end = place + 1
        while end < len(lines) and (
            not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent
        ):
            end += 1
        last = end
        while last < len(lines) and (
            not lines[last].strip() or len(lines[last]) - len(lines[last].lstrip()) >= indent
        ):
            last += 1
        while last > end and not lines[last - 1].strip():
            last -= 1
        if last > end:
            after = "\n".join([*lines[:place], *lines[end:last], *lines[place:end], *lines[last:]])
            yield reading(
                "The pattern matches everything, so the patterns below it are never reached.",
                (after, "Move it to the end."),
                weight=0.9,
                certain="wildcard" in problem.message,
            )
        return
    low, high = problem.statement
    if low >= high:
        return
    if problem.text(low) in ("default", "else", "otherwise") and re.search(r"\bmatch\b", problem.source):
        yield reading(
            "The default case of `match` is written `case _:`.",
            (problem.swap(low, "case _"), "Write `case _`, which matches everything else."),
            weight=0.94,
            certain=True,
        )
    elif problem.text(low) == "case":
        changes = [(t.start, t.end, "|") for t in problem.tokens[low:high] if t.text == "or"]
        stop = problem.header_end(low, high)
        guard = next((i for i in range(low, high) if problem.text(i) == "if"), high)
        changes = [
            change for change in changes if change[0] < problem.tokens[min(guard, stop or high, high) - 1].end
        ]
        if changes:
            yield reading(
                "Alternative patterns are separated by `|`, not `or`.",
                (problem.put(*changes), "Replace `or` with `|`."),
                weight=0.94,
                certain=True,
            )
        if problem.text(low + 1) in ("default", "else"):
            yield reading(
                "The default case of `match` is written `case _:`.",
                (problem.swap(low + 1, "_"), "Write `_`, which matches everything else."),
                weight=0.93,
                certain=True,
            )


SLIPS = (
    Slip(
        code="syntax.exception-handler",
        lesson="After a `try` block come `except SomeError as name:` blocks, the most general one last, and "
        "optionally `finally:`.",
        find=_handlers,
    ),
    Slip(
        code="syntax.lonely-decorator",
        lesson="A line that begins with `@` decorates the function or class defined right below it.",
        find=_decorator,
    ),
    Slip(
        code="syntax.match-pattern",
        lesson="`match` tries its `case` patterns from top to bottom. `case _:` matches everything, so it "
        "comes last.",
        find=_match,
    ),
)
