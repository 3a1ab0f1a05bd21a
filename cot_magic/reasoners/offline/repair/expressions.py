"""Edits of expressions: what fits any expression here; operators, calls and values have their own modules."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline.repair.calls import (
    call_edits,
    comprehension_edits,
    slice_edits,
    subscript_edits,
)
from cot_magic.reasoners.offline.repair.conditions import NUMBERS, condition_edits
from cot_magic.reasoners.offline.repair.drafts import ATOMIC, Drafts
from cot_magic.reasoners.offline.repair.operators import binary_edits, boolean_edits, comparison_edits
from cot_magic.reasoners.offline.repair.tables import CHANGERS, SORT_KEYS, WRAPPERS
from cot_magic.reasoners.offline.repair.values import attribute_edits, constant_edits, name_edits

PLACES = (ast.Return, ast.Assign, ast.For, ast.Call)
BOUNDED = (ast.Return, ast.Assign, ast.Call, ast.Tuple, ast.List)
NEARLY = 0.5  # what a neighbour of an expression costs more than the expression itself
OF_DATA = 2.5  # what an edit of data costs more
AS_MEASURED = -0.6  # of a number that the results or the words of the function ask for
NOT_NUMBERS = ("str", "list", "tuple", "dict", "set", "bool", "function", "NoneType", "type", "object")


def expression_edits(drafts: Drafts, root: ast.expr) -> None:
    """The edits of an expression and of all its parts."""
    todo: list[ast.AST] = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.JoinedStr):
            continue
        if isinstance(node, ast.expr):
            extra = OF_DATA if _is_data(drafts, node) else 0.0
            drafts.penalty += extra
            _one(drafts, node)
            drafts.penalty -= extra
        todo.extend(ast.iter_child_nodes(node))


def _is_data(drafts: Drafts, node: ast.expr) -> bool:
    """Whether it is one of the constants of a collection that a cell is given: the data, not what is done."""
    parent = drafts.parent.get(node)
    collected = isinstance(parent, ast.List | ast.Tuple | ast.Dict | ast.Set)
    return collected and isinstance(node, ast.Constant) and drafts.function is None


def _one(drafts: Drafts, node: ast.expr) -> None:
    parent = drafts.parent.get(node)
    loaded = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    called = isinstance(parent, ast.Call) and parent.func is node
    _of_its_kind(drafts, node, parent, loaded=loaded, called=called)
    if not loaded or called or isinstance(node, ast.Slice | ast.Starred) or isinstance(parent, ast.JoinedStr):
        return
    _negated(drafts, node, parent)
    _numeric(drafts, node, parent)
    if not isinstance(node, ast.Constant) and not isinstance(parent, ast.Starred):
        _wrapped(drafts, node, parent)
        _indexed(drafts, node, parent)
    _replaced(drafts, node, parent)
    if drafts.type_of(node) == "str" and isinstance(
        parent, ast.Return | ast.Assign | ast.AugAssign | ast.BinOp | ast.Call
    ):
        _concatenated(drafts, node)


def _of_its_kind(
    drafts: Drafts, node: ast.expr, parent: ast.AST | None, *, loaded: bool, called: bool
) -> None:
    match node:
        case ast.Constant():
            constant_edits(drafts, node, parent)
        case ast.Name():
            name_edits(drafts, node, parent, loaded=loaded, called=called)
        case ast.Attribute():
            attribute_edits(drafts, node, loaded=loaded, called=called)
        case ast.Compare():
            comparison_edits(drafts, node)
        case ast.BoolOp():
            boolean_edits(drafts, node)
        case ast.UnaryOp():
            loose = isinstance(parent, ast.BinOp | ast.BoolOp)
            drafts.add("neg", node, drafts.operand(node.operand) if loose else drafts.text(node.operand))
        case ast.BinOp():
            binary_edits(drafts, node)
        case ast.Call():
            call_edits(drafts, node, parent)
        case ast.Subscript():
            subscript_edits(drafts, node, loaded=loaded)
        case ast.IfExp():
            swapped = f"{drafts.text(node.orelse)} if {drafts.text(node.test)} else {drafts.text(node.body)}"
            drafts.add("branch", node, swapped)
            condition_edits(drafts, node.test)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            comprehension_edits(drafts, node)
        case ast.Slice():
            slice_edits(drafts, node)
        case ast.List() | ast.Tuple() if loaded:
            _elements(drafts, node)


def _elements(drafts: Drafts, node: ast.List | ast.Tuple) -> None:
    """One element fewer or more, or two exchanged."""
    texts = [drafts.text(element) for element in node.elts]
    is_list = isinstance(node, ast.List)
    for place in range(len(texts) if len(texts) <= 8 else 0):
        rest = texts[:place] + texts[place + 1 :]
        if is_list:
            drafts.add("opdrop", node, f"[{', '.join(rest)}]", 0.4)
        elif len(texts) > 1:
            drafts.add("opdrop", node, f"({rest[0]},)" if len(rest) == 1 else f"({', '.join(rest)})", 0.4)
    if not is_list and len(texts) == 2:
        drafts.add("argswap", node, f"({texts[1]}, {texts[0]})", 0.2)
    if is_list and len(texts) <= 2:
        for name in drafts.some_names(8):
            drafts.add("argadd", node, f"[{', '.join([*texts, name])}]", 0.2)


def _negated(drafts: Drafts, node: ast.expr, parent: ast.AST | None) -> None:
    tested = isinstance(parent, ast.If | ast.While | ast.BoolOp) or (
        isinstance(parent, ast.IfExp) and parent.test is node
    )
    returned = isinstance(parent, ast.Return) and isinstance(
        node, ast.Compare | ast.BoolOp | ast.Name | ast.Call
    )
    if (tested or returned) and not isinstance(node, ast.UnaryOp):
        text = drafts.text(node)
        drafts.add("neg", node, f"not {text}" if isinstance(node, ATOMIC) else f"not ({text})")


def _how_numeric(drafts: Drafts, node: ast.expr, parent: ast.AST | None) -> float | None:
    """What an edit of its amount costs more; None if it is no number."""
    kind = drafts.type_of(node)
    if kind in NOT_NUMBERS:
        return None
    hot = (
        (isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id == "range")
        or isinstance(parent, ast.Slice | ast.Compare)
        or (isinstance(parent, ast.Subscript) and parent.slice is node)
    )
    if kind in NUMBERS:
        return 0.0 if hot else 0.5
    forms = ast.Name | ast.Call | ast.BinOp | ast.Subscript | ast.Attribute
    places = ast.Return | ast.BinOp | ast.Call | ast.Assign | ast.AugAssign | ast.Compare
    if isinstance(node, forms) and isinstance(parent, places | ast.Subscript | ast.Slice):
        return 0.5 if hot else 1.0
    return None


def _numeric(drafts: Drafts, node: ast.expr, parent: ast.AST | None) -> None:
    """Off by one, doubled, halved, negated; combined with another number in scope."""
    extra = _how_numeric(drafts, node, parent)
    if extra is None:
        return
    text, operand = drafts.text(node), drafts.operand(node)
    loose = isinstance(node, ast.BoolOp | ast.Compare | ast.IfExp | ast.Lambda)
    whole = operand if loose else text
    inside = isinstance(parent, ast.BinOp | ast.UnaryOp | ast.Attribute)

    def add(kind: str, new: str, more: float) -> None:
        drafts.add(kind, node, f"({new})" if inside else new, extra + more)

    if not (isinstance(node, ast.Constant) and type(node.value) is int):
        add("off", f"{whole} + 1", 0.0)
        add("off", f"{whole} - 1", 0.0)
        add("off", f"{operand} * 2", 1.2)
        add("off", f"{operand} // 2", 1.2)
        add("off", f"-{operand}", 0.6)
    if isinstance(node, ast.Constant):
        return
    for number in dict.fromkeys([*drafts.hints.factors, *drafts.conversions]):
        for sign in "*/%":
            add("opadd", f"{operand} {sign} {number}", AS_MEASURED)
    for number in drafts.hints.offsets:
        add("opadd", f"{operand} {'-' if number < 0 else '+'} {abs(number)}", AS_MEASURED)
    for name in drafts.some_names(8):
        if name != text and drafts.types_of(name) & NUMBERS:
            for sign in ("+", "-", "*", "//", "/", "%"):
                add("opadd", f"{operand} {sign} {name}", 0.0 if sign in "+-" else 0.4)
            add("opadd", f"{name} - {operand}", 0.4)
            for bound in ("min", "max"):
                drafts.add("wrap", node, f"{bound}({text}, {name})", extra + 0.4)
    if isinstance(node, ast.Name) and drafts.types_of(node.id) & NUMBERS and isinstance(parent, BOUNDED):
        for other, donor in drafts.expressions.items():
            if isinstance(donor, ast.Subscript | ast.Attribute) and text not in other:
                for bound in ("min", "max"):
                    drafts.add("wrap", node, f"{bound}({other}, {text})", extra + 0.4)
    for number in drafts.ints[:6]:
        if number not in (0, 1, -1):
            for sign in ("+", "-", "*", "//", "%"):
                add("opadd", f"{operand} {sign} {number}", 0.8)


def _wrapped(drafts: Drafts, node: ast.expr, parent: ast.AST | None) -> None:
    """The expression as an argument of a function that takes its type, or of a function of the cell."""
    text, kind = drafts.text(node), drafts.type_of(node)
    usual = isinstance(parent, (*PLACES, ast.Compare))
    for place, function in enumerate(WRAPPERS.get(kind, WRAPPERS[None])):
        if not (isinstance(parent, ast.Call) and drafts.text(parent.func) == function):
            drafts.add("wrap", node, f"{function}({text})", 0.1 * place + (0.0 if usual else 0.5))
    if kind in ("float", "int", None) and isinstance(parent, ast.Return | ast.Assign | ast.BinOp):
        for module, function, extra in _of_numbers(drafts):
            drafts.add("wrap", node, f"{module}.{function}({text})", extra)
        power = f"{drafts.operand(node)} ** 0.5"
        drafts.add("wrap", node, f"({power})" if isinstance(parent, ast.BinOp) else power, 0.9)
    if drafts.function is not None and isinstance(parent, ast.Return | ast.Call | ast.Assign):
        drafts.add("wrap", node, f"{drafts.function_name}({text})", 0.4)
        for function in drafts.hints.functions:
            if function != drafts.function_name:
                drafts.add("wrap", node, f"{function}({text})", 0.6)
    if kind in ("list", None, "tuple") and isinstance(parent, PLACES):
        drafts.add("sortkw", node, f"sorted({text}, reverse=True)", 0.3)
        for key in SORT_KEYS:
            drafts.add("sortkw", node, f"sorted({text}, key={key})", 0.5)
        for name in drafts.some_names(10):
            if "dict" in drafts.types_of(name):
                drafts.add("sortkw", node, f"sorted({text}, key=lambda v: {name}[v])", 0.2)
            elif name in drafts.hints.functions or "function" in drafts.types_of(name):
                drafts.add("sortkw", node, f"sorted({text}, key={name})", 0.2)


def _of_numbers(drafts: Drafts) -> Iterator[tuple[str, str, float]]:
    """Functions of numbers and of arrays, of the modules that are imported, and what each costs more."""
    for module in ("np", "numpy", "math"):
        if module in drafts.hints.globals:
            yield module, "sqrt", 0.3
            yield from ((module, function, 0.9) for function in ("exp", "log"))
            if module != "math":
                yield from ((module, function, 0.9) for function in ("abs", "square"))


def _indexed(drafts: Drafts, node: ast.expr, parent: ast.AST | None) -> None:
    """A part, the reverse or a copy of it; a method of strings on it."""
    if not isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        return
    text, kind = drafts.text(node), drafts.type_of(node)
    if kind in ("list", "str", "tuple", None):
        extra = 0.3 if kind is None else 0.0
        for part, more in (("[::-1]", 0.0), ("[1:]", 0.2), ("[:-1]", 0.4), ("[0]", 0.3), ("[-1]", 0.3)):
            drafts.add("slice", node, text + part, more + extra)
        for name in drafts.some_names(8) if kind else ():
            if name != text and "int" in drafts.types_of(name):
                drafts.add("slice", node, f"{text}[{name}]", 0.6)
                drafts.add("slice", node, f"{text}[:{name}]", 0.8)
                drafts.add("slice", node, f"{text}[{name}:]", 0.8)
    if kind in ("list", "dict", "set", None):
        walked = isinstance(parent, ast.For) and parent.iter is node and _changed(drafts, parent, text)
        drafts.add(
            "copy", node, f"{text}[:]" if kind == "list" else f"{text}.copy()", -1.0 if walked else 0.0
        )
    if kind == "list" and isinstance(parent, BOUNDED):
        for name in drafts.some_names(8):
            if name not in text:
                drafts.add("opadd", node, f"{text} + [{name}]", 0.2)
                drafts.add("opadd", node, f"[{name}] + {text}", 0.6)
    if kind in ("str", None):
        for method in ("lower", "upper", "strip", "split", "title"):
            drafts.add("method", node, f"{text}.{method}()", 0.8)


def _changed(drafts: Drafts, loop: ast.For, text: str) -> bool:
    """Whether the body of the loop adds to what it goes through, or takes from it."""
    for node in (node for statement in loop.body for node in ast.walk(statement)):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in CHANGERS:
                if drafts.text(owner) == text:
                    return True
            case ast.Delete(targets=[ast.Subscript(value=owner)]) if drafts.text(owner) == text:
                return True
    return False


def _replaced(drafts: Drafts, node: ast.expr, parent: ast.AST | None) -> None:
    """Another expression, name or constant of the function in its place."""
    text, kind = drafts.text(node), drafts.type_of(node)
    if isinstance(node, ast.Call | ast.Subscript | ast.BinOp | ast.Compare | ast.Attribute | ast.BoolOp):
        for name in drafts.some_names(10):
            drafts.add("exprdonor", node, name, -0.6 if kind and kind in drafts.types_of(name) else -0.1)
        if isinstance(node, ast.Compare | ast.BoolOp):
            constants: tuple[str, ...] = ("True", "False")
        else:
            constants = () if isinstance(node, ast.Attribute) else ("0", "1", "[]")
        for constant in constants:
            drafts.add("exprdonor", node, constant, 0.4)
    if isinstance(node, ast.Call | ast.Subscript | ast.BinOp | ast.Compare | ast.Name | ast.Attribute):
        extra = 0.6 if isinstance(node, ast.Name) else 0.2
        closed = isinstance(parent, ast.Return | ast.Assign | ast.Call | ast.If | ast.While)
        near = dict.fromkeys(drafts.near, NEARLY)
        for other, donor in [*drafts.near.items(), *drafts.expressions.items()]:
            tests = isinstance(donor, ast.Compare | ast.BoolOp)
            alike = type(donor) is type(node) or not isinstance(donor, ast.Compare)
            if other != text and alike and isinstance(node, ast.Compare) == tests:
                bare = closed or isinstance(donor, ATOMIC)
                drafts.add("exprdonor", node, other if bare else f"({other})", extra + near.get(other, 0.0))


def _concatenated(drafts: Drafts, node: ast.expr) -> None:
    text = drafts.text(node)
    for string in [*drafts.hints.strings, *(item for item in drafts.strings if len(item) < 8)]:
        drafts.add("concat", node, f"{text} + {string!r}")
        drafts.add("concat", node, f"{string!r} + {text}", 0.1)
    for name in drafts.some_names(8):
        if "str" in drafts.types_of(name):
            drafts.add("concat", node, f"{text} + {name}")
            drafts.add("concat", node, f"{name} + {text}")
