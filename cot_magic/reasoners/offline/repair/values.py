"""Edits of constants, names and attributes."""

import ast
import re

from cot_magic.reasoners.offline.repair.conditions import NUMBERS
from cot_magic.reasoners.offline.repair.drafts import Drafts
from cot_magic.reasoners.offline.repair.tables import FUNCTIONS, METHODS, OPTIONS


def constant_edits(drafts: Drafts, node: ast.Constant, parent: ast.AST | None) -> None:
    """A near constant, one of the function or the asserts, or a variable."""
    value = node.value
    if isinstance(value, bool):
        drafts.add("const", node, str(not value))
        drafts.add("const", node, "None", 1.5)
    elif isinstance(value, int | float):
        _number(drafts, node, value, parent)
    elif isinstance(value, str) and not isinstance(parent, ast.Expr):
        _string(drafts, node, value, parent)
    elif value is None:
        for new in ("0", "False", "[]", "''", "True"):
            drafts.add("const", node, new, 0.4)
        for name in drafts.some_names(8):
            drafts.add("name", node, name, 0.6)


def _number(drafts: Drafts, node: ast.Constant, value: float, parent: ast.AST | None) -> None:
    negative = isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.USub)
    target: ast.expr = parent if negative and isinstance(parent, ast.UnaryOp) else node
    mine = -value if negative else value
    around = drafts.parent.get(target)
    if not isinstance(around, ast.Attribute):
        half = mine / 2 if isinstance(value, float) or mine % 2 else mine // 2
        near = [(mine + 1, 0.0), (mine - 1, 0.0), (0, 0.3), (1, 0.3), (-1, 0.4), (2, 0.5), (-mine, 0.4)]
        near += [(mine * 2, 1.0), (mine * 10, 1.0), (half, 1.0), (mine + 2, 1.0), (mine - 2, 1.0)]
        if isinstance(value, float) and 0 < value < 1:
            near.append((round(mine * 100, 9), 0.2))  # a share for a percentage
        elif 1 < value <= 100:
            near.append((mine / 100, 0.4))
        for number, extra in near:
            text = repr(number)
            closed = text.startswith("-") and isinstance(around, ast.BinOp)
            drafts.add("const", target, f"({text})" if closed else text, extra)
    for number in [*drafts.ints[:10], *drafts.hints.ints]:
        drafts.add("const", target, repr(number), 0.7)
    for name in drafts.some_names(10):
        if drafts.types_of(name) & NUMBERS:
            drafts.add("name", target, name, 0.5)
        elif drafts.types_of(name) & {"list", "str", "tuple"}:
            drafts.add("name", target, f"len({name})", 0.9)
    if isinstance(value, int):
        drafts.add("const", target, repr(float(mine)), 1.2)
    for name in drafts.some_names(6):
        if "int" in drafts.types_of(name):
            for new in (f"{name} + 1", f"{name} - 1"):
                drafts.add("name", target, f"({new})" if isinstance(parent, ast.BinOp) else new, 0.9)


def _string(drafts: Drafts, node: ast.Constant, value: str, parent: ast.AST | None) -> None:
    near = [("", 0.4), (" ", 0.4), (value.upper(), 0.2), (value.lower(), 0.2), (value.swapcase(), 0.4)]
    near += [(f"{value} ", 0.8), (f" {value}", 0.8)]
    if len(value) > 1:
        if value.lower() != value.upper():
            near += [(value + value.upper(), 0.3), (value + value.lower(), 0.3)]
        near += [(value[:-1], 0.5), (value[1:], 0.5)]
    if len(value) <= 12:
        near += [(value[:place] + value[place + 1 :], 0.8) for place in range(len(value))]
    near += [(other, 0.4) for group in OPTIONS if value in group for other in group]
    for other in [*drafts.strings, *drafts.hints.strings]:
        near.append((other, 0.4))
        if len(other) <= 2:
            near += [(value + other, 0.9), (other + value, 0.9)]
    for new, extra in near:
        if new != value:
            drafts.add("strlit", node, repr(new), extra - 1)
    if isinstance(parent, ast.Call) and re.search(r"\bre\.", drafts.text(parent.func)):
        without = value.replace("+", "").replace("*", "")
        forms = [f"{value}+", f"{value}*", f"^{value}", f"{value}$", f"^{value}$", rf"\b{value}\b"]
        whole = re.sub(r"(?<!\\)\((?!\?)", "(?:", value)
        lazy = re.sub(r"([+*])(?![?+])", r"\1?", value)
        for form in [lazy, whole, *forms, value.replace("+", "*"), value.replace("*", "+"), without]:
            drafts.add("regex", node, "r" + repr(form).replace("\\\\", "\\"))
    for name in drafts.some_names(8):
        if "str" in drafts.types_of(name):
            drafts.add("name", node, name, 0.6)


def name_edits(drafts: Drafts, node: ast.Name, parent: ast.AST | None, *, loaded: bool, called: bool) -> None:
    """Another name in scope; another function if it is called."""
    if called:
        near = [other for group in FUNCTIONS if node.id in group for other in group if other != node.id]
        for other in dict.fromkeys(near):
            drafts.add("callee", node, other)
        for other in drafts.hints.functions:
            if other != node.id:
                drafts.add("callee", node, other, 0.3)
        return
    mine = drafts.types_of(node.id)
    foreign = drafts.function is not None and node.id not in drafts.locals
    unknown = node.id not in drafts.names or (foreign and node.id not in drafts.hints.globals)
    for other in drafts.names:
        if other != node.id:
            types = drafts.types_of(other)
            extra = 0.0 if mine & types else 0.6 if not (mine and types) else 1.4
            drafts.add("name", node, other, extra + (0.0 if loaded else 0.8) - (0.8 if unknown else 0.0))
    if not loaded:
        return
    if unknown:
        for builtin in drafts.builtins:
            if builtin.lower() == node.id.lower():
                drafts.add("rename", node, builtin, -0.5)
    if "object" in mine:
        for attribute in drafts.hints.attributes[:8]:
            drafts.add("attr", node, f"{node.id}.{attribute}", 0.4)
    if not isinstance(parent, ast.Attribute | ast.Subscript):
        _looked_up(drafts, node, mine)


def _looked_up(drafts: Drafts, node: ast.Name, types: set[str]) -> None:
    """What a container in scope holds at it, or a constant instead."""
    for name in drafts.names:
        if name != node.id and drafts.types_of(name) & {"list", "tuple", "dict"} and types & {"int", "str"}:
            drafts.add("name", node, f"{name}[{node.id}]", 0.8)
    if types & NUMBERS:
        for number in drafts.ints[:6]:
            drafts.add("const", node, repr(number), 0.6)
        for number in (0, 1, -1):
            drafts.add("const", node, repr(number), 0.7)


def attribute_edits(drafts: Drafts, node: ast.Attribute, *, loaded: bool, called: bool) -> None:
    """A method of the same family, another attribute that objects here have, a call, or the object itself."""
    end = drafts.span(node)[1]
    place = (end - len(node.attr.encode()), end)
    near = [other for group in METHODS if node.attr in group for other in group if other != node.attr]
    for other in dict.fromkeys(near):
        drafts.add("method", place, other, 0.0 if called else 0.5)
    if called:
        return
    for other in drafts.hints.attributes:
        if other != node.attr:
            drafts.add("attr", place, other)
    if loaded:
        drafts.add("callparen", node, f"{drafts.text(node)}()")
        drafts.add("unwrap", node, drafts.text(node.value), 0.4)
