"""Stars, deletions, loop variables and second statements where Python expects something else."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.assignments import expression, is_target
from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    Problem,
    Reading,
    Slip,
    reading,
)


def _star_target(problem: Problem) -> Iterator[Reading]:
    """`*a = b`, `a = *b`, `print(*)`, `(*a)`, `*a, *b = c`."""
    low, high = problem.statement
    message = problem.message
    sign = next(
        (i for i in range(low, high) if problem.text(i) == "=" and problem.tokens[i].opener < 0), None
    )
    stars = [
        i for i in range(low, high) if problem.text(i) in ("*", "**") and not problem.ends_operand(i - 1)
    ]
    if not stars:
        return
    star = stars[0]
    if "multiple starred" in message and sign is not None and len(stars) > 1:
        options = [
            (problem.drop(index), "Only one variable takes the rest.") for index in (stars[0], stars[1])
        ]
        yield reading("Only one variable on the left may take the rest.", *options, weight=0.85)
    elif sign is not None and star == low and "," not in [problem.text(i) for i in range(low, sign)]:
        at = problem.tokens[sign - 1].end
        yield reading(
            "A variable with a star must stand in a list of variables.",
            (problem.put((at, at, ",")), "A comma makes it a list of one."),
            (problem.drop(star), "The star is left out."),
            weight=0.88,
        )
    elif "starred expression" in message or "can't use starred" in message or problem.text(star) == "**":
        end = star + 1
        depth = problem.tokens[star].opener
        while (
            end + 1 < high
            and problem.tokens[end + 1].opener >= depth
            and problem.text(end + 1) not in (",", ";")
            and not (
                problem.text(end + 1) in (")", "]", "}") and problem.listing.partner.get(end + 1) == depth
            )
        ):
            end += 1
        inner = problem.between(star, end + 1)
        options = [(problem.drop(star), "The star is left out.")]
        if problem.text(star) == "*":
            at = problem.tokens[end].end
            comma = (problem.put((at, at, ",")), "A comma makes a tuple of the items.")
            wrapped = (problem.swap(star, f"[{inner}]", end), "Square brackets make a list of the items.")
            options = (
                [comma, wrapped, *options]
                if (sign is not None or depth >= 0) and "dictionary value" not in message
                else [*options, comma, wrapped]
            )
        else:
            options.insert(
                0, (problem.swap(star, f"{{{inner}}}", end), "Curly brackets make a dict of the pairs.")
            )
        yield reading("A star unpacks only inside brackets or a list of items.", *options, weight=0.85)


def _deletion(problem: Problem) -> Iterator[Reading]:
    """`del f(x)`, `del a + b`, `del 3`, `del x = 3`."""
    low, high = problem.statement
    index = next((i for i in range(low, high) if problem.text(i) == "del"), None)
    if index is None or index + 1 >= high:
        return
    text = problem.between(index + 1, high)
    node = expression(text)
    options = list(_deletions(problem, index, text, node))
    if options:
        yield reading(
            f"`{text[:60]}` cannot be deleted: `del` takes names, attributes and items.", *options, weight=0.9
        )


def _deletions(problem: Problem, index: int, text: str, node: ast.expr | None) -> Iterator[tuple[str, str]]:
    """What may be meant by the deletion of something that is no name."""
    last, first = problem.statement[1] - 1, index + 1
    if isinstance(node, ast.Call):
        function = ast.unparse(node.func)
        arguments = [ast.unparse(item) for item in node.args]
        ways = [(problem.swap(first, function, last), f"`{function}` itself is deleted.")]
        if len(arguments) == 1:
            item = problem.swap(first, f"{function}[{arguments[0]}]", last)
            ways.insert(isinstance(node.func, ast.Name), (item, "Square brackets reach an item."))
        yield from ways
        if arguments and all(is_target(argument) for argument in arguments):
            yield problem.swap(first, ", ".join(arguments), last), "The arguments are deleted."
        yield problem.drop(index), "The function is called."
    elif isinstance(node, ast.BinOp | ast.Compare | ast.BoolOp):
        names = list(dict.fromkeys(item.id for item in ast.walk(node) if isinstance(item, ast.Name)))
        if names:
            yield problem.swap(first, ", ".join(names), last), "Several names are separated by commas."
            yield problem.swap(first, names[0], last), "One name is deleted."
        yield problem.drop(index), "The value is not deleted."
    elif text.startswith("*"):
        yield problem.drop(first), "The star is left out."
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str) and node.value.isidentifier():
            yield problem.swap(first, node.value, last), "A name stands there without quotes."
        yield problem.swap(index, "pass", last), "There is nothing to delete."
    elif (found := re.match(r"([^=]+?)\s*=", text)) and is_target(found[1]):
        yield problem.swap(first, found[1], last), "Only the name stands behind `del`."
        yield problem.drop(index), "The value is assigned."


def _loop_target(problem: Problem) -> Iterator[Reading]:
    """`for 1 in x`, `for "i" in x`, `for f(x) in y`, `with open(p) as "f"`, `[... for 1 in y]`."""
    if "cannot assign to" not in problem.message:
        return
    index = problem.at
    before = problem.text(index - 1)
    if before not in ("for", "as", "import") or index >= len(problem.tokens):
        return
    token = problem.tokens[index]
    options = []
    if token.kind is TokenKind.STRING and token.text[1:-1].isidentifier():
        options.append((problem.swap(index, token.text[1:-1]), "The name stands there without quotes."))
    else:
        end = index
        while end + 1 < len(problem.tokens) and problem.text(end + 1) not in ("in", ":", ","):
            end += 1
        options.append(
            (problem.swap(index, "i" if before == "for" else "result", end), "A variable stands there.")
        )
    yield reading(
        f"Behind `{before}` a name must stand.", *options, weight=0.88, certain=token.kind is TokenKind.STRING
    )


_BEGINNINGS = frozenset(
    (
        "print",
        "return",
        "import",
        "break",
        "continue",
        "pass",
        "raise",
        "def",
        "class",
        "while",
        "with",
        "del",
    )
) | {"assert", "from"}


def _one_line_else(problem: Problem, index: int) -> Iterator[Reading]:
    """`if a: b = 1 else: b = 2`"""
    low, high = problem.statement
    if (
        problem.text(index) not in ("else", "elif", "except", "finally")
        or problem.header_end(low, index) is None
    ):
        return
    colon = problem.header_end(index, high)
    if colon is not None and colon < high - 1:
        before = index - (problem.text(index - 1) == ";")
        indent = problem.listing.indent(problem.tokens[low].line)
        at, start = problem.tokens[before - 1].end, problem.tokens[index].start
        yield reading(
            f"`{problem.text(index)}` begins a line of its own.",
            (problem.put((at, start, f"\n{indent}")), "It stands on the next line."),
            weight=0.95,
            certain=True,
        )


def _two_statements(problem: Problem) -> Iterator[Reading]:
    """`x = 1 y = 2` and `return x = 3`: two statements on one line."""
    low, high = problem.statement
    for index in range(low + 1, high):
        if problem.tokens[index].opener >= 0 or problem.tokens[index].first:
            continue
        text = problem.text(index)
        yield from _one_line_else(problem, index)
        if not problem.ends_operand(index - 1):
            continue
        assigned = problem.tokens[index].kind is TokenKind.NAME and problem.text(index + 1) in (
            "=",
            "+=",
            "-=",
        )
        loop = text == "for" and problem.header_end(low, high) is not None
        at, start = problem.tokens[index - 1].end, problem.tokens[index].start
        indent = problem.listing.indent(problem.tokens[low].line)
        if text in ("else", "elif", "except", "finally") and problem.header_end(index, high) == high - 1:
            outer = [
                problem.listing.indent(line)
                for line in range(1, problem.tokens[low].line)
                if problem.listing.on_line(line) and len(problem.listing.indent(line)) < len(indent)
            ]
            yield reading(
                f"`{text}` begins a new line.",
                (
                    problem.put((at, start, "\n" + (outer[-1] if outer else ""))),
                    "It stands on a line of its own.",
                ),
                weight=0.93,
            )
        elif text in _BEGINNINGS or assigned or loop:
            if problem.header_end(low, index) is not None:
                indent += "    "
            yield reading(
                f"`{text}` begins a new statement in the middle of a line.",
                (problem.put((at, start, f"\n{indent}")), "It stands on a line of its own."),
                weight=0.8,
            )
    if problem.text(low) == "return" and low + 2 < high and problem.text(low + 2) == "=":
        indent = problem.listing.indent(problem.tokens[low].line)
        name = problem.text(low + 1)
        new = f"{problem.between(low + 1, high)}\n{indent}return {name}"
        yield reading(
            "`return` gives a value back and cannot assign one.",
            (
                problem.swap(
                    low, problem.between(low, low + 1) + " " + problem.between(low + 3, high), high - 1
                ),
                "The value is returned.",
            ),
            (problem.swap(low, new, high - 1), "The value is assigned first."),
            (problem.swap(low + 2, "=="), "Two signs compare."),
            weight=0.85,
        )


SLIPS = (
    Slip(
        code="syntax.star",
        lesson="A star unpacks items into a list, a tuple, or the arguments of a call. It cannot stand "
        "alone.",
        find=_star_target,
    ),
    Slip(
        code="syntax.deletion",
        lesson="`del` removes names, attributes and items of containers. A value or the result of a call "
        "cannot be "
        "deleted.",
        find=_deletion,
    ),
    Slip(
        code="syntax.loop-target",
        lesson="Behind `for` and `as` stands a name that gets a value.",
        find=_loop_target,
    ),
    Slip(
        code="syntax.two-statements",
        lesson="Each statement stands on a line of its own (or behind a semicolon).",
        find=_two_statements,
    ),
)
