"""Legal: small changes of an operand or of the arguments with which the failing expression does not fail."""

import ast
import re
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cot_magic.autopsy.arrangements import Arrangement, arrangements, further_arrangements
from cot_magic.autopsy.evaluation import UNKNOWN, Evaluation, parts
from cot_magic.autopsy.scene import Scene, Spot, is_instance
from cot_magic.autopsy.variants import variants
from cot_magic.capture.describe import objects
from cot_magic.core.facts import Fact
from cot_magic.core.spelling import near

MOST_EDITS = 6
MOST_TRIED = 80
_ERRORS = (
    "TypeError",
    "ValueError",
    "IndexError",
    "AttributeError",
    "KeyError",
    "ArithmeticError",
    "RuntimeError",  # as torch raises it
)
_LOAD = ast.Load()
_CODE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A part of the expression, and what to write in its place; `_it` is the part itself."""

    part: ast.expr
    template: str
    why: str

    def text(self, source: str) -> str:
        """The new code; before a dot or an index, a part that is no atom gets parentheses."""
        atom = isinstance(self.part, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.List)
        tight = source if atom else f"({source})"
        text = re.sub(r"\b_it(?=[.\[])", lambda _: tight, self.template)
        return re.sub(r"\b_it\b", lambda _: source, text)


def legal(scene: Scene) -> Iterator[Fact]:
    """`legal.call` for other arguments, `legal.operand` for changes of an operand, with which it works."""
    if "not JSON serializable" in scene.message:
        return  # what can be written instead, such as the keys alone, loses the data
    spot = scene.spot
    if spot is None or not scene.is_a(*_ERRORS) or scene.is_a("ModuleNotFoundError"):
        return
    node = spot.node
    if not isinstance(node, ast.expr) or not isinstance(getattr(node, "ctx", _LOAD), ast.Load):
        return
    yield from _calls(scene, spot, node, arrangements)
    for change, result in islice(_that_work(spot, node), MOST_EDITS):
        source = spot.source(change.part, 2_000)
        new = change.text(source)
        shape = _shape(result)
        yield Fact.of(
            "legal.name" if new.isidentifier() else "legal.operand",
            f"With `{new[:80]}` for `{source[:80]}` the expression gives {shape}.",
            expression=spot.source(node, 2_000),
            part=source,
            write=new,
            why=change.why,
            result=shape,
        )
    yield from _calls(scene, spot, node, further_arrangements)


def _calls(
    scene: Scene, spot: Spot, node: ast.expr, arranged: Callable[..., Iterator[Arrangement]]
) -> Iterator[Fact]:
    """Other arrangements of the arguments with which the call returns."""
    function = spot.value(node.func) if isinstance(node, ast.Call) else UNKNOWN
    if not isinstance(node, ast.Call) or function is UNKNOWN or not callable(function):
        return
    told = 0
    for new, why in arranged(scene, node, function):
        result = spot.evaluation.prepared(new, ())(())
        if isinstance(result, BaseException) or not _has_content(result):
            continue
        shape = _shape(result)
        text = ast.unparse(new)
        yield Fact.of(
            "legal.call",
            f"`{text[:120]}` gives {shape}.",
            expression=spot.source(node, 2_000),
            write=text,
            why=why,
            result=shape,
        )
        told += 1
        if told == MOST_EDITS:
            return


def _that_work(spot: Spot, node: ast.expr) -> Iterator[tuple[_Change, Any]]:
    """The changes with which the expression returns something, likelier ones first."""
    evaluation, tried = spot.evaluation, 0
    shared = [(part, spot.value(part)) for part in _operands(node)]
    for part, value in shared:
        others = [(spot.source(other), held) for other, held in shared if other is not part]
        likely = (
            *_within_bounds(spot, node, part, value),
            *_as_the_other(spot, value, others),
            *_named_alike(spot, part, value),
        )
        for template, why in (*likely, *variants(value, others)):
            if tried >= MOST_TRIED:
                return
            tried += 1
            if template == "int(_it)" and isinstance(node, ast.BinOp) and value != int(value):
                continue  # that would be another number
            change = _Change(part=part, template=template, why=why)
            result = _result(evaluation, node, part, template, value)
            if result is not UNKNOWN and _has_content(result):
                yield change, result


def _within_bounds(spot: Spot, node: ast.expr, part: ast.expr, value: Any) -> Iterator[tuple[str, str]]:
    """The group before it, where a match does not have one of that number."""
    if isinstance(node, ast.Call) and isinstance(part, ast.Constant) and objects.is_a(value, int):
        function = spot.value(node.func)
        if value > 1 and objects.is_a(getattr(function, "__self__", None), re.Match):
            yield str(value - 1), f"Take group {value - 1}."


def _as_the_other(spot: Spot, value: Any, others: list[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """A plain number or string as the type of another operand that it can be read as: `Decimal(str(_it))`."""
    for cls in dict.fromkeys(type(other) for _, other in others):
        if not objects.exactly(value, int, float, str) or objects.module_name(cls) == "builtins":
            continue
        name = next((name for name, held in spot.evaluation.names.items() if held is cls), None)
        if name is not None and _reads(cls, str(value)):
            text = "_it" if objects.exactly(value, str) else "str(_it)"
            yield f"{name}({text})", f"Make a `{name}` of it, as the other one is."


def _named_alike(spot: Spot, part: ast.expr, value: Any) -> Iterator[tuple[str, str]]:
    """Variables of another type whose names are alike: `marks` for `mark`."""
    known = spot.evaluation.names
    for name in near(part.id, known) if isinstance(part, ast.Name) else ():
        code = objects.is_a(known[name], *_CODE)
        if not code and type(known[name]) is not type(value) and not name.startswith("_"):
            yield name, f"Use `{name}`."


def _reads(cls: type, text: str) -> bool:
    """Whether an object of the class can be made from the text, and has the same text again."""
    try:
        return str(cls(text)) == text
    except Exception:  # a type of any library, or of the person's own
        return False


def _result(evaluation: Evaluation, node: ast.expr, part: ast.expr, template: str, value: Any) -> Any:
    """What the expression gives with the part changed; UNKNOWN if either raises."""
    changed = evaluation.prepared(ast.parse(template, mode="eval").body, ())(
        (), {**evaluation.names, "_it": value}
    )
    if isinstance(changed, BaseException):
        return UNKNOWN
    result = evaluation.prepared(node, (part,))((changed,))
    return UNKNOWN if isinstance(result, BaseException) else result


def _operands(node: ast.expr) -> Iterator[ast.expr]:
    """The parts whose value is handed to the failing operation itself, left to right, then inner ones."""
    if isinstance(node, ast.Call):
        first = [*node.args, *(word.value for word in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            first.append(node.func.value)
    else:
        first = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
    inner = [item for part in first if isinstance(part, ast.List | ast.Tuple) for item in part.elts]
    direct = [part for part in (*first, *inner) if not isinstance(part, ast.Starred | ast.Slice | ast.Lambda)]
    seen = {id(part) for part in direct}
    yield from direct
    yield from (part for part in parts(node) if id(part) not in seen and part is not node and _is_data(part))


def _is_data(part: ast.expr) -> bool:
    return isinstance(part, ast.Name | ast.Attribute | ast.Subscript)


def _has_content(result: Any) -> bool:
    """Whether the result is a value: one that is empty or of missing values, or a method, is no use."""
    if is_instance(result, "pandas.Series", "pandas.DataFrame"):
        return bool(result.size) and not bool(result.isna().to_numpy().all())
    if is_instance(result, "numpy.ndarray"):
        return bool(result.size)
    return not isinstance(result, types.MethodType | types.BuiltinMethodType)


def _shape(result: Any) -> str:
    """The type and shape of a result."""
    kind = objects.qualified(type(result))
    shape = (
        getattr(result, "shape", None)
        if is_instance(result, "numpy.ndarray", "pandas.DataFrame", "pandas.Series")
        else None
    )
    return f"`{kind}`" + (f" of shape {shape}" if shape is not None else "")
