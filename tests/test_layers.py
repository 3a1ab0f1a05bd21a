"""The layout of the package: who may import whom, no circle anywhere, one idea a file. Lazy and typing imports count."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cot_magic"
ADAPTERS = {"capture", "sandbox", "explore", "faults", "render"}
REASONING = {"core", *ADAPTERS, "autopsy", "verdict", "reasoners", "notebook", "lessons"}
ROOT = {"settings", "options", "plugins"}
MAY_IMPORT: Mapping[str, set[str]] = {
    "core": set(),
    **{folder: {"core"} for folder in ADAPTERS},
    "autopsy": {"core", "capture"},
    "verdict": {"core", "faults"},
    "reasoners": {"core", "faults", "verdict"},
    "notebook": {"core", "render"},
    "lessons": {"core", "render", "faults"},
    "run": REASONING | ROOT,
    "actions": REASONING | ROOT | {"run"},
    **{entry: REASONING | ROOT | {"run", "actions"} for entry in ("ipython", "agents", "cli")},
    # files at the root of the package
    "settings": {"core"},
    "options": {"core", "settings"},
    "plugins": {"core"},
    "testing": {"core"},
    "__init__": {"core", "run", "ipython"},
}
ROOT_FILES = 9
FUNCTION_LINES = 60
LAZY_IMPORTS = 5  # in functions of `ipython/`, each with its reason: everything else waits in `actions`


@cache
def modules() -> dict[str, Path]:
    """Dotted names of all modules; a package is the module of its `__init__.py`."""
    return {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Dotted names of everything that a module imports, wherever in it."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(name: str) -> str:
    """The module of ours that an imported name is, or is in; "" for others."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name


@cache
def graph() -> dict[str, set[str]]:
    """For each module, the modules of ours that it imports."""
    return {
        name: {module_of(item) for item in imported(path)} - {"", name} for name, path in modules().items()
    }


def place_of(name: str) -> str:
    """The folder or root file that a module belongs to."""
    return name.split(".")[1] if "." in name else "__init__"


def knot(edges: Mapping[str, set[str]]) -> list[str]:
    """A circle of the graph; empty if there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def levels() -> Iterator[tuple[str, dict[str, set[str]]]]:
    """For each package, the graph of its files and folders, everything in a folder taken together."""
    for package in (name for name, path in modules().items() if path.name == "__init__.py"):
        edges: dict[str, set[str]] = defaultdict(set)
        for name, targets in graph().items():
            for target in targets:
                if name.startswith(f"{package}.") and target.startswith(f"{package}."):
                    one, other = (
                        item.removeprefix(f"{package}.").partition(".")[0] for item in (name, target)
                    )
                    edges[one] |= {other} - {one}
        yield package, edges


def test_no_circle_of_modules() -> None:
    assert knot(graph()) == []


@pytest.mark.parametrize(
    ("package", "edges"), list(levels()), ids=lambda item: item if isinstance(item, str) else ""
)
def test_no_circle_of_files_and_folders(package: str, edges: dict[str, set[str]]) -> None:
    assert knot(edges) == []


def test_a_circle_would_be_found() -> None:
    assert knot({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []


@pytest.mark.parametrize("name", list(modules()))
def test_a_module_imports_downwards(name: str) -> None:
    place = place_of(name)
    allowed = {*MAY_IMPORT[place], place}
    wrong = {target for target in graph()[name] if place_of(target) not in allowed}
    if place in ("cli", "agents"):
        wrong.discard("cot_magic")  # its version
    assert not wrong


@pytest.mark.parametrize("name", [name for name in modules() if place_of(name) == "core"])
def test_core_imports_only_the_standard_library_and_itself(name: str) -> None:
    for item in imported(modules()[name]):
        root = item.partition(".")[0]
        assert root in sys.stdlib_module_names or item.startswith("cot_magic.core"), item
        assert root not in ("time", "os", "pathlib", "io", "socket", "subprocess") or name.endswith(
            ".edits"
        ), item


def test_every_folder_has_its_place() -> None:
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} <= MAY_IMPORT.keys()
    assert {path.stem for path in PACKAGE.glob("*.py")} <= MAY_IMPORT.keys()


def test_the_root_of_the_package_has_few_files() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= ROOT_FILES


def test_no_module_has_a_name_that_says_nothing() -> None:
    bad = {"utils", "helpers", "manager", "base", "common", "misc"}
    assert not [path for path in PACKAGE.rglob("*.py") if path.stem in bad]


def test_functions_stay_under_60_lines() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}: {node.name}"
        for path in modules().values()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES
    ]
    assert not found


def test_one_class_name_means_one_thing() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for name, path in modules().items():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name)
    assert not {name: where for name, where in places.items() if len(where) > 1}


def test_entry_points_import_lazily_only_for_a_reason() -> None:
    lazy = []
    for path in sorted((PACKAGE / "ipython").glob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for function in ast.walk(tree_of(path)):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        assert "  # " in lines[node.lineno - 1], f"{path.name}:{node.lineno} gives no reason"
                        lazy.append(f"{path.name}:{node.lineno}")
    assert len(lazy) <= LAZY_IMPORTS
