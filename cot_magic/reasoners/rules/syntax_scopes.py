"""Statements in the wrong place: `return`, `break`, `await`, `global` and handlers of exceptions."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.rules.syntax_lexer import Kind
from cot_magic.reasoners.rules.syntax_problem import Mistake, Problem, Reading, reading, unique


def _start_of(problem: Problem, line: int) -> int:
    """The line's first character that is no white space, as an offset."""
    return problem.listing.starts[line - 1] + len(problem.listing.indent(line))


def _line_of(problem: Problem, pattern: str) -> int | None:
    """The failing line if it fits, else the first that does."""
    lines = [problem.failure.line, *range(1, len(problem.listing.starts))]
    return next((line for line in lines if re.search(pattern, problem.listing.line_text(line))), None)


def _outer_block(problem: Problem, line: int, words: tuple[str, ...]) -> str | None:
    """The indentation of the body of the block above that begins with one of the words, if the line stands right
    behind it."""
    own = len(problem.listing.indent(line))
    body = None
    for above in range(line - 1, 0, -1):
        text = problem.listing.line_text(above)
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        indent = len(problem.listing.indent(above))
        if indent > own:
            body = problem.listing.indent(above) if body is None or indent < len(body) else body
            continue
        if body is not None and re.match(rf"(?:async\s+)?(?:{'|'.join(words)})\b", text.strip()):
            return body
        return None
    return None


def _indented(problem: Problem, line: int, body: str) -> str:
    """The source with the line, and what belongs to it, moved to that indentation."""
    lines = problem.source.split("\n")
    own = len(problem.listing.indent(line))
    for place in range(line - 1, len(lines)):
        text = lines[place]
        if place > line - 1 and text.strip() and len(text) - len(text.lstrip()) <= own:
            break
        lines[place] = body + text[own:] if text.strip() else text
    return "\n".join(lines)


def _dropped(problem: Problem, line: int) -> str:
    """The source without the statement of that line; `pass` where a block would be empty."""
    lines = problem.source.split("\n")
    indent = problem.listing.indent(line)
    above = next((text for text in reversed(lines[: line - 1]) if text.strip()), "")
    following = next((text for text in lines[line:] if text.strip()), "")
    alone = above.rstrip().endswith(":") and len(following) - len(following.lstrip()) < len(indent)
    if alone and indent:
        lines[line - 1] = indent + "pass"
    else:
        del lines[line - 1]
    return "\n".join(lines)


def _outside_function(problem: Problem) -> Iterator[Reading]:
    found = re.search(r"'(return|yield|yield from)' outside function", problem.message)
    if found is None:
        return
    word = found[1].split()[0]
    line = problem.failure.line
    text = problem.listing.line_text(line)
    if not re.search(rf"\b{word}\b", text):
        line = _line_of(problem, rf"^\s*{word}\b") or line
        text = problem.listing.line_text(line)
    options = []
    body = _outer_block(problem, line, ("def",)) if text.lstrip().startswith(word) else None
    inner = _outer_block(problem, line, ("def", "for", "while", "if", "with", "else", "elif"))
    if body is not None and inner is not None:
        options.append((_indented(problem, line, body), "It belongs to the function above."))
    start = _start_of(problem, line)
    value = re.match(rf"\s*{word}\b(?:\s+from\b)?[ \t]*", text)
    if value and text[value.end() :].strip() and not text[value.end() :].lstrip().startswith(("#", ";")):
        cut = problem.put((start, problem.listing.starts[line - 1] + value.end(), ""))
        options.append((cut, f"Without `{word}` the cell shows the value."))
        rest = text[value.end() :].rstrip()
        shown = problem.put((start, problem.listing.starts[line - 1] + len(text.rstrip()), f"print({rest})"))
        options.append((shown, "The value is printed."))
    else:
        if inner is not None and body is not None:
            pass
        options.append((_dropped(problem, line), f"`{word}` is left out."))
    yield reading(
        f"`{word}` stands outside of a function, where there is nothing to return to.", *options, weight=0.9
    )


def _outside_loop(problem: Problem) -> Iterator[Reading]:
    found = re.search(r"'(break)' outside loop|'(continue)' not properly in loop", problem.message)
    if found is None:
        return
    word = found[1] or found[2]
    line = problem.failure.line
    if not re.search(rf"\b{word}\b", problem.listing.line_text(line)):
        line = _line_of(problem, rf"\b{word}\b") or line
    text = problem.listing.line_text(line)
    options = []
    # the statement itself, or the `if` around it, may stand one level too far left
    body = _outer_block(problem, line, ("for", "while"))
    if body is not None:
        options.append((_indented(problem, line, body), "It belongs to the loop above."))
    own = len(problem.listing.indent(line))
    for above in range(line - 1, 0, -1):
        head = problem.listing.line_text(above)
        if head.strip() and len(problem.listing.indent(above)) < own:
            outer = _outer_block(problem, above, ("for", "while"))
            if outer is not None:
                options.append((_indented(problem, above, outer), "The condition belongs to the loop above."))
            if re.match(r"\s*if\b", head):
                options.append(
                    (
                        re.sub(r"^(\s*)if\b", r"\1while", head)
                        and problem.put((_start_of(problem, above), _start_of(problem, above) + 2, "while")),
                        "The condition repeats as a loop.",
                    )
                )
            break
    in_function = any(
        re.match(r"\s*(?:async\s+)?def\b", problem.listing.line_text(above))
        and len(problem.listing.indent(above)) < own
        for above in range(line - 1, 0, -1)
    )
    place = re.search(rf"\b{word}\b", text)
    if place:
        at = problem.listing.starts[line - 1] + place.start()
        if in_function:
            options.append((problem.put((at, at + len(word), "return")), "`return` leaves the function."))
        options.append(
            (
                _dropped(problem, line)
                if text.strip() == word
                else problem.put((at, at + len(word), "pass")),
                f"`{word}` is left out.",
            )
        )
    yield reading(
        f"`{word}` stands outside of a loop, where there is nothing to leave.", *unique(options), weight=0.88
    )


def _await(problem: Problem) -> Iterator[Reading]:
    """`await`, `async with`, `async for` in a function that is not `async`."""
    if not re.search(r"outside (?:of an )?async(?:hronous)? function|'await' outside", problem.message):
        return
    line = problem.failure.line
    own = len(problem.listing.indent(line)) if problem.listing.indent(line) else 1000
    for above in range(line, 0, -1):
        text = problem.listing.line_text(above)
        found = re.match(r"\s*def\b", text)
        if found and (len(problem.listing.indent(above)) < own or above == line):
            at = _start_of(problem, above)
            options = [(problem.put((at, at, "async ")), "The function is `async` now.")]
            here = problem.listing.line_text(line)
            word = re.search(r"\b(?:await|async)\s+", here)
            if word:
                base = problem.listing.starts[line - 1]
                options.append(
                    (
                        problem.put((base + word.start(), base + word.end(), "")),
                        f"`{word[0].strip()}` is left out.",
                    )
                )
            name = re.match(r"\s*def\s+(\w+)", text)
            yield reading(
                f"`await` and `async` work only in an `async` function, and `{name[1] if name else 'this one'}` is not.",
                *options,
                weight=0.92,
                certain=False,
            )
            return


def _nonlocal(problem: Problem) -> Iterator[Reading]:
    line = problem.failure.line
    text = problem.listing.line_text(line)
    if "nonlocal declaration not allowed at module level" in problem.message:
        options = [
            (_dropped(problem, line), "At the top of a cell all names are global anyway."),
            (re.sub(r"\bnonlocal\b", "global", problem.source, count=1), "`global` is allowed there."),
        ]
        yield reading(
            "`nonlocal` means a variable of the function around; here there is none.", *options, weight=0.88
        )
    elif found := re.search(r"no binding for nonlocal '(\w+)' found", problem.message):
        start = _start_of(problem, line)
        at = problem.source.find("nonlocal", start)
        options = []
        if at >= 0 and re.match(r"\s*nonlocal\s+\w+\s*(?:#.*)?$", text):
            options.append((problem.put((at, at + 8, "global")), f"`{found[1]}` is a variable of the cell."))
        options.append((_dropped(problem, line), "It is a variable of the function itself."))
        yield reading(f"No function around has a variable `{found[1]}`.", *options, weight=0.88)


def _global(problem: Problem) -> Iterator[Reading]:
    late = re.search(
        r"name '(\w+)' is (?:used|assigned to) (?:prior to|before) (global|nonlocal) declaration",
        problem.message,
    )
    both = re.search(
        r"name '(\w+)' is (parameter|nonlocal|global) and (global|nonlocal|parameter)", problem.message
    )
    annotated = re.search(r"annotated name '(\w+)' can't be (global|nonlocal)", problem.message)
    if late:
        yield from _late_declaration(problem, late[1], late[2])
    elif both:
        name = both[1]
        word = "global" if "global" in both[0].rsplit(" is ", 1)[1] else "nonlocal"
        line = _line_of(problem, rf"^\s*{word}\b.*\b{name}\b")
        if line is None:
            return
        without = _undeclared(problem, line, name, word)
        options = [(without, f"`{name}` is not declared as {word}.")]
        if both[2] == "parameter" or both[3] == "parameter":
            definition = re.search(rf"(?m)^(\s*def\s+\w+\s*\()([^)]*\b{name}\b[^)]*)(\))", problem.source)
            if definition:
                parameters = ", ".join(
                    part.strip()
                    for part in definition[2].split(",")
                    if not re.match(rf"\s*\*?{name}\b", part)
                )
                options.append(
                    (
                        problem.put((definition.start(2), definition.end(2), parameters)),
                        f"`{name}` is no parameter.",
                    )
                )
        elif both[2] != both[3]:
            other = "nonlocal" if word == "global" else "global"
            second = _line_of(problem, rf"^\s*{other}\b.*\b{name}\b")
            if second is not None:
                options.append(
                    (_undeclared(problem, second, name, other), f"`{name}` is not declared as {other}.")
                )
        yield reading(f"`{name}` cannot be both {both[2]} and {both[3]}.", *options, weight=0.88)
    elif annotated:
        line = problem.failure.line
        text = problem.listing.line_text(line)
        mark = re.match(rf"(\s*{annotated[1]})\s*:[^=]+(?==|$)", text)
        if mark:
            base = problem.listing.starts[line - 1]
            after = problem.put(
                (base + mark.end(1), base + mark.end(), " " if mark.end() < len(text) else "")
            )
            yield reading(
                f"A {annotated[2]} name cannot get a type.",
                (after, "The type is left out."),
                weight=0.9,
                certain=True,
            )


def _undeclared(problem: Problem, line: int, name: str, word: str) -> str:
    text = problem.listing.line_text(line)
    names = [part.strip() for part in re.sub(rf"^\s*{word}\s+|\s*#.*$", "", text).split(",")]
    kept = [part for part in names if part != name]
    if not kept:
        return _dropped(problem, line)
    start = _start_of(problem, line)
    return problem.put((start, problem.listing.starts[line - 1] + len(text), f"{word} {', '.join(kept)}"))


def _late_declaration(problem: Problem, name: str, word: str) -> Iterator[Reading]:
    line = _line_of(problem, rf"^\s*{word}\b.*\b{name}\b")
    if line is None:
        return
    own = len(problem.listing.indent(line))
    lines = problem.source.split("\n")
    claim = f"`{name}` is used before it is declared as {word}."
    for above in range(line - 1, 0, -1):
        text = problem.listing.line_text(above)
        if re.match(r"\s*(?:async\s+)?def\b", text) and len(problem.listing.indent(above)) < own:
            if not text.rstrip().endswith(":"):
                return
            first = next((i for i in range(above, line) if lines[i].strip()), above)
            indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
            declaration = indent + lines[line - 1].strip()
            rest = [*lines[:above], declaration, *lines[above : line - 1], *lines[line:]]
            yield reading(
                claim,
                ("\n".join(rest), "The declaration stands at the beginning of the function."),
                weight=0.95,
                certain=True,
            )
            return
    yield reading(
        f"{claim} Outside of functions every name is global anyway.",
        (_dropped(problem, line), "The declaration is left out."),
        weight=0.9,
    )


def _handlers(problem: Problem) -> Iterator[Reading]:
    """`except:` that is not last, `try` without `except`, two kinds of handlers."""
    if "default 'except:' must be last" in problem.message:
        yield from _bare_except_first(problem)
    if "expected 'except' or 'finally' block" in problem.message:
        yield from _lonely_try(problem)
    low, high = problem.statement
    if low < high and problem.text(low) in ("except", "catch"):
        yield from _except_form(problem, low, high)


def _bare_except_first(problem: Problem) -> Iterator[Reading]:
    lines = problem.source.split("\n")
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
            block = [line for line in lines[place:end]]
            after = "\n".join([*lines[:place], *lines[end:last], *block, *lines[last:]])
            yield reading(
                "`except:` without a class takes every exception, so it must be the last.",
                (after, "It stands last."),
                weight=0.95,
                certain=True,
            )
            return


def _lonely_try(problem: Problem) -> Iterator[Reading]:
    lines = problem.source.split("\n")
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
        options.append(("\n".join(moved), "The handler is as far indented as its `try`."))
    if "except" not in problem.source:
        handler = [
            *lines[:end],
            f"{indent}except Exception as error:",
            f"{indent}    print(error)",
            *lines[end:],
        ]
        options.append(("\n".join(handler), "A handler says what happened."))
    options += [
        ("\n".join(cleanup), "`finally` completes it and hides no error."),
        ("\n".join(bare), "Without `try` the error is shown."),
    ]
    yield reading("`try` needs an `except` or a `finally`.", *options, weight=0.85)


def _except_form(problem: Problem, low: int, high: int) -> Iterator[Reading]:
    """`except A or B:`, `except A e:`, `except (A, B) e:`, `except A as (e):`, `except as e:`"""
    colon = problem.header_end(low, high)
    end = colon if colon is not None else high
    text = problem.between(low + 1, end)
    if problem.text(low + 1) == "as" or text.startswith("as "):
        at = problem.tokens[low].end
        yield reading(
            "The class of the exception is missing.",
            (problem.put((at, at, " Exception")), "`Exception` takes every error."),
            weight=0.93,
            certain=True,
        )
        return
    for index in range(low + 1, end - 1):
        if (
            problem.ends_operand(index)
            and problem.tokens[index + 1].kind is Kind.NAME
            and problem.starts_operand(index + 1)
            and problem.tokens[index + 1].opener < 0
            and problem.text(index) != problem.text(index + 1)
        ):
            at = problem.tokens[index].end
            yield reading(
                "Before the exception's name `as` is missing.",
                (problem.put((at, at, " as")), "`as` gives it a name."),
                weight=0.95,
                certain=True,
            )
            return
        if problem.text(index) in ("=", ":", "->") and problem.tokens[index].opener < 0 and index + 1 < end:
            yield reading(
                "An exception gets its name by `as`.",
                (
                    problem.put((problem.tokens[index - 1].end, problem.tokens[index].end, " as")),
                    "`as` gives it a name.",
                ),
                weight=0.9,
            )
            return
    if problem.text(end - 1) == "as":
        yield reading(
            "Behind `as` a name is missing.", (problem.drop(end - 1), "`as` is left out."), weight=0.9
        )


def _decorator(problem: Problem) -> Iterator[Reading]:
    """A decorator with nothing to decorate."""
    low, high = problem.statement
    line = problem.failure.line
    for place in (low, problem.listing.statement(low - 1)[0] if low > 0 else low):
        if problem.text(place) == "@":
            line = problem.tokens[place].line
            start, end = problem.listing.starts[line - 1], problem.listing.starts[line]
            yield reading(
                "A decorator must be followed by a function or a class.",
                (problem.put((start, end, "")), "The decorator is left out."),
                weight=0.7,
            )
            return


def _match(problem: Problem) -> Iterator[Reading]:
    """Patterns that take everything before the last, `default:`, `case a or b:`."""
    if "makes remaining patterns unreachable" in problem.message:
        lines = problem.source.split("\n")
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
                "The pattern takes everything, so that those below are never reached.",
                (after, "It stands last."),
                weight=0.9,
                certain="wildcard" in problem.message,
            )
        return
    low, high = problem.statement
    if low >= high:
        return
    if problem.text(low) in ("default", "else", "otherwise") and re.search(r"\bmatch\b", problem.source):
        yield reading(
            "In `match` the rest is taken by `case _:`.",
            (problem.swap(low, "case _"), "`case _` takes the rest."),
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
                "Patterns are joined by `|`.",
                (problem.put(*changes), "`|` joins them."),
                weight=0.94,
                certain=True,
            )
        if problem.text(low + 1) in ("default", "else"):
            yield reading(
                "In `match` the rest is taken by `case _:`.",
                (problem.swap(low + 1, "_"), "`_` takes the rest."),
                weight=0.93,
                certain=True,
            )


MISTAKES = (
    Mistake(
        code="syntax.outside-function",
        lesson="`return` and `yield` belong to a function. In a notebook the value of a cell's last line is shown "
        "without them.",
        find=_outside_function,
    ),
    Mistake(
        code="syntax.outside-loop",
        lesson="`break` and `continue` belong to the body of a loop; the indentation decides whether they are in it.",
        find=_outside_loop,
    ),
    Mistake(
        code="syntax.await-outside",
        lesson="`await` waits within an `async def` function. In a notebook it is also allowed outside of functions.",
        find=_await,
    ),
    Mistake(
        code="syntax.nonlocal",
        lesson="`nonlocal` means a variable of the function that surrounds this one. Variables of the cell are `global`.",
        find=_nonlocal,
    ),
    Mistake(
        code="syntax.global",
        lesson="`global` says that a function means the variable outside. It must stand before the first use and cannot "
        "be said of a parameter.",
        find=_global,
    ),
    Mistake(
        code="syntax.exception-handler",
        lesson="A `try` block is followed by `except Class as name:` blocks, the most general last, and perhaps by "
        "`finally:`.",
        find=_handlers,
    ),
    Mistake(
        code="syntax.lonely-decorator",
        lesson="A line that begins with `@` changes the function or class that is defined right below it.",
        find=_decorator,
    ),
    Mistake(
        code="syntax.match-pattern",
        lesson="`match` tries its `case` patterns from top to bottom. `case _:` takes everything and stands last.",
        find=_match,
    ),
)
