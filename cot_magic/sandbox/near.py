"""What a model's experiments may read: the notebook's folder, the interpreter, files in use."""

import ast
import contextlib
import glob
import os
import pathlib
import sys
import tempfile
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import all_suffixes
from itertools import islice, product
from typing import Any, TypeAlias

from cot_magic.sandbox import places

OF_THE_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/sys", "/nix/store")
OF_LIBRARIES = (
    ".cache/fontconfig", ".cache/huggingface", ".cache/matplotlib", ".cache/numba", ".cache/torch",
    ".config/fontconfig", ".config/matplotlib", ".fonts", ".keras", ".local/share/fonts", ".matplotlib",
    ".skimage", ".torch", "nltk_data", "scikit_learn_data", "seaborn-data",
)  # fmt: skip
"""What libraries keep in the home folder: fonts, settings, models and data sets that they downloaded."""
DATA_SETS = (".delta", ".lance", ".n5", ".orc", ".parquet", ".zarr")
"""How the names of folders end that are read like one file."""
MOST_FILES = 2_000
MOST_TEXTS = 64  # that one expression may mean
MOST_ENTRIES = 5_000  # of a folder that Python imports from
ANY = "*"
Texts: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """Files, and folders with all that is in them (`whole`); folders whose entries have readable names."""

    whole: tuple[str, ...]
    listed: tuple[str, ...]


def readable(expressions: Sequence[str], names: Mapping[str, Any]) -> Readable:
    """What may be read. Raises OSError.

    Parameters
    ----------
    expressions
        Of the notebook's cells, as `core.named_files` finds them.
    names
        The values of the notebook's names; none of their code is run.
    """
    whole = dict.fromkeys(map(os.path.realpath, [*_of_the_interpreter(), *_of_homes(), *_open_files()]))
    listed: dict[str, None] = {}
    for folder in _notebook_folders(names):
        if folder == "/":  # a kernel that was started nowhere: its folder is no tree of the notebook's
            whole |= dict.fromkeys(_files_in(folder))
        else:
            whole[folder] = None
    for folder in _imported_from():
        files = list(_importable(folder))
        whole |= dict.fromkeys(files)
        if files:
            listed[folder] = None
    for path in islice(_named(expressions, names), MOST_FILES):
        if os.path.isdir(path) and not path.endswith(DATA_SETS):
            listed[path] = None
        else:
            whole[path] = None
    here = "/".join((os.path.realpath(os.getcwd()), ""))
    beside = (path for path in listed if not here.startswith(f"{path.rstrip('/')}/") and path != _home())
    return Readable(whole=tuple(whole), listed=tuple(beside))


# --- the interpreter --------------------------------------------------------------------------------------


def _of_the_interpreter() -> Iterator[str]:
    yield from (*OF_THE_SYSTEM, sys.prefix, sys.base_prefix, sys.exec_prefix)
    yield from (
        path for path in sys.path if os.path.isabs(path) and places.of_a_library(os.path.join(path, ""))
    )
    yield os.path.dirname(places.__file__.rpartition("/")[0])
    for module in list(sys.modules.values()):
        if not issubclass(type(module), types.ModuleType):  # some only say that they are modules
            continue
        space = object.__getattribute__(module, "__dict__")  # a lazy one is not loaded by this
        found = space.get("__file__")
        if type(found) is not str or not os.path.isabs(found) or places.of_a_library(found):
            continue
        is_package = os.path.basename(found).startswith("__init__.")
        yield os.path.dirname(found) if is_package else found


def _imported_from() -> Iterator[str]:
    """The folders of the person that Python imports from."""
    for path in sys.path:
        if os.path.isabs(path) and not places.of_a_library(os.path.join(path, "")):
            yield os.path.realpath(path)


def _importable(folder: str) -> Iterator[str]:
    """The modules and packages in a folder, and nothing else that lies there."""
    endings = (*all_suffixes(), ".egg-info", ".dist-info", ".egg-link", ".pth")
    if os.path.isfile(folder):
        yield folder  # a zip file with modules
        return
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in islice(entries, MOST_ENTRIES):
            if entry.name.endswith(endings) or os.path.exists(os.path.join(entry.path, "__init__.py")):
                yield os.path.realpath(entry.path)


def _of_homes() -> Iterator[str]:
    yield from (os.path.join(_home(), name) for name in OF_LIBRARIES)


def _home() -> str:
    return os.path.expanduser("~")


# --- the notebook -----------------------------------------------------------------------------------------


def _notebook_folders(names: Mapping[str, Any]) -> Iterator[str]:
    """Where the kernel works, and where it was started."""
    yield os.path.realpath(os.getcwd())
    visited = names.get("_dh")
    if isinstance(visited, list) and visited and type(visited[0]) in (str, pathlib.PosixPath):
        yield os.path.realpath(visited[0])


def _files_in(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        yield from (entry.path for entry in entries if entry.is_file(follow_symlinks=False))


def _open_files() -> Iterator[str]:
    """The files that are open or mapped, where `/proc` tells them."""
    if not os.path.isdir("/proc/self/fd"):
        return
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            path = os.readlink(f"/proc/self/fd/{name}")
            if os.path.isfile(path):
                yield path
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        for line in maps:
            path = line.rstrip("\n").partition("/")[2]
            if path and os.path.isfile(f"/{path}"):
                yield f"/{path}"


def _named(expressions: Sequence[str], names: Mapping[str, Any]) -> Iterator[str]:
    """The files and folders that the expressions name, as far as they lie outside the notebook's folder."""
    here = {*_notebook_folders(names)}
    texts: dict[str, None] = {}
    for expression in expressions:
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            node = ast.parse(expression, mode="eval").body
            texts |= dict.fromkeys(_texts(node, names))
    for text, folder in product(texts, sorted(here)):
        path = os.path.join(folder, os.path.expanduser(text))
        if "\0" in path or len(path) > 4_000:
            continue
        matching = glob.iglob(path) if glob.has_magic(path) else [path]
        for found in islice(matching, MOST_FILES):
            real = os.path.realpath(found)
            if os.path.exists(real) and real != "/" and not _is_within(real, here):
                yield real


def _is_within(path: str, folders: set[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder.rstrip('/')}/") for folder in folders - {"/"})


def _texts(node: ast.expr, names: Mapping[str, Any]) -> Texts:
    """The strings that an expression may mean, with `*` for what is not known."""
    return tuple(text for text in _values(node, names) if text.strip("*/ "))[:MOST_TEXTS]


def _values(node: ast.expr, names: Mapping[str, Any]) -> Texts:
    match node:
        case ast.Constant(value=str(text)):
            return (text,)
        case ast.Constant(value=int(number)) if type(number) is int:
            return (str(number),)
        case ast.Name(id=name):
            return _of_value(names.get(name))
        case ast.FormattedValue(value=inner):
            return _values(inner, names)
        case ast.JoinedStr(values=parts):
            return _joined([_values(part, names) for part in parts], "")
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _paths([_values(left, names), _values(right, names)])
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([_values(left, names), _values(right, names)], "")
        case ast.Subscript(value=of, slice=ast.Constant(value=key)):
            return _of_item(of, key, names)
        case ast.Call():
            return _of_call(node, names)
        case _:
            return (ANY,)


def _of_value(value: Any) -> Texts:
    """A value's own text, or those of its items; by exact types, so that none of the person's code runs."""
    if type(value) in (str, int, pathlib.PosixPath):
        return (str(value),)
    if type(value) in (list, tuple, set, frozenset):
        inner = (item for item in islice(value, MOST_TEXTS) if type(item) in (str, pathlib.PosixPath))
        return tuple(map(str, inner)) or (ANY,)
    return (ANY,)


def _of_item(of: ast.expr, key: Any, names: Mapping[str, Any]) -> Texts:
    if isinstance(of, ast.Attribute) and of.attr == "environ":
        return _of_value(os.environ.get(str(key)))
    value = names.get(of.id) if isinstance(of, ast.Name) else None
    return _of_value(value.get(key)) if type(value) is dict else (ANY,)


def _of_call(node: ast.Call, names: Mapping[str, Any]) -> Texts:
    """A path that is put together by a call; of other calls, the arguments alone say nothing."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = [_values(item, names) for item in node.args]
    match called:
        case "Path" | "PurePath" | "PosixPath" | "join" if given:
            return _paths(given)
        case "joinpath" | "glob" | "rglob" if given and isinstance(node.func, ast.Attribute):
            return _paths([_values(node.func.value, names), *given])
        case "home":
            return ("~",)
        case "gettempdir":
            return (tempfile.gettempdir(),)
        case "getenv" if given:
            return tuple(text for name in given[0] for text in _of_value(os.environ.get(name)))
        case (
            "expanduser"
            | "resolve"
            | "absolute"
            | "abspath"
            | "realpath"
            | "str"
            | "fspath"
            | "iglob"
            | "glob"
        ):
            inner = node.func.value if isinstance(node.func, ast.Attribute) and not given else None
            return _values(inner, names) if inner is not None else given[0] if given else (ANY,)
        case _:
            return (ANY,)


def _joined(parts: Sequence[Texts], between: str) -> Texts:
    return tuple(between.join(chosen) for chosen in islice(product(*parts), MOST_TEXTS))


def _paths(parts: Sequence[Texts]) -> Texts:
    return tuple(os.path.join(*chosen) for chosen in islice(product(*parts), MOST_TEXTS))
