"""Mistakes around `=`: conditions with one sign, and values on the left of it."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.rules.syntax_lexer import Kind
from cot_magic.reasoners.rules.syntax_problem import KEYWORDS, Mistake, Problem, Reading, reading


def expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def is_target(text: str) -> bool:
    node = expression(text)
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript) or (
        isinstance(node, ast.Tuple | ast.List)
        and bool(node.elts)
        and all(isinstance(item, ast.Name) for item in node.elts)
    )


def _condition(problem: Problem) -> Iterator[Reading]:
    """One `=` (or `:=` without brackets) where a comparison belongs."""
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
        if head in ("if", "elif", "while", "assert") or _behind_condition(problem, low, index):
            signs.append(index)
    if not signs:
        return
    equal = problem.put(*((problem.tokens[i].start, problem.tokens[i].end, "==") for i in signs))
    options = [(equal, "Two signs compare.")]
    first = signs[0]
    call = any(
        problem.text(i) == "(" and problem.ends_operand(i - 1) for i in range(first + 1, colon or high)
    )
    plain_name = problem.tokens[first - 1].kind is Kind.NAME and problem.text(first - 2) in (head, "(")
    if len(signs) == 1 and plain_name and call:
        end = colon if colon is not None else high
        inner = problem.text(first - 2) == "("
        start = first - 1
        value = f"{problem.text(start)} := {problem.between(first + 1, end)}"
        walrus = problem.swap(first, ":=") if inner else problem.swap(start, f"({value})", end - 1)
        if not inner and head == "while":
            walrus = problem.swap(first, ":=")
        options.append((walrus, "`:=` assigns within a condition."))
        if head == "while":
            options.reverse()
    yield reading(
        "One `=` assigns a value; a condition compares.",
        *options,
        weight=0.95,
        certain=len(options) == 1 and head != "return",
    )


def _behind_condition(problem: Problem, low: int, index: int) -> bool:
    """Whether the sign stands in a condition of a comprehension, of a choice, or behind and/or/not."""
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
    left, right = parts[0], parts[1]
    node = expression(left)
    options: list[tuple[str, str]] = []
    sure = False
    if node is None and not re.fullmatch(r"[\w-]+", left):
        return
    if re.fullmatch(r"[^\W\d]\w*(?:-\w+)+", left) and not left.startswith("-"):
        name = left.replace("-", "_")
        everywhere = re.sub(rf"(?<![\w.]){re.escape(left)}(?!\w)", name, problem.source)
        options.append((everywhere, f"A name holds no minus sign: it is `{name}`."))
    if is_target(right) and not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        swapped = problem.swap(low, f"{right} = {left}", high - 1)
        options.append((swapped, "The variable stands on the left, its value on the right."))
        sure = not options[:-1] and right.isidentifier()
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        options.append(
            (
                problem.put((problem.tokens[low].start, problem.tokens[low].end, node.value)),
                "A variable's name stands there without quotes.",
            )
        )
    if isinstance(node, ast.Tuple | ast.List) and options == []:
        names = [part for part in node.elts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if len(names) == len(node.elts):
            bare = ", ".join(str(part.value) for part in names)
            options.append(
                (
                    problem.swap(low, f"{bare} = {right}", high - 1),
                    "Variables' names stand there without quotes.",
                )
            )
    options.append(
        (
            problem.put((problem.tokens[signs[0]].start, problem.tokens[signs[0]].end, "==")),
            "Two signs compare.",
        )
    )
    if isinstance(node, ast.Call):
        function, inner = ast.unparse(node.func), ", ".join(ast.unparse(item) for item in node.args)
        if node.args:
            options.append(
                (
                    problem.put(
                        (problem.tokens[low].start, problem.tokens[signs[0] - 1].end, f"{function}[{inner}]")
                    ),
                    "Square brackets reach an item.",
                )
            )
        options.append(
            (
                problem.put((problem.tokens[low].start, problem.tokens[signs[0] - 1].end, function)),
                "The result is assigned to the name alone.",
            )
        )
    if isinstance(node, ast.BinOp):
        names = [item for item in (node.left, node.right) if isinstance(item, ast.Name)]
        if len(names) == 1 and isinstance(node.op, ast.Add | ast.Sub) and not is_target(right):
            sign = {"Add": "+=", "Sub": "-="}[type(node.op).__name__]
            options.append(
                (
                    problem.swap(low, f"{names[0].id} {sign} {right}", high - 1),
                    f"`{sign}` changes the variable.",
                )
            )
    yield reading(
        f"`{left[:60]}` is no variable to which a value could be assigned.",
        *options,
        weight=0.9,
        certain=sure,
    )


def _chain(problem: Problem, low: int, high: int, parts: list[str]) -> Iterator[Reading]:
    """`a = 1 = b`: the value stands last."""
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
            "Several assignments are not separated by commas.",
            (problem.swap(low, lines, high - 1), "Each stands on a line of its own."),
            (problem.swap(low, together, high - 1), "All names stand on the left, all values on the right."),
            weight=0.9,
        )
    if len(others) == 1 and others[0] != parts[-1] and expression(others[0]) is not None:
        new = " = ".join([*targets, others[0]])
        compare = " = ".join(parts[:-1]) + f" == {parts[-1]}"
        yield reading(
            f"`{others[0][:60]}` stands in the middle, but only the last can be a value.",
            (problem.swap(low, new, high - 1), "The value stands last."),
            (problem.swap(low, compare, high - 1), "The last sign compares."),
            weight=0.88,
        )
    elif len(others) > 1:
        compare = f"{parts[0]} = {' == '.join(parts[1:])}"
        yield reading(
            f"`{others[0][:60]}` is no variable to which a value could be assigned.",
            (problem.swap(low, compare, high - 1), "The later signs compare."),
            weight=0.85,
        )


def _augmented(problem: Problem) -> Iterator[Reading]:
    """`a, b += 1, 2`, `x + 1 += 2`, `f(x) += 1`, `x += 1 += 2`, `x = y += 1`."""
    low, high = problem.statement
    sign = next(
        (
            i
            for i in range(low, high)
            if re.fullmatch(r"(?:[-+*/%@&|^]|\*\*|//|>>|<<)=", problem.text(i))
            and problem.tokens[i].opener < 0
        ),
        None,
    )
    if sign is None or sign == low:
        return
    left, right, text = problem.between(low, sign), problem.between(sign + 1, high), problem.text(sign)
    node, value = expression(left), expression(right)
    indent = problem.listing.indent(problem.tokens[low].line)
    claim = f"`{text}` changes one variable, and `{left[:60]}` is none."
    if isinstance(node, ast.Tuple | ast.List):
        names = [ast.unparse(item) for item in node.elts]
        values = (
            [ast.unparse(item) for item in value.elts]
            if isinstance(value, ast.Tuple | ast.List)
            else [right] * len(names)
        )
        if len(values) == len(names):
            lines = f"\n{indent}".join(
                f"{name} {text} {item}" for name, item in zip(names, values, strict=True)
            )
            options = [(problem.swap(low, lines, high - 1), "Each variable is changed by itself.")]
            if isinstance(value, ast.Tuple | ast.List) or True:
                operator = text[:-1]
                sums = ", ".join(
                    f"{name} {operator} {item}" for name, item in zip(names, values, strict=True)
                )
                options.append((problem.swap(low, f"{left} = {sums}", high - 1), "All are assigned at once."))
            options.append((problem.swap(sign, "="), "A plain `=` assigns."))
            yield reading(claim, *options, weight=0.88)
    elif node is not None and not is_target(left):
        options = []
        names = [item for item in ast.walk(node) if isinstance(item, ast.Name)]
        if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Name):
            options.append(
                (
                    problem.swap(low, f"{node.left.id} {text} {right}", high - 1),
                    f"`{node.left.id}` is changed.",
                )
            )
        if is_target(right) and isinstance(node, ast.Constant):
            options.insert(
                0, (problem.swap(low, f"{right} {text} {left}", high - 1), "The variable stands on the left.")
            )
        if isinstance(node, ast.Call):
            options.append(
                (problem.swap(low, ast.unparse(node.func), sign - 1), "The name alone is changed.")
            )
        options.append((problem.swap(sign, text[:-1]), "The sign only calculates."))
        options.append((problem.swap(sign, "=="), "Two signs compare."))
        yield reading(claim, *options, weight=0.85 if names else 0.8)
    elif value is None and "=" in right and is_target(left):
        inner = re.split(r"(?<![=!<>+\-*/])=(?!=)", right, maxsplit=1)
        if len(inner) == 2:
            yield reading(
                "A statement has only one sign that changes a variable.",
                (
                    problem.swap(low, f"{left} {text} {inner[1].strip()}", high - 1),
                    "The first variable is changed.",
                ),
                weight=0.6,
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
            options = [(problem.swap(index, "="), "`=` assigns.")]
            yield reading(
                "`:=` assigns within an expression, not as a statement.",
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
                        "`:=` assigns only to a plain name.",
                        (bare, "`=` assigns to it."),
                        weight=0.93,
                        certain=True,
                    )
                else:
                    yield reading(
                        "`:=` assigns only to a plain name.",
                        (problem.swap(index, "=="), "Two signs compare."),
                        weight=0.7,
                    )


MISTAKES = (
    Mistake(
        code="syntax.single-equals",
        lesson="`=` gives a variable a value. Whether two values are equal is asked by `==`.",
        find=_condition,
    ),
    Mistake(
        code="syntax.assignment-target",
        lesson="On the left of `=` stands the variable that gets the value, on the right the value.",
        find=_target,
    ),
    Mistake(
        code="syntax.augmented-target",
        lesson="`+=` and its relatives change exactly one variable, which stands on their left.",
        find=_augmented,
    ),
    Mistake(
        code="syntax.walrus",
        lesson="`:=` assigns in the middle of an expression and only to a plain name. A statement uses `=`.",
        find=_walrus,
    ),
)
