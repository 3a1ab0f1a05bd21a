"""Patterns of code with holes, and templates that are filled with what the holes matched.

A pattern is Python. A name that begins with an underscore is a hole for one expression: `_x` takes any,
`_frame`, `_series`, `_table` (either), `_array`, `_arrays` (any of these), `_text`, `_list`, `_number` and
`_name` take one of that kind, as far as the kind is known; digits may follow (`_x1`). An attribute or keyword
that begins with an underscore takes any name. A hole that occurs twice takes the same code. `...` as the last
argument takes all arguments that are left. `_x <op> _y` takes any arithmetic, `_x <cmp> _y` any comparison.
"""

import ast
import functools
import re
from collections.abc import Mapping

from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.site import Site

Bound = dict[str, ast.AST | str]

_FRAME, _SERIES = "pandas.core.frame.DataFrame", "pandas.core.series.Series"
_ARRAY = "numpy.ndarray"
KINDS: dict[str, tuple[str, ...]] = {
    "frame": (_FRAME,),
    "series": (_SERIES,),
    "table": (_FRAME, _SERIES),
    "array": (_ARRAY,),
    "arrays": (_FRAME, _SERIES, _ARRAY, "pandas.core.indexes.base.Index"),
    "text": ("str",),
    "list": ("list", "tuple"),
    "number": ("int", "float", "numpy.float64", "numpy.int64"),
}
# placed before a dot or bracket without parentheses
_ATOMS = (
    ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set,
    ast.ListComp, ast.DictComp, ast.SetComp, ast.JoinedStr,
)  # fmt: skip
_HOLE = re.compile(r"\{(\w+)\}")
REST = "rest"


class AnyOperator(ast.operator):
    """Stands for every arithmetic operator."""


class AnyComparison(ast.cmpop):
    """Stands for every comparison."""


@functools.lru_cache(maxsize=1024)
def pattern(text: str) -> ast.AST:
    """The tree of a pattern: of the expression, or of the statement if it is none."""
    plain = text.replace("<op>", "+").replace("<cmp>", "<")
    statement = ast.parse(plain).body[0]
    tree = statement.value if isinstance(statement, ast.Expr) else statement
    if isinstance(tree, ast.BinOp | ast.AugAssign) and plain != text:
        tree.op = AnyOperator()
    elif isinstance(tree, ast.Compare) and plain != text:
        tree.ops = [AnyComparison() for _ in tree.ops]
    return tree


def match(site: Site, wanted: ast.AST, node: ast.AST) -> Bound | None:
    """What the holes of the pattern take in that node; None if it does not fit."""
    bound: Bound = {}
    return bound if _fits(site, wanted, node, bound) else None


def _fits(site: Site, wanted: ast.AST, node: ast.AST, bound: Bound) -> bool:
    match wanted:
        case ast.Name(id=name) if name.startswith("_"):
            return isinstance(node, ast.expr) and _takes(site, name[1:], node, bound)
        case ast.Call(args=[*_, ast.Constant(value=value)]) if value is ...:
            return isinstance(node, ast.Call) and _fits_first(site, wanted, node, bound)
        case AnyOperator() | AnyComparison():
            return isinstance(node, ast.operator | ast.cmpop)
    if type(wanted) is not type(node):
        return False
    for field, value in ast.iter_fields(wanted):
        if field in ("ctx", "kind", "type_comment"):
            continue
        if not _same(site, value, getattr(node, field, None), bound):
            return False
    return True


def _same(site: Site, wanted: object, found: object, bound: Bound) -> bool:
    if isinstance(wanted, ast.AST):
        return isinstance(found, ast.AST) and _fits(site, wanted, found, bound)
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(wanted) == len(found)
            and all(_same(site, one, other, bound) for one, other in zip(wanted, found, strict=True))
        )
    if isinstance(wanted, str) and wanted.startswith("_") and isinstance(found, str):
        return bound.setdefault(wanted[1:], found) == found
    return wanted == found


def _takes(site: Site, hole: str, node: ast.expr, bound: Bound) -> bool:
    """Whether the hole takes the node: it is of the kind, and the same as before."""
    sort = hole.rstrip("0123456789")
    if sort == "name" and not isinstance(node, ast.Name):
        return False
    known = kind_of(site, node) if sort in KINDS else ""
    if known and known not in KINDS[sort]:
        return False
    before = bound.setdefault(hole, node)
    return before is node or (isinstance(before, ast.AST) and _dump(before) == _dump(node))


def _dump(node: ast.AST) -> str:
    """The tree as a string; a name that is assigned to is the same as one that is read."""
    return ast.dump(node).replace("Store()", "Load()")


def _fits_first(site: Site, wanted: ast.Call, node: ast.Call, bound: Bound) -> bool:
    """A call whose first arguments and keywords are those of the pattern; the others are the rest."""
    first = wanted.args[:-1]
    if len(node.args) < len(first) or not _fits(site, wanted.func, node.func, bound):
        return False
    if not all(_fits(site, one, other, bound) for one, other in zip(first, node.args, strict=False)):
        return False
    left = list(node.keywords)
    for word in wanted.keywords:
        found = next((item for item in left if _same(site, word.arg, item.arg, bound)), None)
        if found is None or not _fits(site, word.value, found.value, bound):
            return False
        left.remove(found)
    rest = [site.text(item) for item in (*node.args[len(first) :], *left)]
    bound[REST] = ", ".join(rest)
    return True


def code(bound: Bound, hole: str) -> ast.AST:
    """The node that the hole took."""
    held = bound[hole]
    assert isinstance(held, ast.AST)
    return held


def filled(
    site: Site, template: str, bound: Mapping[str, ast.AST | str], words: Mapping[str, str]
) -> str | None:
    """The template with the code of each hole, `{frame}`, and other words; None if one of them is not known.

    Code before a dot or an index is put into parentheses where it needs them.
    """
    known = True

    def put(found: re.Match[str]) -> str:
        nonlocal known
        held = bound.get(found[1], words.get(found[1], "" if found[1] == REST else None))
        if held is None:
            known = False
            return ""
        if isinstance(held, str):
            return held
        text = site.text(held)
        before, behind = template[: found.start()], template[found.end() : found.end() + 1]
        tight = behind in (".", "[") or before.endswith(("~", "* ", "/ "))
        return f"({text})" if tight and not isinstance(held, _ATOMS) else text

    text = _HOLE.sub(put, template)
    if not known:
        return None
    return (
        text.replace(", , ", ", ").replace("(, ", "(").replace(", )", ")")
    )  # an empty rest leaves its comma
