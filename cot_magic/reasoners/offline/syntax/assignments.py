"""Mistakes in assignments: `=` for `==`, targets that cannot be assigned to, and `:=`."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading


def expression(text: str) -> ast.expr | None:
    """Return the expression that the text is, or None."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def is_target(text: str) -> bool:
    """Return whether the text can be assigned to."""
    node = expression(text)
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript) or (
        isinstance(node, ast.Tuple | ast.List)
        and bool(node.elts)
        and all(isinstance(item, ast.Name) for item in node.elts)
    )


def _condition(problem: Problem) -> Iterator[Reading]:
    """`=` where a comparison is meant."""
    low, high = problem.statement
    head = problem.text(low)
    if head in ("def", "class", "async", "with", "import", "from"):
        return
    colon = problem.header_end(low, high)
    signs = []
    for index in range(low + 1, colon if colon is not None else high):
        if (
            problem.text(index) != "="
            or problem.text(index + 1) == "="
            or problem.text(index - 1) in ("=", "!", "<", ">")
        ):
            continue
        opener = problem.tokens[index].opener
        if opener >= 0 and problem.text(opener) == "(" and problem.ends_operand(opener - 1):
            continue  # an argument's name
        if head in ("if", "elif", "while", "assert") or _in_condition(problem, low, index):
            signs.append(index)
    if not signs:
        return
    equal = problem.put(*((problem.tokens[i].start, problem.tokens[i].end, "==") for i in signs))
    options = [(equal, "Use `==` to compare.")]
    first = signs[0]
    call = any(
        problem.text(i) == "(" and problem.ends_operand(i - 1) for i in range(first + 1, colon or high)
    )
    plain_name = problem.tokens[first - 1].kind is TokenKind.NAME and problem.text(first - 2) in (head, "(")
    if len(signs) == 1 and plain_name and call:
        end = colon if colon is not None else high
        inner = problem.text(first - 2) == "("
        start = first - 1
        value = f"{problem.text(start)} := {problem.between(first + 1, end)}"
        walrus = problem.swap(first, ":=") if inner else problem.swap(start, f"({value})", end - 1)
        if not inner and head == "while":
            walrus = problem.swap(first, ":=")
        options.append((walrus, "Use `:=`, which assigns inside an expression."))
        if head == "while":
            options.reverse()
    yield reading(
        "`=` assigns a value; a comparison needs `==`.",
        *options,
        weight=0.95,
        certain=len(options) == 1 and head != "return",
    )


def _in_condition(problem: Problem, low: int, index: int) -> bool:
    """Return whether `=` is in a condition: after `if`, `and`, `or`, `not` and the like."""
    depth = problem.tokens[index].opener
    for place in range(index - 1, low - 1, -1):
        if problem.tokens[place].opener != depth:
            continue
        text = problem.text(place)
        if text in ("if", "not", "and", "or", "elif", "while", "assert"):
            return True
        if text in (",", "=", ":", ";", "else", "for", "in", "lambda"):
            return False
    return False


def _target(problem: Problem) -> Iterator[Reading]:
    """`1 = x`, `a + 1 = b`, `f(x) = 3`, `None = 2`, `"a" = 1`."""
    low, high = problem.statement
    if problem.text(low) in KEYWORDS - {"None", "True", "False", "not", "lambda"} or low >= high:
        return
    if not re.search(
        r"cannot assign|illegal (?:target|expression)|can't assign|invalid syntax", problem.message
    ):
        return
    signs = [i for i in range(low, high) if problem.text(i) == "=" and problem.tokens[i].opener < 0]
    if not signs:
        return
    parts, start = [], low
    for sign in [*signs, high]:
        parts.append(problem.between(start, sign))
        start = sign + 1
    if len(parts) > 2:
        yield from _chain(problem, low, high, parts)
        return
    yield from _single(problem, signs[0], parts[0], parts[1])


def _single(problem: Problem, sign: int, left: str, right: str) -> Iterator[Reading]:
    """One `=` whose left side cannot be assigned to."""
    low, high = problem.statement
    node = expression(left)
    if node is None and not re.fullmatch(r"[\w-]+", left):
        return
    options: list[tuple[str, str]] = []
    sure = False
    if re.fullmatch(r"[^\W\d]\w*(?:-\w+)+", left):
        name = left.replace("-", "_")
        everywhere = re.sub(rf"(?<![\w.]){re.escape(left)}(?!\w)", name, problem.source)
        options.append((everywhere, f"Rename it to `{name}`: a name cannot contain a hyphen."))
    if is_target(right) and not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        swapped = problem.swap(low, f"{right} = {left}", high - 1)
        options.append(
            (swapped, "Swap the two sides: the variable goes on the left, its value on the right.")
        )
        sure = not options[:-1] and right.isidentifier()
    bare = _unquoted_names(node)
    if bare and (not options or isinstance(node, ast.Constant)):
        renamed = problem.swap(low, bare, sign - 1)
        options.append((renamed, "Write the variable's name without quotes."))
    options.append((problem.swap(sign, "=="), "Use `==` to compare."))
    if isinstance(node, ast.Call):
        function, inner = ast.unparse(node.func), ", ".join(ast.unparse(item) for item in node.args)
        if inner:
            options.append(
                (
                    problem.swap(low, f"{function}[{inner}]", sign - 1),
                    "Use square brackets, which assign to an item.",
                )
            )
        options.append((problem.swap(low, function, sign - 1), "Assign to the name, without a call."))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub) and not is_target(right):
        operands = [item.id for item in (node.left, node.right) if isinstance(item, ast.Name)]
        step = "+=" if isinstance(node.op, ast.Add) else "-="
        if len(operands) == 1:
            changed = problem.swap(low, f"{operands[0]} {step} {right}", high - 1)
            options.append((changed, f"Use `{step}` to change the variable."))
    claim = f"`{left[:60]}` cannot be assigned to."
    yield reading(claim, *options, weight=0.9, certain=sure)


def _unquoted_names(node: ast.expr | None) -> str:
    """Return the node's strings as names; empty unless all of them could be names."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    names = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return ", ".join(names) if len(names) == len(parts) and all(name.isidentifier() for name in names) else ""


def _chain(problem: Problem, low: int, high: int, parts: list[str]) -> Iterator[Reading]:
    """`a = 1 = b`: a value in the middle."""
    targets = [part for part in parts if is_target(part)]
    others = [part for part in parts if not is_target(part)]
    middle = [re.fullmatch(r"(.+?)\s*,\s*([\w.]+)", part, re.DOTALL) for part in parts[1:-1]]
    if parts[0].isidentifier() and all(middle):
        names = [parts[0], *(found[2] for found in middle if found)]
        values = [*(found[1] for found in middle if found), parts[-1]]
        indent = problem.listing.indent(problem.tokens[low].line)
        lines = f"\n{indent}".join(f"{name} = {value}" for name, value in zip(names, values, strict=True))
        together = f"{', '.join(names)} = {', '.join(values)}"
        yield reading(
            "Several assignments are on one line, separated by commas.",
            (problem.swap(low, lines, high - 1), "Put each assignment on its own line."),
            (problem.swap(low, together, high - 1), "Put all names on the left and all values on the right."),
            weight=0.9,
        )
    if len(others) == 1 and others[0] != parts[-1] and expression(others[0]) is not None:
        new = " = ".join([*targets, others[0]])
        compare = " = ".join(parts[:-1]) + f" == {parts[-1]}"
        yield reading(
            f"`{others[0][:60]}` is between two `=`, but it cannot be assigned to.",
            (problem.swap(low, new, high - 1), "Move the value to the end."),
            (problem.swap(low, compare, high - 1), "Use `==` at the end to compare."),
            weight=0.88,
        )
    elif len(others) > 1:
        compare = f"{parts[0]} = {' == '.join(parts[1:])}"
        yield reading(
            f"`{others[0][:60]}` cannot be assigned to.",
            (problem.swap(low, compare, high - 1), "Use `==` after the first `=` to compare."),
            weight=0.85,
        )


def _augmented(problem: Problem) -> Iterator[Reading]:
    """`a, b += 1, 2`, `x + 1 += 2`, `f(x) += 1`, `x += 1 += 2`, `x = y += 1`."""
    low, high = problem.statement
    signs = [
        i
        for i in range(low, high)
        if re.fullmatch(r"(?:[-+*/%@&|^]|\*\*|//|>>|<<)=", problem.text(i)) and problem.tokens[i].opener < 0
    ]
    sign = signs[0] if signs else None
    if sign is None or sign == low:
        return
    left, right, text = problem.between(low, sign), problem.between(sign + 1, high), problem.text(sign)
    node = expression(left)
    if isinstance(node, ast.Tuple | ast.List):
        yield from _several_targets(problem, sign, node, right)
    elif node is not None and not is_target(left):
        options = []
        if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Name):
            changed = problem.swap(low, f"{node.left.id} {text} {right}", high - 1)
            options.append((changed, f"Change `{node.left.id}`."))
        if is_target(right) and isinstance(node, ast.Constant):
            swapped = problem.swap(low, f"{right} {text} {left}", high - 1)
            options.insert(0, (swapped, "Swap the two sides: the variable goes on the left."))
        if isinstance(node, ast.Call):
            alone = problem.swap(low, ast.unparse(node.func), sign - 1)
            options.append((alone, "Change the name, without a call."))
        options.append((problem.swap(sign, text[:-1]), f"Use `{text[:-1]}`, which only calculates."))
        options.append((problem.swap(sign, "=="), "Use `==` to compare."))
        yield reading(f"`{text}` changes a variable, and `{left[:60]}` is not one.", *options, weight=0.85)
    elif expression(right) is None and "=" in right and is_target(left):
        inner = re.split(r"(?<![=!<>+\-*/])=(?!=)", right, maxsplit=1)
        if len(inner) == 2:
            first = problem.swap(low, f"{left} {text} {inner[1].strip()}", high - 1)
            claim = f"A statement can contain `{text}` or `=` only once."
            yield reading(claim, (first, "Change the first variable."), weight=0.6)


def _several_targets(
    problem: Problem, sign: int, node: ast.Tuple | ast.List, right: str
) -> Iterator[Reading]:
    """`a, b += 1, 2`"""
    low, high = problem.statement
    left, text = problem.between(low, sign), problem.text(sign)
    value = expression(right)
    names = [ast.unparse(item) for item in node.elts]
    single = [right] * len(names)
    values = [ast.unparse(item) for item in value.elts] if isinstance(value, ast.Tuple | ast.List) else single
    if len(values) != len(names):
        return
    pairs = list(zip(names, values, strict=True))
    indent = problem.listing.indent(problem.tokens[low].line)
    lines = f"\n{indent}".join(f"{name} {text} {item}" for name, item in pairs)
    sums = ", ".join(f"{name} {text[:-1]} {item}" for name, item in pairs)
    yield reading(
        f"`{text}` changes one variable, not several: `{left[:60]}`.",
        (problem.swap(low, lines, high - 1), "Change each variable in a statement of its own."),
        (problem.swap(low, f"{left} = {sums}", high - 1), "Assign all of them at once."),
        (problem.swap(sign, "="), "Use `=` to assign."),
        weight=0.88,
    )


def _walrus(problem: Problem) -> Iterator[Reading]:
    """`x := 3` as a statement, `(a.b := 1)`, `(a[0] := 1)`."""
    low, high = problem.statement
    for index in range(low, high):
        if problem.text(index) != ":=":
            continue
        if problem.tokens[index].opener < 0:
            start = index - 1
            while start > low and problem.text(start - 1) not in KEYWORDS | {";", ":"}:
                start -= 1
            options = [(problem.swap(index, "="), "Use `=`.")]
            yield reading(
                "`:=` assigns inside an expression and is not a statement.",
                *options,
                weight=0.95,
                certain=start == low,
            )
        else:
            opener = problem.tokens[index].opener
            target = problem.between(opener + 1, index)
            if not target.isidentifier():
                closer = problem.listing.partner.get(opener)
                if closer is not None and opener == low and closer == high - 1:
                    bare = problem.swap(opener, f"{target} = {problem.between(index + 1, closer)}", closer)
                    yield reading(
                        "`:=` can assign only to a plain name.", (bare, "Use `=`."), weight=0.93, certain=True
                    )
                else:
                    yield reading(
                        "`:=` can assign only to a plain name.",
                        (problem.swap(index, "=="), "Use `==` to compare."),
                        weight=0.7,
                    )


SLIPS = (
    Slip(
        code="syntax.single-equals",
        lesson="`=` assigns a value to a variable. `==` tests whether two values are equal.",
        find=_condition,
    ),
    Slip(
        code="syntax.assignment-target",
        lesson="The variable goes on the left of `=`, the value that it gets on the right.",
        find=_target,
    ),
    Slip(
        code="syntax.augmented-target",
        lesson="`+=`, `-=`, `*=` and the like change exactly one variable, the one on their left.",
        find=_augmented,
    ),
    Slip(
        code="syntax.walrus",
        lesson="`:=` assigns inside an expression, and only to a plain name. A statement assigns with `=`.",
        find=_walrus,
    ),
)
