"""Stars, deletions, loop variables and second statements where Python does not allow them."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.assignments import expression, is_target
from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading


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
            (problem.drop(stars[0]), "Remove the first star."),
            (problem.drop(stars[1]), "Remove the second star."),
        ]
        yield reading("Only one variable of an assignment may have a star.", *options, weight=0.85)
    elif sign is not None and star == low and "," not in [problem.text(i) for i in range(low, sign)]:
        at = problem.tokens[sign - 1].end
        yield reading(
            "A variable with a star must be in a list or tuple of variables.",
            (problem.put((at, at, ",")), "Add a comma, which makes it a tuple of one."),
            (problem.drop(star), "Remove the star."),
            weight=0.88,
        )
    elif "starred expression" in message or "can't use starred" in message or problem.text(star) == "**":
        yield from _unpacked(problem, star, sign is not None)


def _unpacked(problem: Problem, star: int, assigned: bool) -> Iterator[Reading]:
    """`*x` or `**x` where it cannot be unpacked."""
    high = problem.statement[1]
    end = star + 1
    depth = problem.tokens[star].opener
    while (
        end + 1 < high
        and problem.tokens[end + 1].opener >= depth
        and problem.text(end + 1) not in (",", ";")
        and not (problem.text(end + 1) in (")", "]", "}") and problem.listing.partner.get(end + 1) == depth)
    ):
        end += 1
    inner = problem.between(star, end + 1)
    options = [(problem.drop(star), "Remove the star.")]
    if problem.text(star) == "*":
        at = problem.tokens[end].end
        comma = (problem.put((at, at, ",")), "Add a comma, which makes a tuple of the items.")
        wrapped = (
            problem.swap(star, f"[{inner}]", end),
            "Add square brackets, which make a list of the items.",
        )
        options = (
            [comma, wrapped, *options]
            if (assigned or depth >= 0) and "dictionary value" not in problem.message
            else [*options, comma, wrapped]
        )
    else:
        options.insert(
            0, (problem.swap(star, f"{{{inner}}}", end), "Add braces, which make a dict of the pairs.")
        )
    yield reading("A star unpacks items only inside a tuple, list, set, dict or call.", *options, weight=0.85)


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
    """Yield what may be meant by deleting something that is not a target."""
    last, first = problem.statement[1] - 1, index + 1
    if isinstance(node, ast.Call):
        function = ast.unparse(node.func)
        arguments = [ast.unparse(item) for item in node.args]
        ways = [(problem.swap(first, function, last), f"Delete `{function}` itself.")]
        if len(arguments) == 1:
            item = problem.swap(first, f"{function}[{arguments[0]}]", last)
            ways.insert(isinstance(node.func, ast.Name), (item, "Delete an item, with square brackets."))
        yield from ways
        if arguments and all(is_target(argument) for argument in arguments):
            yield problem.swap(first, ", ".join(arguments), last), "Delete the arguments."
        yield problem.drop(index), "Remove `del`, and call the function."
    elif isinstance(node, ast.BinOp | ast.Compare | ast.BoolOp):
        names = list(dict.fromkeys(item.id for item in ast.walk(node) if isinstance(item, ast.Name)))
        if names:
            yield problem.swap(first, ", ".join(names), last), "Separate the names with commas."
            yield problem.swap(first, names[0], last), f"Delete only `{names[0]}`."
        yield problem.drop(index), "Remove `del`."
    elif text.startswith("*"):
        yield problem.drop(first), "Remove the star."
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str) and node.value.isidentifier():
            yield problem.swap(first, node.value, last), "Write the name without quotes."
        yield problem.swap(index, "pass", last), "Write `pass`: there is nothing to delete."
    elif (found := re.match(r"([^=]+?)\s*=", text)) and is_target(found[1]):
        yield problem.swap(first, found[1], last), "Keep only the name after `del`."
        yield problem.drop(index), "Remove `del`, and assign the value."


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
        options.append((problem.swap(index, token.text[1:-1]), "Write the name without quotes."))
    else:
        end = index
        while end + 1 < len(problem.tokens) and problem.text(end + 1) not in ("in", ":", ","):
            end += 1
        variable = "i" if before == "for" else "result"
        options.append((problem.swap(index, variable, end), f"Write a variable, `{variable}`."))
    yield reading(
        f"`{before}` must be followed by a name.",
        *options,
        weight=0.88,
        certain=token.kind is TokenKind.STRING,
    )


_BEGINNINGS = frozenset({
    "print", "return", "import", "break", "continue", "pass", "raise", "def", "class", "while", "with",
    "del", "assert", "from",
})  # fmt: skip


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
            f"`{problem.text(index)}` needs a line of its own.",
            (problem.put((at, start, f"\n{indent}")), "Move it to the next line."),
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
                f"`{text}` must begin a new line.",
                (
                    problem.put((at, start, "\n" + (outer[-1] if outer else ""))),
                    "Put it on a line of its own.",
                ),
                weight=0.93,
            )
        elif text in _BEGINNINGS or assigned or loop:
            if problem.header_end(low, index) is not None:
                indent += "    "
            yield reading(
                f"`{text}` starts a new statement in the middle of a line.",
                (problem.put((at, start, f"\n{indent}")), "Put it on a line of its own."),
                weight=0.8,
            )
    if problem.text(low) == "return" and low + 2 < high and problem.text(low + 2) == "=":
        indent = problem.listing.indent(problem.tokens[low].line)
        name = problem.text(low + 1)
        new = f"{problem.between(low + 1, high)}\n{indent}return {name}"
        yield reading(
            "`return` returns a value and cannot assign one.",
            (
                problem.swap(
                    low, problem.between(low, low + 1) + " " + problem.between(low + 3, high), high - 1
                ),
                "Return the value.",
            ),
            (problem.swap(low, new, high - 1), "Assign the value first."),
            (problem.swap(low + 2, "=="), "Compare with `==`."),
            weight=0.85,
        )


SLIPS = (
    Slip(
        code="syntax.star",
        lesson="A star unpacks items into a tuple, a list, or the arguments of a call. It is not allowed on "
        "its own.",
        find=_star_target,
    ),
    Slip(
        code="syntax.deletion",
        lesson="`del` removes names, attributes and items. It cannot delete a value or the result of a call.",
        find=_deletion,
    ),
    Slip(
        code="syntax.loop-target",
        lesson="`for` and `as` are followed by a name, to which a value is assigned.",
        find=_loop_target,
    ),
    Slip(
        code="syntax.two-statements",
        lesson="Put each statement on a line of its own, or separate statements with a semicolon.",
        find=_two_statements,
    ),
)
