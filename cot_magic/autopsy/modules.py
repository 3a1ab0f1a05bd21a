"""Modules of the person's own whose file is not what was imported."""

import ast
import sys
import sysconfig
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cot_magic.autopsy.evaluation import UNKNOWN
from cot_magic.autopsy.scene import Scene
from cot_magic.capture.describe import objects
from cot_magic.core.facts import Fact

LARGEST = 1_000_000  # characters of a file that is read
_INSTALLED = tuple(
    dict.fromkeys(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
)


def edited_modules(scene: Scene) -> Iterator[Fact]:
    """`state.module` for each module of the failing statement that was edited since it was imported."""
    for module in _modules(scene):
        file = _own_file(module)
        if file is None:
            continue
        new, other = _differences(module, file)
        if not new and not other:
            continue
        bound = {
            name: value.__name__ if isinstance(value, types.FunctionType) else objects.class_name(value)
            for name, value in scene.globals.items()
            if (isinstance(value, types.FunctionType) and value.__module__ == module.__name__)
            or (isinstance(value, type) and objects.module_name(value) == module.__name__)
        }
        said = ", ".join(
            [*(f"`{name}` is new" for name in new[:3]), *(f"`{name}` differs" for name in other[:3])]
        )
        yield Fact.of(
            "state.module",
            f"`{file.name}` was edited since `{module.__name__}` was imported: {said}.",
            module=module.__name__,
            file=str(file),
            alias=next((name for name, value in scene.globals.items() if value is module), ""),
            bound=bound,
            new=new,
            other=other,
        )


def _modules(scene: Scene) -> Iterator[types.ModuleType]:
    """The modules that the failing statement uses, itself or through a function or class of them."""
    found: dict[str, types.ModuleType] = {}
    nodes = list(ast.walk(scene.statement)) if scene.statement is not None else []
    for node in nodes:
        value: Any = scene.value(node) if isinstance(node, ast.Name | ast.Attribute) else UNKNOWN
        if isinstance(node, ast.ImportFrom) and node.module:
            value = sys.modules.get(node.module, UNKNOWN)
        elif isinstance(value, types.FunctionType):
            value = sys.modules.get(value.__module__ or "", UNKNOWN)
        elif isinstance(value, type):
            value = sys.modules.get(objects.module_name(value), UNKNOWN)
        elif value is not UNKNOWN and not isinstance(value, types.ModuleType):
            value = sys.modules.get(objects.module_name(type(value)), UNKNOWN)
        if isinstance(value, types.ModuleType):
            found.setdefault(value.__name__, value)
    yield from found.values()


def _own_file(module: types.ModuleType) -> Path | None:
    """The file of a module that is not installed."""
    file = vars(module).get("__file__")
    return Path(file) if type(file) is str and is_own_file(file) else None


def is_own_file(file: str) -> bool:
    """Whether the file is one of Python code that is not installed."""
    if not file.endswith(".py") or file.startswith((*_INSTALLED, sys.prefix)):
        return False
    path = Path(file)
    return path.is_file() and not {"site-packages", "dist-packages"} & set(path.parts)


def _differences(module: types.ModuleType, file: Path) -> tuple[list[str], list[str]]:
    """The names that the file defines and the module lacks, and those that it defines in another way."""
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        tree = ast.parse(text) if len(text) <= LARGEST else None
    except (SyntaxError, ValueError):  # it is being written
        return [], []
    deleted = {
        target.id
        for statement in (tree.body if tree is not None else ())
        if isinstance(statement, ast.Delete)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    new, other = [], []
    for statement in tree.body if tree is not None else ():
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            live = vars(module).get(statement.name, UNKNOWN)
            if live is UNKNOWN:
                new.append(statement.name)
            elif _differs(statement, live):
                other.append(statement.name)
        elif isinstance(statement, ast.Assign):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            new += [name for name in names if name not in vars(module)]
    return [name for name in new if name not in deleted], other


def _differs(statement: ast.stmt, live: Any) -> bool:
    """Whether a function has other parameters than the live one, or a class other methods."""
    if isinstance(statement, ast.FunctionDef) and isinstance(live, types.FunctionType):
        if statement.decorator_list:
            return False  # what a decorator returns may have other parameters
        code, given = live.__code__, statement.args
        written = [item.arg for item in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        return written != list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    if isinstance(statement, ast.ClassDef) and isinstance(live, type):
        methods = [item for item in statement.body if isinstance(item, ast.FunctionDef)]
        known = objects.class_dict(live)
        return any(item.name not in known or _differs(item, known[item.name]) for item in methods)
    return False
