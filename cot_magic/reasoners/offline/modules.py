"""What modules can be imported and what is in them, told without running code that is not of the standard
library."""

import importlib
import importlib.util
import pkgutil
import sys
from pathlib import Path

from cot_magic.reasoners.offline.known_names import stdlib
from cot_magic.reasoners.offline.source import bound_names, parse


def available() -> set[str]:
    """Names of modules at the top that can be imported here."""
    found = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    return found | {item.name for item in pkgutil.iter_modules() if not item.name.startswith("_")}


def members(module: str) -> list[str]:
    """What can be imported from the module: submodules, and names as far as they can be told without running
    code that is not of the standard library."""
    root = module.partition(".")[0]
    try:
        if stdlib(root) or module in sys.modules:
            loaded = importlib.import_module(module)
            names = dir(loaded)
            path = list(getattr(loaded, "__path__", []))
        else:
            spec = importlib.util.find_spec(root)
            parts = module.split(".")[1:]
            if spec is None or spec.origin is None:
                return []
            folder = Path(spec.origin).parent.joinpath(*parts)
            file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
            file = Path(spec.origin) if not parts else file
            tree = parse(file.read_text(encoding="utf-8")) if file.suffix == ".py" else None
            names = sorted(bound_names(tree)) if tree is not None else []
            path = [str(file.parent)] if file.name == "__init__.py" else []
    except (ImportError, OSError, ValueError, AttributeError):
        return []
    inner = [item.name for item in pkgutil.iter_modules(path)]
    return [name for name in dict.fromkeys([*names, *inner]) if not name.startswith("_")]


def submodules(module: str) -> set[str]:
    """Names of the modules inside a package, also of those that are not loaded."""
    root, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(root)
    except (ImportError, ValueError):
        return set()
    folders = [str(Path(folder, *rest)) for folder in (spec.submodule_search_locations or [])] if spec else []
    return {item.name for item in pkgutil.iter_modules(folders)}
