"""Whether the answer of a probe can depend on the notebook at all, read from its source."""

import ast
import builtins
import functools

# Builtins whose result depends on the state although no name of the notebook is mentioned.
_LOOKING = frozenset({"globals", "locals", "vars", "dir", "open", "eval", "exec", "__import__"})
_BUILTIN = frozenset(dir(builtins)) - _LOOKING
# What an import gives, or code that a probe repeats from the notebook in order to run it again.
_CODE = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
NOTHING_ASKED = "the probe uses nothing of the notebook, so it shows nothing"
ALWAYS_TRUE = "the probe is true for every notebook, so it shows nothing"


@functools.lru_cache(maxsize=1024)
def emptiness(source: str, strict: bool = False) -> str:
    """Why a probe shows nothing; "" if it may show something.

    A probe that only calls functions on constants (`hasattr('', 'uper')`) asks Python, not the notebook: it
    may show a fact about the language, which rules state. With `strict` it has to look at the notebook.

    A probe shows nothing if its last expression depends only on values of its own (`True`, `1 < 2`,
    `x = 3; x == 3`), or is true by its form (`x == x`, `x or True`). Only the form is checked: a probe that
    can be false may still be a bad one.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # it will raise when it runs, and so hold nothing
        return ""
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return ""  # it has no value, and so holds nothing
    final = tree.body[-1].value
    asserted = [node.test for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    if any(_mentions(test, {}) and _certain(test) is None for test in asserted):
        return ""  # its end is only reached if that holds
    if not _mentions(final, _informed(tree.body[:-1])) and (strict or not _calls(tree)):
        return NOTHING_ASKED
    return ALWAYS_TRUE if _certain(final) is not None else ""


def _calls(tree: ast.Module) -> bool:
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(not (isinstance(func, ast.Name) and func.id in ("print", "range")) for func in called)


def _informed(statements: list[ast.stmt]) -> dict[str, bool]:
    """The names that the probe binds, and whether their values can depend on the notebook."""
    known: dict[str, bool] = {}
    for _ in range(2):  # twice: a loop or function may use what is bound below it
        for statement in statements:
            told = isinstance(statement, _CODE) or _mentions(statement, known)
            for name in _bound(statement):
                known[name] = known.get(name, False) or told
    return known


def _bound(statement: ast.stmt) -> set[str]:
    names = set()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add(other or name.partition(".")[0])
    return names


def _mentions(node: ast.AST, known: dict[str, bool]) -> bool:
    """Whether code reads something that the probe did not define itself."""
    own = {
        name.id
        for item in ast.walk(node)
        if isinstance(item, ast.comprehension | ast.For | ast.AsyncFor)
        for name in _targets(item)
    }
    own |= {arg.arg for arg in ast.walk(node) if isinstance(arg, ast.arg)}
    for item in ast.walk(node):
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load):
            name = item.id
            if known.get(name, name not in _BUILTIN and name not in own):
                return True
    return False


def _targets(item: ast.comprehension | ast.For | ast.AsyncFor) -> list[ast.Name]:
    return [name for name in ast.walk(item.target) if isinstance(name, ast.Name)]


def _certain(node: ast.expr) -> bool | None:
    """The truth value of an expression if its form determines it, else None."""
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _certain(operand)
            return None if inner is None else not inner
        case ast.BoolOp(op=op, values=values):
            return _certain_of(isinstance(op, ast.Or), values)
        case ast.IfExp(body=body, orelse=orelse):
            one, other = _certain(body), _certain(orelse)
            return one if one is other else None
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            same = ast.dump(left) == ast.dump(right)
            if same and isinstance(op, ast.Eq | ast.Is | ast.LtE | ast.GtE):
                return True
            if same and isinstance(op, ast.NotEq | ast.IsNot | ast.Lt | ast.Gt):
                return False
            counted = isinstance(left, ast.Call) and ast.unparse(left.func) == "len"
            return True if counted and isinstance(op, ast.GtE) and ast.unparse(right) == "0" else None
        case ast.Call(func=ast.Name(id="bool"), args=[argument]):
            return _certain(argument)
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.Name(id="object")]):
            return True
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return bool(items)
        case _:
            return None


def _certain_of(any_: bool, values: list[ast.expr]) -> bool | None:
    known = [_certain(value) for value in values]
    if any(item is any_ for item in known):
        return any_
    texts = {ast.dump(value) for value in values}
    opposite = any(
        isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not) and ast.dump(value.operand) in texts
        for value in values
    )
    if opposite:
        return any_
    return (not any_) if all(item is (not any_) for item in known) else None
