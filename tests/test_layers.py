"""The import rules: who may know whom. Lazy and typing imports count too."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cot_magic"
ADAPTERS = ("capture", "sandbox", "explore", "reasoners", "render", "notebook", "faults")
ALSO = {"notebook": {"render"}}


def imported(module: Path) -> set[str]:
    """Dotted names of everything that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return names


def modules(folder: str) -> list[Path]:
    return sorted((PACKAGE / folder).rglob("*.py"))


def names_of(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(PACKAGE)) for path in paths]


CORE = modules("core")
ADAPTING = [path for folder in ADAPTERS if (PACKAGE / folder).is_dir() for path in modules(folder)]


@pytest.mark.parametrize("module", CORE, ids=names_of(CORE))
def test_core_imports_only_the_standard_library_and_itself(module: Path) -> None:
    for name in imported(module):
        root = name.partition(".")[0]
        assert root in sys.stdlib_module_names or name.startswith("cot_magic.core"), (
            f"{module.name} imports {name}"
        )
        assert (
            root not in ("time", "os", "pathlib", "io", "socket", "subprocess") or module.name == "edits.py"
        ), name


@pytest.mark.parametrize("module", ADAPTING, ids=names_of(ADAPTING))
def test_an_adapter_imports_core_and_never_another_adapter(module: Path) -> None:
    folder = module.relative_to(PACKAGE).parts[0]
    allowed = {"core", folder, *ALSO.get(folder, set())}
    for name in imported(module):
        if name == "cot_magic" or name.startswith("cot_magic."):
            parts = name.split(".")
            assert len(parts) > 1, f"{module.name} imports the package root"
            assert parts[1] in allowed, f"{module.relative_to(PACKAGE)} imports {name}"


def test_every_package_is_core_or_an_adapter() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages == {"core", *ADAPTERS}


def test_no_module_has_a_name_that_says_nothing() -> None:
    bad = {"utils", "helpers", "manager", "base", "common", "misc"}
    assert not [path for path in PACKAGE.rglob("*.py") if path.stem in bad]


def test_modules_stay_under_350_lines_and_entry_points_under_250() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert not {path.name: count for path, count in lengths.items() if count > 350}
    assert lengths[PACKAGE / "magics.py"] <= 250
    assert lengths[PACKAGE / "cli.py"] <= 250
