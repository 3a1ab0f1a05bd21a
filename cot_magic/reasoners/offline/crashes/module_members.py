"""Rules for attributes of modules: classes and submodules in them, names that moved, files that hide them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.attributes import (
    lacks,
    module_of,
    places,
    renamed,
    subject,
    subject_type,
)
from cot_magic.reasoners.offline.modules import elsewhere, submodules
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

# (type, old attribute): its current name; neither with parentheses
RENAMED: dict[tuple[str, str], str] = {
    ("pandas.core.frame.DataFrame", "ix"): "loc",
    ("pandas.core.series.Series", "ix"): "loc",
    ("pandas.core.indexes.accessors.DatetimeProperties", "week"): "isocalendar().week",
    ("pandas.core.indexes.accessors.DatetimeProperties", "weekofyear"): "isocalendar().week",
    ("pandas.core.indexes.accessors.DatetimeProperties", "weekday_name"): "day_name()",
    ("threading.Thread", "isAlive"): "is_alive",
    ("numpy.ndarray", "tostring"): "tobytes",
    ("array.array", "tostring"): "tobytes",
    ("function", "func_name"): "__name__",
    ("function", "func_code"): "__code__",
    ("function", "func_defaults"): "__defaults__",
}

# (module, old name): the current expression, and the import that it needs
MOVED: dict[tuple[str, str], tuple[str, str]] = {
    **{("numpy", name): (name, "") for name in ("float", "int", "bool", "object", "str", "complex", "long")},
    **{
        ("numpy", old): (f"{{module}}.{new}", "")
        for old, new in {
            "NaN": "nan", "NAN": "nan", "Inf": "inf", "Infinity": "inf", "infty": "inf", "PINF": "inf",
            "product": "prod", "cumproduct": "cumprod", "sometrue": "any", "alltrue": "all", "in1d": "isin",
            "row_stack": "vstack", "trapz": "trapezoid", "float_": "float64", "complex_": "complex128",
            "unicode_": "str_", "string_": "bytes_", "round_": "round", "bool8": "bool_", "mat": "asmatrix",
            "asfarray": "asarray", "msort": "sort",
        }.items()
    },
    ("string", "letters"): ("string.ascii_letters", ""),
    ("string", "lowercase"): ("string.ascii_lowercase", ""),
    ("string", "uppercase"): ("string.ascii_uppercase", ""),
    ("string", "maketrans"): ("str.maketrans", ""),
    ("time", "clock"): ("time.perf_counter", ""),
    ("os", "getcwdu"): ("os.getcwd", ""),
    ("os", "errno"): ("errno", "import errno"),
    ("sys", "maxint"): ("sys.maxsize", ""),
    ("itertools", "izip"): ("zip", ""),
    ("itertools", "imap"): ("map", ""),
    ("itertools", "ifilter"): ("filter", ""),
    ("itertools", "izip_longest"): ("itertools.zip_longest", ""),
    ("inspect", "getargspec"): ("inspect.getfullargspec", ""),
    ("cgi", "escape"): ("html.escape", "import html"),
    ("fractions", "gcd"): ("math.gcd", "import math"),
    ("base64", "encodestring"): ("base64.encodebytes", ""),
    ("base64", "decodestring"): ("base64.decodebytes", ""),
    ("json", "read"): ("json.loads", ""),
    ("json", "write"): ("json.dumps", ""),
    ("math", "max"): ("max", ""),
    ("math", "min"): ("min", ""),
    ("math", "abs"): ("abs", ""),
    ("math", "round"): ("round", ""),
    ("math", "sum"): ("sum", ""),
    ("math", "PI"): ("math.pi", ""),
    ("math", "average"): ("statistics.mean", "import statistics"),
    ("math", "mean"): ("statistics.mean", "import statistics"),
    ("math", "random"): ("random.random", "import random"),
    ("math", "infinity"): ("math.inf", ""),
    ("math", "power"): ("math.pow", ""),
    ("math", "ln"): ("math.log", ""),
    ("math", "square_root"): ("math.sqrt", ""),
    ("math", "ceiling"): ("math.ceil", ""),
    ("random", "int"): ("random.randint", ""),
    ("random", "random_int"): ("random.randint", ""),
    ("random", "rand"): ("random.random", ""),
    ("pandas", "np"): ("numpy", "import numpy"),
    ("pandas", "datetime"): ("datetime.datetime", "import datetime"),
    ("numpy", "concat"): ("{module}.concatenate", ""),
    ("numpy", "length"): ("len", ""),
    ("numpy", "len"): ("len", ""),
    ("numpy", "Array"): ("{module}.array", ""),
    ("asyncio", "async"): ("asyncio.ensure_future", ""),
    ("platform", "linux_distribution"): ("platform.platform", ""),
    ("matplotlib.pyplot", "set_title"): ("{module}.title", ""),
    ("matplotlib.pyplot", "set_xlabel"): ("{module}.xlabel", ""),
    ("matplotlib.pyplot", "set_ylabel"): ("{module}.ylabel", ""),
    ("matplotlib.pyplot", "set_xlim"): ("{module}.xlim", ""),
    ("matplotlib.pyplot", "set_ylim"): ("{module}.ylim", ""),
    ("matplotlib.pyplot", "add_subplot"): ("{module}.subplot", ""),
}  # fmt: skip

# alias: the module that is imported under it by mistake, and the right one
ALIAS_OF = {"plt": ("matplotlib", "matplotlib.pyplot")}


@rule(
    "attribute.moved",
    "AttributeError",
    "ImportError",
    lesson="Libraries rename and move things between versions. Code from an older book or answer needs the "
    "names of the installed version.",
)
def moved(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        module, kind = module_of(site, node), subject_type(site, node)
        text = site.text(node.value)
        known = (module, node.attr) in MOVED or node.attr in submodules(module)
        found = elsewhere(module, node.attr) if module and not known else []
        if len(found) > 1:
            repairs = [
                site.repair(
                    f"Use `{place}.{node.attr}`.",
                    site.over(node, f"{place}.{node.attr}"),
                    src.add_import(site.cell, f"import {place}"),
                )
                for place in found[:3]
            ]
            claim = (
                f"`{module}` has no `{node.attr}`; {' and '.join(f'`{place}`' for place in found[:3])} have."
            )
            yield site.reading(claim, *repairs, weight=0.9)
            return
        if (module, node.attr) in MOVED or found:
            there = found[0] if found else ""
            new, statement = MOVED.get((module, node.attr), (f"{there}.{node.attr}", f"import {there}"))
            new = new.replace("{module}", text)
            changes = [
                site.over(item, new)
                for item in ast.walk(site.tree)
                if isinstance(item, ast.Attribute)
                and item.attr == node.attr
                and site.text(item.value) == text
            ]
            if statement:
                changes.append(src.add_import(site.cell, statement))
            claim = f"`{module}` has no `{node.attr}`; use `{new}`."
        elif (kind, node.attr) in RENAMED:
            new = RENAMED[kind, node.attr]
            changes = [renamed(site, node, new)]
            claim = f"A `{kind.rsplit('.', 1)[-1]}` has no `{node.attr}` any more; use `{new}`."
        else:
            return
        yield site.cause(
            claim,
            f"The installed version has no `{node.attr}`.",
            lacks(site, node),
            site.repair(f"Use `{new}`.", *changes),
            weight=0.94,
        )


@rule(
    "attribute.module_not_class",
    "AttributeError",
    lesson="A module and a class in it can have the same name: `import datetime` gives the module, `from "
    "datetime import datetime` gives the class `datetime.datetime`.",
)
def module_not_class(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        found, text = subject(site, node), site.text(node.value)
        module = module_of(site, node)
        if module and found is not None:
            inner = [
                item for item in site.members(found) if item.lower() == module.rsplit(".", 1)[-1].lower()
            ]
            for name in inner[:1]:
                yield site.cause(
                    f"`{text}` is the module; `{node.attr}` belongs to the class `{text}.{name}`.",
                    f"The module has no `{node.attr}`, but the class has.",
                    f"not hasattr({text}, {node.attr!r}) and hasattr({text}.{name}, {node.attr!r})",
                    site.repair(f"Write `{text}.{name}.{node.attr}`.", site.after(node.value, f".{name}")),
                    weight=0.92,
                )
            return
        said = site.says(r"type object '([\w.]+)' has no attribute")
        if said and said[1].rsplit(".", 1)[-1] == node.attr:
            yield site.cause(
                f"`{text}` is already the class `{node.attr}`; `{text}.{node.attr}` would be its attribute.",
                f"`{text}` is a class, not the module.",
                f"isinstance({text}, type) and not hasattr({text}, {node.attr!r})",
                site.repair(f"Use the class directly, as `{text}`.", *_one_level_less(site, node)),
                weight=0.93,
            )
        elif (
            said
            and said[1].split(".")[0] in ("datetime", "time")
            and node.attr in ("timedelta", "date", "timezone", "sleep")
        ):
            module = said[1].split(".")[0]
            yield site.cause(
                f"`{text}` is a class; `{node.attr}` belongs to the module `{module}`.",
                f"The class has no `{node.attr}`, but the module has.",
                f"not hasattr({text}, {node.attr!r}) and hasattr(__import__({module!r}), {node.attr!r})",
                site.repair(
                    f"Import `{node.attr}` from the module `{module}`.",
                    src.add_import(site.cell, f"from {module} import {node.attr}"),
                    *(site.over(item, node.attr) for item in _same(site, node)),
                ),
                weight=0.92,
            )


def _one_level_less(site: Site, node: ast.Attribute) -> list[src.Splice]:
    return [site.over(item, site.text(item.value)) for item in _same(site, node)]


def _same(site: Site, node: ast.Attribute) -> list[ast.Attribute]:
    text = site.text(node)
    return [
        item for item in ast.walk(site.tree) if isinstance(item, ast.Attribute) and site.text(item) == text
    ]


@rule(
    "attribute.submodule",
    "AttributeError",
    lesson="Importing a package does not always import its submodules: after `import xml`, there is no "
    "`xml.etree.ElementTree`. Import the submodule by its full name.",
)
def submodule(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        module = module_of(site, node)
        if not module:
            return
        full = module
        for part in _path(site, node):
            if part not in submodules(full):
                break
            full = f"{full}.{part}"
        if full == module:
            return
        yield site.cause(
            f"`{full}` is a submodule, which `import {module}` alone does not import.",
            f"There is a module `{full}`, and it is not imported.",
            f"import importlib.util\nnot hasattr({site.text(node.value)}, {node.attr!r}) and "
            f"importlib.util.find_spec({full!r}) is not None",
            site.repair(f"Add `import {full}`.", src.add_import(site.cell, f"import {full}")),
            weight=0.88,
        )


def _path(site: Site, node: ast.Attribute) -> list[str]:
    """The attribute and those accessed on it: `dom`, `minidom`, `Node` of `xml.dom.minidom.Node`."""
    path = [node.attr]
    inner: ast.AST = node
    for _ in range(6):
        outer = [n for n in ast.walk(site.tree) if isinstance(n, ast.Attribute) and n.value is inner]
        if not outer:
            break
        path.append(outer[0].attr)
        inner = outer[0]
    return path


@rule(
    "attribute.wrong_module",
    "AttributeError",
    lesson="The usual short name was given to a module other than the one that people use it for.",
)
def wrong_module(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        alias = site.text(node.value)
        if alias not in ALIAS_OF or module_of(site, node) != ALIAS_OF[alias][0]:
            return
        wrong, right = ALIAS_OF[alias]
        for cell, tree in site.cells():
            for item in ast.walk(tree):
                if isinstance(item, ast.Import) and any(
                    n.name == wrong and n.asname == alias for n in item.names
                ):
                    edits = (src.edit(cell, src.over(cell.source, item, f"import {right} as {alias}")),)
                    yield site.cause(
                        f"`{alias}` is `{wrong}`, but `{node.attr}` belongs to `{right}`.",
                        f"`{right}` has `{node.attr}`, and `{wrong}` does not.",
                        f"import importlib\nnot hasattr({alias}, {node.attr!r}) and "
                        f"hasattr(importlib.import_module({right!r}), {node.attr!r})",
                        Repair(edits=edits, why=f"Import `{right}` as `{alias}`, as is usual."),
                        weight=0.95,
                    )
                    return


@rule(
    "attribute.shadowed_module",
    "AttributeError",
    "ImportError",
    lesson="A file in your folder with the name of a library hides the library: Python finds the file first.",
)
def shadowed_module(site: Site) -> Iterator[Suspicion]:
    import sys

    said = site.says(r"module '(\w+)'") or site.says(r"from '(\w+)'")
    if said is None or said[1] not in sys.stdlib_module_names:
        return
    folder, name = site.folder, f"{said[1]}.py"
    if folder is None or not (folder / name).exists():
        return
    path = Path(site.case.environment.cwd) / name
    yield site.cause(
        f"The file `{path}` hides the module `{said[1]}` of the standard library. Rename the file, remove "
        "its `__pycache__`, and restart the kernel.",
        f"`{said[1]}` is imported from the notebook's folder.",
        f"import {said[1]}\n{said[1]}.__file__.startswith({str(folder)!r})",
        weight=0.97,
    )


RULES = (moved, module_not_class, submodule, wrong_module, shadowed_module)
