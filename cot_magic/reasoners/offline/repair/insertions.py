"""Edits that insert: a statement, a `return` at the end, a guard, a condition around a statement."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cot_magic.reasoners.offline.repair.conditions import NUMBERS, small_tests, tests_of_one
from cot_magic.reasoners.offline.repair.drafts import Drafts, reindented
from cot_magic.reasoners.offline.repair.siblings import Sibling

STALE = -1.2  # of a change of what a loop compares with, and never changes
LEFT_OVER = -1.4  # a part that a loop leaves over is a common mistake, and asked for in few places
BEFORE_A_TEST = 0.4  # what is refused changes nothing: tests come first
ENDS = (ast.Return, ast.Break, ast.Continue, ast.Raise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A place for new lines: the offset, their indentation, and whether it is after the last statement."""

    offset: int
    indent: str
    newline: str
    closing: bool

    def lines(self, text: str) -> str:
        """The text as lines of their own there."""
        return f"{self.newline}{self.indent}{text}\n"


def insertions(
    drafts: Drafts,
    statement: ast.stmt,
    body: Sequence[ast.stmt],
    place: int,
    loop: ast.stmt | None,
    others: Sequence[Sibling],
) -> None:
    """What can be inserted before the statement, and after it if it is the last of its block; `others` are
    statements of other methods."""
    start, end = drafts.lines(statement)
    indent = drafts.indentation(statement)
    function = drafts.function
    ends_block = place == len(body) - 1 and not isinstance(statement, ENDS)
    ends_function = function is not None and body is function.body and ends_block
    if ends_function:
        _final_returns(drafts, end, indent)
    gaps = [Gap(offset=start, indent=indent, newline="", closing=False)]
    if ends_block:
        newline = "" if drafts.source[:end].endswith(b"\n") else "\n"
        gaps.append(Gap(offset=end, indent=indent, newline=newline, closing=True))
    for gap in gaps:
        _new_statements(drafts, gap, loop)
        tested_first = BEFORE_A_TEST if isinstance(statement, ast.If) and not gap.closing else 0.0
        for other in others:
            _insert(drafts, "sibling", gap, other.text, other.extra + tested_first)
        if function is not None:
            if loop is None and gap.closing and not ends_function:
                for name in drafts.some_names():
                    if name in drafts.locals:
                        _insert(drafts, "retend", gap, f"return {name}", 0.8)
            _donors(drafts, function, statement, gap)
    if isinstance(statement, ast.For | ast.While):
        _what_is_left(drafts, statement)
    _guards(drafts, statement, body, place, loop)
    returns_last = (
        isinstance(statement, ast.Return) and function is not None and statement is function.body[-1]
    )
    if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr | ast.Return) and not returns_last:
        text = reindented(drafts.block(start, end), indent, indent + "    ")
        for test in [*drafts.tests[:6], *small_tests(drafts, 40)]:
            drafts.add("wrapstmt", (start, end), f"{indent}if {test}:\n{text}")


def _insert(drafts: Drafts, kind: str, gap: Gap, text: str, extra: float) -> None:
    drafts.add(kind, (gap.offset, gap.offset), gap.lines(text), extra)


def _final_returns(drafts: Drafts, end: int, indent: str) -> None:
    newline = "" if drafts.source[:end].endswith(b"\n") else "\n"
    gap = Gap(offset=end, indent=indent, newline=newline, closing=True)
    for name in drafts.some_names():
        _insert(drafts, "retend", gap, f"return {name}", 0.2 if name in drafts.params else -0.4)
    for value in ("True", "False", "0", "[]", "None", "-1", "''", "1"):
        _insert(drafts, "retend", gap, f"return {value}", 0.4)
    for text in list(drafts.expressions)[:12]:
        _insert(drafts, "retend", gap, f"return {text}", 0.6)
    for literal in drafts.hints.literals:
        _insert(drafts, "guardlit", gap, f"return {literal}", 0.0)


def _new_statements(drafts: Drafts, gap: Gap, loop: ast.stmt | None) -> None:
    if loop is not None and gap.closing:
        _insert(drafts, "newstmt", gap, "break", 0.0)
        _insert(drafts, "newstmt", gap, "continue", 0.3)
    names = drafts.some_names()
    for name in names:
        if drafts.function is None or name in drafts.locals:
            for kind, text, extra in _changes(drafts, name, names):
                _insert(drafts, kind, gap, text, extra)


def _changes(drafts: Drafts, name: str, names: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """Statements that change one variable, by the types that it had."""
    types = drafts.types_of(name)
    others = [other for other in names if other != name]
    if types & NUMBERS or not types:
        moved = STALE if name in drafts.stale else 0.0
        yield from (("newstmt", f"{name} {change}", extra) for change, extra in
                    (("+= 1", moved), ("-= 1", 0.2 + moved), ("= 0", 0.3)))  # fmt: skip
    if "list" in types or not types:
        yield "newstmt", f"{name} = []", 0.4
        yield "newstmt", f"{name}.sort()", 0.5
        yield "newstmt", f"{name} = sorted({name})", 0.5
        yield "copy", f"{name} = list({name})", 0.4
        yield from (("newstmt", f"{name}.append({other})", 0.2) for other in others)
    if "set" in types:
        extra = 0.2 + (STALE if name in drafts.stale else 0.0)
        yield from (("newstmt", f"{name}.add({other})", extra) for other in others)
    if "str" in types:
        yield "newstmt", f"{name} = ''", 0.6
        yield from (("newstmt", f"{name} = {name}.{method}()", 0.8) for method in ("lower", "upper", "strip"))
    for other in others:
        if drafts.types_of(other) & types or types <= {"NoneType"}:
            yield "newstmt", f"{name} = {other}", 0.4 + (STALE if name in drafts.stale else 0.0)
            if types & {"int", "float", "str", "list"}:
                yield "newstmt", f"{name} += {other}", 0.4
            if types & NUMBERS:
                yield "newstmt", f"{name} -= {other}", 0.7


def _what_is_left(drafts: Drafts, loop: ast.For | ast.While) -> None:
    """After the loop, hand on what it has collected and a condition in it has not: the last, shorter part."""
    end, indent = drafts.lines(loop)[1], drafts.indentation(loop)
    newline = "" if drafts.source[:end].endswith(b"\n") else "\n"
    gap = Gap(offset=end, indent=indent, newline=newline, closing=True)
    for test in (node for node in ast.walk(loop) if isinstance(node, ast.If)):
        for node in test.body:
            match node:
                case ast.Expr(value=ast.Yield(value=ast.Name(id=name))):
                    pass
                case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"), args=[ast.Name(id=name)])):
                    pass
                case _:
                    continue
            _insert(drafts, "donor", gap, f"if {name}:\n{indent}    {drafts.text(node)}", LEFT_OVER)


def _donors(
    drafts: Drafts, function: ast.FunctionDef | ast.AsyncFunctionDef, statement: ast.stmt, gap: Gap
) -> None:
    """Statements of the same function, as they are or with one name exchanged."""
    for donor in ast.walk(function):
        if donor is statement:
            continue
        if isinstance(donor, ast.If):
            _donated_guard(drafts, donor, gap)
        if not isinstance(donor, ast.Assign | ast.AugAssign | ast.Return | ast.Expr):
            continue
        text = drafts.text(donor)
        constant = isinstance(donor, ast.Expr) and isinstance(donor.value, ast.Constant)
        if constant or "\n" in text or not drafts.alone(donor):
            continue
        if isinstance(donor, ast.Return) and not gap.closing:
            continue
        _insert(drafts, "donor", gap, text, 0.0)
        for one in _each_by_itself(drafts, donor):
            _insert(drafts, "donor", gap, one, 0.0)
        used = [node for node in ast.walk(donor) if isinstance(node, ast.Name) and node.id in drafts.names]
        first = drafts.span(donor)[0]
        for node in used if len(used) <= 5 else ():
            start, end = (offset - first for offset in drafts.span(node))
            for other in drafts.some_names(8):
                if other != node.id and drafts.types_of(other) & drafts.types_of(node.id):
                    _insert(drafts, "donor", gap, text[:start] + other + text[end:], 0.7)


def _each_by_itself(drafts: Drafts, donor: ast.stmt) -> Iterator[str]:
    """The assignments of which `a, b = x, y` is made."""
    match donor:
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            for target, value in zip(targets, values, strict=False):
                yield f"{drafts.text(target)} = {drafts.text(value)}"


def _donated_guard(drafts: Drafts, donor: ast.If, gap: Gap) -> None:
    test = drafts.text(donor.test)
    if len(donor.body) == 1 and not donor.orelse and isinstance(donor.body[0], ENDS[:3]) and "\n" not in test:
        _insert(drafts, "donor", gap, f"if {test}:\n{gap.indent}    {drafts.text(donor.body[0])}", 0.0)


def _guards(
    drafts: Drafts, statement: ast.stmt, body: Sequence[ast.stmt], place: int, loop: ast.stmt | None
) -> None:
    """`if …: return …` before the statement; at the start of a function also with literals of the asserts."""
    function = drafts.function
    if function is None:
        return
    after_docstring = place == 1 and isinstance(body[0], ast.Expr)
    first = body is function.body and (place == 0 or after_docstring)
    gap = Gap(
        offset=drafts.lines(statement)[0], indent=drafts.indentation(statement), newline="", closing=False
    )
    tests = [test for name in drafts.params for test in tests_of_one(name, drafts.types_of(name))]

    def insert(kind: str, test: str, then: str, extra: float) -> None:
        _insert(drafts, kind, gap, f"if {test}:\n{gap.indent}    {then}", extra)

    if first:
        results = ["[]", "0", "None", "False", "True", "''", "1", "-1", "()"]
        results += [*drafts.params, *(f"[{name}]" for name in drafts.params)]
        for test in tests:
            for result in results:
                insert("guard", test, f"return {result}", 0.0)
            for literal in drafts.hints.literals:
                if literal not in results:
                    insert("guardlit", test, f"return {literal}", 0.0)
        return
    stored = [name for name in drafts.some_names() if name in drafts.locals]
    ways = [f"return {value}" for value in ("False", "True", "0", "[]", "None", *stored[:5])]
    for test in [*drafts.tests[:6], *small_tests(drafts, 30)]:
        for way in [*(["break", "continue"] if loop is not None else []), *ways]:
            insert("guard", test, way, 0.9)
