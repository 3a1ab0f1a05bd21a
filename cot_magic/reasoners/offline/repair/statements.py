"""Edits of whole statements: branches, assignments, results of calls that are dropped, `return`."""

import ast
import re
from collections.abc import Iterator, Sequence

from cot_magic.reasoners.offline.repair.conditions import NUMBERS, SIZED, condition_edits
from cot_magic.reasoners.offline.repair.drafts import Drafts, exchanged_heads, reindented
from cot_magic.reasoners.offline.repair.tables import BINARY, CHANGERS, RESULTS, STARTS

NOTHING_LEFT = -0.4  # of whether a collection has become empty, where all is said to be well
OF_AN_EXTREME = -0.9  # of what is less than all numbers, as the start of the largest so far


def statement_edits(
    drafts: Drafts, statement: ast.stmt, body: Sequence[ast.stmt], place: int, loop: ast.stmt | None
) -> None:
    """The edits that its kind of statement has."""
    match statement:
        case ast.If():
            _branch(drafts, statement, body, place)
            _missing_else(drafts, statement, loop)
            condition_edits(drafts, statement.test)
        case ast.While():
            condition_edits(drafts, statement.test)
            end = len(drafts.source[: drafts.span(statement.test)[0]].rstrip())
            drafts.add("branch", (end - 5, end), "if", 0.8)
            drafts.add("const", statement.test, "True", 1.0)
        case ast.AugAssign():
            _augmented(drafts, statement)
        case ast.Assign(targets=[target]):
            _assigned(drafts, statement, target)
            if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
                _collected(drafts, statement, target)
        case ast.For():
            for inner in (item for item in statement.body if isinstance(item, ast.For)):
                exchanged_heads(drafts, statement, inner)
        case ast.Expr():
            _expression(drafts, statement)
        case ast.Return():
            _returned(drafts, statement)
            if loop is not None:
                drafts.add("branch", statement, "continue", 0.4)
        case ast.Break() | ast.Continue():
            other = "continue" if isinstance(statement, ast.Break) else "break"
            drafts.add("branch", statement, other)
            drafts.add("branch", statement, "pass", 0.4)


def _branch(drafts: Drafts, statement: ast.If, body: Sequence[ast.stmt], place: int) -> None:
    """`if` for `elif` and the reverse, `while` for `if`, or the body without its condition."""
    end = len(drafts.source[: drafts.span(statement.test)[0]].rstrip())
    if drafts.source[:end].endswith(b"elif"):
        drafts.add("branch", (end - 4, end), "if", 0.2)
        return
    _other_order(drafts, statement)
    previous = body[place - 1] if place > 0 else None
    if isinstance(previous, ast.If) and not _ends_in_else(previous):
        drafts.add("branch", (end - 2, end), "elif", 0.2)
    drafts.add("branch", (end - 2, end), "while", 0.6)
    if not statement.orelse and drafts.alone(statement.body[0]):
        inner = drafts.between(drafts.lines(statement.body[0])[0], drafts.lines(statement.body[-1])[1])
        bare = reindented(inner, drafts.indentation(statement.body[0]), drafts.indentation(statement))
        drafts.add("delete", drafts.lines(statement), bare, 0.8)


def _other_order(drafts: Drafts, statement: ast.If) -> None:
    """A branch of `if … elif …` before the ones that are tested before it."""
    spans, branch = [], statement
    while True:
        spans.append((drafts.span(branch.test)[0], drafts.span(branch.body[-1])[1]))
        match branch.orelse:
            case [ast.If() as following] if drafts.source[: drafts.span(following)[1]].startswith(
                b"elif", drafts.span(following)[0]
            ):
                branch = following
            case _:
                break
    texts = [drafts.between(*span) for span in spans]
    for late in range(1, len(spans)):
        for early in range(late):
            order = [*texts[:early], texts[late], *texts[early:late]]
            drafts.add_all("branch", [(*span, new) for span, new in zip(spans, order, strict=False)], 0.2)


def _ends_in_else(statement: ast.If) -> bool:
    while statement.orelse:
        if len(statement.orelse) != 1 or not isinstance(statement.orelse[0], ast.If):
            return True
        statement = statement.orelse[0]
    return False


def _missing_else(drafts: Drafts, statement: ast.If, loop: ast.stmt | None) -> None:
    if statement.orelse:
        return
    indent, (_, end) = drafts.indentation(statement), drafts.lines(statement)
    wanted: list[tuple[str, str, float]] = []
    if loop is not None:
        wanted += [("newstmt", "break", 0.2), ("newstmt", "continue", 0.8)]
    numbers = [name for name in drafts.some_names(6) if "int" in drafts.types_of(name)]
    wanted += [("newstmt", f"{name} = {value}", 0.5) for name in numbers for value in (0, 1)]
    if drafts.function is not None:
        wanted += [("ret", "return False", 0.6), ("ret", "return True", 0.6)]
    for text in _as_in_the_branch(drafts, statement.body[-1]):
        wanted.append(("newstmt", text, -0.6))
    for kind, text, extra in wanted:
        drafts.add(kind, (end, end), f"{indent}else:\n{indent}    {text}\n", extra)


def _as_in_the_branch(drafts: Drafts, last: ast.stmt) -> Iterator[str]:
    """What a branch does at its end, with one variable of the right type."""
    match last:
        case ast.Assign(value=value) | ast.AugAssign(value=value):
            kind = drafts.type_of(value)
            types = {kind} if kind else set[str]()
        case (
            ast.Expr(value=ast.Call(func=ast.Attribute(), args=[value]))
            | ast.Expr(value=ast.Yield(value=ast.expr() as value))
        ):
            types = set()
        case _:
            return
    if isinstance(last, ast.AugAssign):
        types = drafts.types_of(drafts.text(last.target))
    (first, _), (start, end) = drafts.span(last), drafts.span(value)
    for name in drafts.some_names(10):
        if not types or drafts.types_of(name) & types:
            yield f"{drafts.between(first, start)}{name}{drafts.between(end, drafts.span(last)[1])}"


def _augmented(drafts: Drafts, statement: ast.AugAssign) -> None:
    start, target_end = drafts.span(statement.target)
    value_start, end = drafts.span(statement.value)
    mine = BINARY.get(type(statement.op))
    if mine is None:
        return
    for sign in ("+", "-", "*", "//", "/", "%", "|", "&", "^", ""):
        extra = 0.0 if sign in "+-" else 0.2 if sign in ("*", "//", "") else 0.8
        if sign != mine:
            drafts.add("aug", (target_end, value_start), f" {sign}= ", extra)
    target = drafts.text(statement.target)
    drafts.add("aug", (start, end), f"{target} = {drafts.text(statement.value)} {mine} {target}", 0.5)


def _assigned(drafts: Drafts, statement: ast.Assign, target: ast.expr) -> None:
    value = statement.value
    for sign in ("+", "-", "*"):
        gap = (drafts.span(target)[1], drafts.span(value)[0])
        drafts.add("aug", gap, f" {sign}= ", 0.4 if sign == "+" else 1.0)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in CHANGERS:
        drafts.add("sortret", statement, drafts.text(value), -0.4)
        for result in _results(drafts, value, value.func):
            drafts.add("sortret", statement, f"{drafts.text(target)} = {result}", -0.4)
    if isinstance(target, ast.Subscript | ast.Attribute) and type(value) is type(target):
        drafts.add("unwrap", statement, f"{drafts.text(target.value)} = {drafts.text(value.value)}")
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(value.elts) == 2:
        one, other = value.elts
        drafts.add("argswap", value, f"{drafts.text(other)}, {drafts.text(one)}")
    if isinstance(value, ast.Constant | ast.List | ast.Dict | ast.Set | ast.Name | ast.Call | ast.UnaryOp):
        if isinstance(target, ast.Name) and target.id in drafts.extremes:
            drafts.add("init", value, drafts.extremes[target.id], OF_AN_EXTREME)
        for start in STARTS:
            drafts.add("init", value, start, 0.3)
        for name in drafts.params:
            drafts.add("init", value, name, 0.4)
            if drafts.types_of(name) & {"list", "tuple", "str"}:
                drafts.add("init", value, f"{name}[0]", 0.4)
                drafts.add("init", value, f"len({name})", 0.5)
                drafts.add("init", value, f"{name}[:]", 0.6)


def _collected(drafts: Drafts, statement: ast.Assign, target: ast.Subscript) -> None:
    """Add to what the container has at that place, instead of replacing it."""
    if drafts.type_of(target.value) not in ("dict", None):
        return
    owner, key, value = drafts.text(target.value), drafts.text(target.slice), statement.value
    match value:
        case ast.List(elts=[item]):
            drafts.add("aug", statement, f"{owner}.setdefault({key}, []).append({drafts.text(item)})", 0.2)
        case ast.Set(elts=[item]):
            drafts.add("aug", statement, f"{owner}.setdefault({key}, set()).add({drafts.text(item)})", 0.2)
        case _:
            drafts.add(
                "aug", statement, f"{owner}[{key}] = {owner}.get({key}, 0) + {drafts.operand(value)}", 0.6
            )
            drafts.add("aug", statement, f"{owner}.setdefault({key}, []).append({drafts.text(value)})", 1.0)


def _results(drafts: Drafts, call: ast.Call, method: ast.Attribute) -> list[str]:
    """Expressions for what `sort()` and `reverse()` do in place."""
    receiver = drafts.text(method.value)
    if method.attr == "sort":
        return [f"sorted({', '.join([receiver, *(drafts.text(word) for word in call.keywords)])})"]
    return [f"{receiver}[::-1]"] if method.attr == "reverse" else []


def _expression(drafts: Drafts, statement: ast.Expr) -> None:
    """A value that is dropped: returned, bound, or yielded."""
    value = statement.value
    match value:
        case ast.Call(func=ast.Attribute() as method):
            _dropped_call(drafts, statement, value, method)
        case ast.Call():
            if isinstance(value.func, ast.Name) and value.func.id == "print" and len(value.args) == 1:
                _return(drafts, statement, drafts.text(value.args[0]), -1.0)
            _return(drafts, statement, drafts.text(value), 0.0)
        case ast.Yield(value=ast.expr() as inner):
            drafts.add("yieldf", statement, f"yield from {drafts.text(inner)}")
            drafts.add("yieldf", statement, f"yield from [{drafts.text(inner)}]", 1.5)
        case ast.YieldFrom():
            drafts.add("yieldf", statement, f"yield {drafts.text(value.value)}")
        case ast.Await() | ast.Yield() | ast.Constant():
            pass
        case _:
            _return(drafts, statement, drafts.text(value), -1.0)


def _return(drafts: Drafts, statement: ast.stmt, text: str, extra: float) -> None:
    if drafts.function is not None:
        drafts.add("ret", statement, f"return {text}", extra)


def _dropped_call(drafts: Drafts, statement: ast.Expr, call: ast.Call, method: ast.Attribute) -> None:
    text, receiver = drafts.text(call), drafts.text(method.value)
    _return(drafts, statement, text, 0.8)
    if re.fullmatch(r"\w+", receiver):
        drafts.add("ret", statement, f"{receiver} = {text}", 0.3)
        if call.args:
            argument = drafts.text(call.args[0])
            drafts.add("ret", statement, f"{receiver} = {receiver} + [{argument}]", 0.6)
            drafts.add("ret", statement, f"{receiver}.append({argument})", 0.4)
        if method.attr == "sort":
            for result in _results(drafts, call, method):
                drafts.add("sortret", statement, f"{receiver} = {result}")
            if drafts.function is not None:
                drafts.add("sortret", statement, f"{text}\n{drafts.indentation(statement)}return {receiver}")


def _returned(drafts: Drafts, statement: ast.Return) -> None:
    for name in drafts.some_names():
        drafts.add("ret", statement, f"return {name}", 0.2)
    for result in RESULTS:
        drafts.add("ret", statement, f"return {result}", 0.6)
    for literal in drafts.hints.literals:
        drafts.add("guardlit", statement, f"return {literal}", 0.4)
    value = statement.value
    if value is None:
        return
    if isinstance(value, ast.Compare | ast.BoolOp):
        condition_edits(drafts, value)
    if isinstance(value, ast.Constant) and isinstance(value.value, bool):
        for name in drafts.some_names():
            if name in drafts.locals and name not in drafts.params:
                types = drafts.types_of(name)
                if types & SIZED:
                    drafts.add("ret", value, f"not {name}", NOTHING_LEFT)
                elif types & NUMBERS:
                    drafts.add("ret", value, f"{name} == 0", NOTHING_LEFT)
    text = drafts.text(value)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in CHANGERS:
        receiver = drafts.text(value.func.value)
        drafts.add("sortret", statement, f"{text}\n{drafts.indentation(statement)}return {receiver}")
        for result in _results(drafts, value, value.func):
            drafts.add("sortret", statement, f"return {result}")
