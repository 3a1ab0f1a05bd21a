"""Statements in the wrong place: `return`, `break`, `await`, `global` and `nonlocal`."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading, unique


def _start_of(problem: Problem, line: int) -> int:
    """Return the offset of the line's first character that is not whitespace."""
    return problem.listing.starts[line - 1] + len(problem.listing.indent(line))


def _line_of(problem: Problem, pattern: str) -> int | None:
    """Return the failing line if it matches, else the first that does."""
    lines = [problem.failure.line, *range(1, len(problem.listing.starts))]
    return next((line for line in lines if re.search(pattern, problem.listing.line_text(line))), None)


def _outer_block(problem: Problem, line: int, words: tuple[str, ...]) -> str | None:
    """Return the indentation of the block right above, if its header begins with one of the words."""
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
    """Return the source with the line, and its block, moved to that indentation."""
    lines = problem.lines
    own = len(problem.listing.indent(line))
    for place in range(line - 1, len(lines)):
        text = lines[place]
        if place > line - 1 and text.strip() and len(text) - len(text.lstrip()) <= own:
            break
        lines[place] = body + text[own:] if text.strip() else text
    return "\n".join(lines)


def _dropped(problem: Problem, line: int) -> str:
    """Return the source without the statement on that line, with `pass` where a block would be empty."""
    lines = problem.lines
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
        options.append((_indented(problem, line, body), "Indent it into the function above."))
    start = _start_of(problem, line)
    value = re.match(rf"\s*{word}\b(?:\s+from\b)?[ \t]*", text)
    if value and text[value.end() :].strip() and not text[value.end() :].lstrip().startswith(("#", ";")):
        cut = problem.put((start, problem.listing.starts[line - 1] + value.end(), ""))
        options.append((cut, f"Remove `{word}`; the cell shows the value."))
        rest = text[value.end() :].rstrip()
        shown = problem.put((start, problem.listing.starts[line - 1] + len(text.rstrip()), f"print({rest})"))
        options.append((shown, "Print the value."))
    else:
        options.append((_dropped(problem, line), f"Remove `{word}`."))
    yield reading(f"`{word}` is outside a function.", *options, weight=0.9)


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
    repeated = []
    # the statement itself, or the `if` around it, may be indented one level too little
    body = _outer_block(problem, line, ("for", "while"))
    if body is not None:
        options.append((_indented(problem, line, body), "Indent it into the loop above."))
    own = len(problem.listing.indent(line))
    for above in range(line - 1, 0, -1):
        head = problem.listing.line_text(above)
        if head.strip() and len(problem.listing.indent(above)) < own:
            outer = _outer_block(problem, above, ("for", "while"))
            if outer is not None:
                options.append(
                    (_indented(problem, above, outer), "Indent the condition into the loop above.")
                )
            if re.match(r"\s*if\b", head):
                at = _start_of(problem, above)
                repeated.append((problem.put((at, at + 2, "while")), "Replace `if` with `while`."))
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
            options.append(
                (problem.put((at, at + len(word), "return")), "Use `return` to leave the function.")
            )
        if text.strip() == word:
            options.append((_dropped(problem, line), f"Remove `{word}`."))
        else:
            passed = problem.put((at, at + len(word), "pass"))
            options.append((passed, f"Replace `{word}` with `pass`."))
    yield reading(f"`{word}` is outside a loop.", *unique(options + repeated), weight=0.88)


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
            options = [(problem.put((at, at, "async ")), "Make the function `async`.")]
            here = problem.listing.line_text(line)
            word = re.search(r"\b(?:await|async)\s+", here)
            if word:
                base = problem.listing.starts[line - 1]
                options.append(
                    (
                        problem.put((base + word.start(), base + word.end(), "")),
                        f"Remove `{word[0].strip()}`.",
                    )
                )
            name = re.match(r"\s*def\s+(\w+)", text)
            shown = f"`{name[1]}`" if name else "this function"
            yield reading(
                f"`await` and `async` are allowed only in an `async def` function, and {shown} is not one.",
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
            (_dropped(problem, line), "Remove it: names at the top level of a cell are global."),
            (
                re.sub(r"\bnonlocal\b", "global", problem.source, count=1),
                "Write `global`, which is allowed here.",
            ),
        ]
        yield reading(
            "`nonlocal` refers to a variable of an enclosing function, and there is none.",
            *options,
            weight=0.88,
        )
    elif found := re.search(r"no binding for nonlocal '(\w+)' found", problem.message):
        start = _start_of(problem, line)
        at = problem.source.find("nonlocal", start)
        options = []
        if at >= 0 and re.match(r"\s*nonlocal\s+\w+\s*(?:#.*)?$", text):
            options.append(
                (
                    problem.put((at, at + 8, "global")),
                    f"Write `global`, if `{found[1]}` is a variable of the cell.",
                )
            )
        options.append(
            (_dropped(problem, line), f"Remove `nonlocal`, which makes `{found[1]}` a local variable.")
        )
        yield reading(f"No enclosing function has a variable `{found[1]}`.", *options, weight=0.88)


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
        options = [(without, f"Remove the {word} declaration of `{name}`.")]
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
                        f"Remove the parameter `{name}`.",
                    )
                )
        elif both[2] != both[3]:
            other = "nonlocal" if word == "global" else "global"
            second = _line_of(problem, rf"^\s*{other}\b.*\b{name}\b")
            if second is not None:
                options.append(
                    (
                        _undeclared(problem, second, name, other),
                        f"Remove the {other} declaration of `{name}`.",
                    )
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
                f"A {annotated[2]} name cannot be annotated with a type.",
                (after, "Remove the annotation."),
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
    lines = problem.lines
    claim = f"`{name}` is used before its {word} declaration."
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
                ("\n".join(rest), "Move the declaration to the beginning of the function."),
                weight=0.95,
                certain=True,
            )
            return
    yield reading(
        f"{claim} Outside functions, every name is global anyway.",
        (_dropped(problem, line), "Remove the declaration."),
        weight=0.9,
    )


SLIPS = (
    Slip(
        code="syntax.outside-function",
        lesson="`return` and `yield` are allowed only inside a function. A notebook shows the value of a "
        "cell's last line without them.",
        find=_outside_function,
    ),
    Slip(
        code="syntax.outside-loop",
        lesson="`break` and `continue` are allowed only in the body of a loop. The indentation decides what "
        "is in the body.",
        find=_outside_loop,
    ),
    Slip(
        code="syntax.await-outside",
        lesson="`await` is allowed only inside an `async def` function and, in a notebook, at the top level "
        "of a cell.",
        find=_await,
    ),
    Slip(
        code="syntax.nonlocal",
        lesson="`nonlocal` refers to a variable of the enclosing function. For a variable of the cell, use "
        "`global`.",
        find=_nonlocal,
    ),
    Slip(
        code="syntax.global",
        lesson="`global` makes a function use the variable of the cell. It must come before the first use of "
        "the name, which cannot be a parameter.",
        find=_global,
    ),
)
