"""Rules for ImportError and ModuleNotFoundError: misspelt modules and members, other names of packages."""

import ast
from collections.abc import Iterator

from cot_magic.core.language import worded
from cot_magic.core.spelling import near, only_near
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.module_members import MOVED
from cot_magic.reasoners.offline.modules import MEMBERS, available, elsewhere, members
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

# imported module: the package to install
PACKAGES = {
    "sklearn": "scikit-learn", "cv2": "opencv-python", "PIL": "Pillow", "yaml": "PyYAML",
    "bs4": "beautifulsoup4", "skimage": "scikit-image", "dotenv": "python-dotenv",
    "dateutil": "python-dateutil", "OpenSSL": "pyOpenSSL", "Crypto": "pycryptodome",
    "docx": "python-docx", "pptx": "python-pptx", "fitz": "PyMuPDF", "serial": "pyserial",
    "MySQLdb": "mysqlclient", "psycopg2": "psycopg2-binary", "git": "GitPython", "attr": "attrs",
    "jwt": "PyJWT", "magic": "python-magic", "usb": "pyusb", "wx": "wxPython", "gi": "PyGObject",
    "igraph": "python-igraph",
}  # fmt: skip
# imported by mistake (a package, or an old name): the module to import
RENAMED = {
    "scikit-learn": "sklearn", "scikit_learn": "sklearn", "opencv": "cv2", "Pillow": "PIL",
    "pillow": "PIL", "beautifulsoup4": "bs4", "BeautifulSoup": "bs4", "beautifulsoup": "bs4",
    "pyyaml": "yaml", "PyYAML": "yaml", "Tkinter": "tkinter", "tKinter": "tkinter",
    "ConfigParser": "configparser", "Queue": "queue", "cPickle": "pickle", "StringIO": "io",
    "cStringIO": "io", "urllib2": "urllib.request", "urlparse": "urllib.parse", "httplib": "http.client",
    "HTMLParser": "html.parser", "Cookie": "http.cookies", "SocketServer": "socketserver",
    "__builtin__": "builtins", "copy_reg": "copyreg", "commands": "subprocess", "thread": "_thread",
    "xmlrpclib": "xmlrpc.client", "sklearn.cross_validation": "sklearn.model_selection",
    "sklearn.grid_search": "sklearn.model_selection", "sklearn.externals.joblib": "joblib",
    "pandas.io.data": "pandas_datareader", "scikitlearn": "sklearn",
    "matplotlib.pylot": "matplotlib.pyplot", "imp": "importlib",
}  # fmt: skip


def importing(site: Site) -> list[ast.Import | ast.ImportFrom]:
    """The import statement at the failing place, if it is one."""
    statement = site.statement
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [statement]
    return []


def module_missing(site: Site) -> str:
    """The module that was not found."""
    said = site.says(r"No module named '?([\w.\-]+)'?")
    return said[1] if said is not None else ""


@rule(
    "import.module_typo",
    "ModuleNotFoundError",
    lesson="The name of a module must be spelt exactly, upper and lower case included. Some packages are "
    "installed under one name and imported under another.",
)
def module_typo(site: Site) -> Iterator[Suspicion]:
    wrong = module_missing(site)
    if not wrong:
        return
    for node in importing(site):
        full = _written(node, wrong)
        renamed = RENAMED.get(full) or RENAMED.get(wrong)
        if renamed is not None:
            candidates, certain = [renamed], renamed
        else:
            parent, _, last = wrong.rpartition(".")
            names = set(members(parent)) if parent else available()
            candidates = [f"{parent}.{name}" if parent else name for name in near(last, names)]
            only = only_near(last, names)
            certain = (f"{parent}.{only}" if parent else only) if only is not None else ""
        for place, meant in enumerate(candidates):
            old = full if renamed is not None and RENAMED.get(full) else wrong
            changes = _replaced(site, node, old, meant)
            if not changes:
                continue
            repair = site.repair(f"Import `{meant}`.", *changes)
            claim = (
                f"There is no module `{wrong}`; the closest installed one is `{meant}`."
                if renamed is None
                else f"`{wrong}` is imported as `{meant}`."
            )
            if meant == certain:
                check = (
                    "import importlib.util\n"
                    f"importlib.util.find_spec({wrong.partition('.')[0]!r}) is None or "
                    f"importlib.import_module({meant!r}) is not None"
                    if "." in wrong
                    else f"import importlib.util\nimportlib.util.find_spec({wrong!r}) is None and "
                    f"importlib.util.find_spec({meant!r}) is not None"
                )
                yield site.cause(
                    claim,
                    f"`{meant}` is installed, and `{wrong}` is not.",
                    check,
                    repair,
                    weight=0.92 - 0.1 * place,
                )
            else:
                yield site.reading(claim, repair, weight=0.7 - 0.1 * place)


def _written(node: ast.Import | ast.ImportFrom, wrong: str) -> str:
    """The whole module path in the statement that begins with the missing one."""
    paths = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return next((path for path in paths if path == wrong or path.startswith(wrong + ".")), wrong)


def _replaced(site: Site, node: ast.Import | ast.ImportFrom, old: str, new: str) -> list[src.Splice]:
    """The module's path in the statement and, for `import a.b` without `as`, in the rest of the cell."""
    start = src.span(site.cell.source, node)[0]
    text = site.text(node)
    at = text.find(old)
    if at < 0:
        return []
    alias = next((item for item in node.names if item.name.startswith(old)), None)
    changes = [src.Splice(start=start + at, end=start + at + len(old), text=new)]
    if isinstance(node, ast.Import) and alias is not None and alias.asname is None:
        if "." not in old and "." not in new:
            kept = [n for n in ast.walk(site.tree) if isinstance(n, ast.Name) and n.id == old]
            changes += [site.over(item, new) for item in kept]
        else:
            dotted = [n for n in ast.walk(site.tree) if isinstance(n, ast.Attribute) and site.text(n) == old]
            changes += [site.over(item, new) for item in dotted]
    return changes


@rule(
    "import.member_typo",
    "ImportError",
    lesson="A name that is imported `from` a module must be spelt as in the module, upper and lower case "
    "included.",
)
def member_typo(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"cannot import name '(\w+)' from (?:partially initialized module )?'([\w.]+)'")
    if said is None:
        return
    name, module = said[1], said[2]
    for node in importing(site):
        if not isinstance(node, ast.ImportFrom):
            continue
        alias = next((item for item in node.names if item.name == name), None)
        if alias is None:
            continue
        if (module, name) in MOVED:
            new, _ = MOVED[module, name]
            parent, _, last = new.replace("{module}", module).rpartition(".")
            if parent:
                keep = f" as {alias.asname or name}" if (alias.asname or last != name) else ""
                yield from _elsewhere(site, node, alias, f"from {parent} import {last}{keep}", parent, last)
                return
        names = members(module)
        meant = only_near(name, names)
        for place, candidate in enumerate(near(name, names)):
            claim = f"`{module}` has no `{name}`; the closest is `{candidate}`."
            uses = (
                [n for n in ast.walk(site.tree) if isinstance(n, ast.Name) and n.id == name]
                if not alias.asname
                else []
            )
            changes = [
                site.over(alias, candidate if not alias.asname else f"{candidate} as {alias.asname}"),
                *(site.over(n, candidate) for n in uses),
            ]
            repair = site.repair(f"Import `{candidate}`.", *changes)
            if candidate == meant:
                check = (
                    f"import importlib\nmodule = importlib.import_module({module!r})\nnot hasattr(module, "
                    f"{name!r}) and hasattr(module, {candidate!r})"
                )
                yield site.cause(
                    claim, f"The module has `{candidate}`, and not `{name}`.", check, repair, weight=0.92
                )
            else:
                yield site.reading(claim, repair, weight=0.7 - 0.1 * place)
        others = [MEMBERS[name]] if name in MEMBERS else elsewhere(module, name)
        keep = f" as {alias.asname}" if alias.asname else ""
        for other in others[:3] if not meant else ():
            if other != module:
                yield from _elsewhere(site, node, alias, f"from {other} import {name}{keep}", other, name)


def _elsewhere(
    site: Site, node: ast.ImportFrom, alias: ast.alias, statement: str, module: str, name: str
) -> Iterator[Suspicion]:
    """Import the name from another module."""
    if len(node.names) == 1:
        changes = [site.over(node, statement)]
    else:
        start, end = src.span(site.cell.source, alias)
        rest = site.cell.source[end:]
        tail = len(rest) - len(rest.lstrip(", "))
        if not tail:
            before = site.cell.source[:start]
            start -= len(before) - len(before.rstrip(", "))
        changes = [
            src.Splice(start=start, end=end + tail, text=""),
            src.line_before(site.cell.source, node.lineno, statement),
        ]
    check = f"import importlib\nhasattr(importlib.import_module({module!r}), {name!r})"
    claim = f"`{alias.name}` is not in `{node.module}`, but in `{module}`."
    yield site.cause(
        claim,
        f"`{module}` has `{name}`.",
        check,
        site.repair(f"Import it from `{module}`.", *changes),
        weight=0.93,
    )


# (module, name) that is gone -> module and name that are imported instead, and what is written for it
REPLACED: dict[tuple[str, str], tuple[str, str, str]] = {
    **{
        ("sklearn.metrics", old): ("sklearn.metrics", new, f"{new}.from_estimator")
        for old, new in {
            "plot_confusion_matrix": "ConfusionMatrixDisplay",
            "plot_roc_curve": "RocCurveDisplay",
            "plot_precision_recall_curve": "PrecisionRecallDisplay",
            "plot_det_curve": "DetCurveDisplay",
        }.items()
    },
    ("sklearn.inspection", "plot_partial_dependence"): (
        "sklearn.inspection", "PartialDependenceDisplay", "PartialDependenceDisplay.from_estimator",
    ),
    ("sklearn.preprocessing", "Imputer"): ("sklearn.impute", "SimpleImputer", "SimpleImputer"),
    ("sklearn.datasets", "fetch_mldata"): ("sklearn.datasets", "fetch_openml", "fetch_openml"),
    ("sklearn.metrics", "jaccard_similarity_score"): ("sklearn.metrics", "jaccard_score", "jaccard_score"),
    ("scipy.integrate", "trapz"): ("scipy.integrate", "trapezoid", "trapezoid"),
    ("scipy.integrate", "simps"): ("scipy.integrate", "simpson", "simpson"),
    ("scipy.integrate", "cumtrapz"): ("scipy.integrate", "cumulative_trapezoid", "cumulative_trapezoid"),
    ("scipy.stats", "binom_test"): ("scipy.stats", "binomtest", "binomtest"),
}  # fmt: skip


@rule(
    "import.replaced",
    "ImportError",
    lesson="Libraries remove what they have replaced. The new name often takes the same arguments.",
)
def replaced(site: Site) -> Iterator[Suspicion]:
    """`from sklearn.metrics import plot_confusion_matrix`: another class does that now."""
    said = site.says(r"cannot import name '(\w+)' from (?:partially initialized module )?'([\w.]+)'")
    found = REPLACED.get((said[2], said[1])) if said is not None else None
    if said is None or found is None:
        return
    module, name, written = found
    for node in [item for item in importing(site) if isinstance(item, ast.ImportFrom)]:
        alias = next((item for item in node.names if item.name == said[1]), None)
        if alias is None:
            continue
        old = alias.asname or alias.name
        changes = []
        new = name
        if not _used_below(site, old):
            uses = [item for item in ast.walk(site.tree) if isinstance(item, ast.Name) and item.id == old]
            changes = [site.over(item, written) for item in uses if written != old]
        elif written == name:
            new = f"{name} as {old}"
        else:
            changes = [src.line_after(site.cell.source, node, f"{old} = {written}")]
        if module == node.module:
            changes.append(site.over(alias, new))
        elif len(node.names) == 1:
            changes.append(site.over(node, f"from {module} import {new}"))
        else:
            continue
        check = (
            f"import importlib\nhasattr(importlib.import_module({module!r}), {name!r}) and not "
            f"hasattr(importlib.import_module({said[2]!r}), {said[1]!r})"
        )
        claim = f"`{said[2]}` has no `{said[1]}` any more; `{written}` of `{module}` replaces it."
        repair = site.repair(f"Use `{written}`.", *changes)
        yield site.cause(claim, f"`{module}` has `{name}`.", check, repair, weight=0.95)
        return


def _used_below(site: Site, name: str) -> bool:
    """Whether a cell that has not run yet reads the name."""
    waiting = [src.parse(cell.source) for cell in site.case.cells if cell.execution_count is None]
    return any(name in src.used_names(tree) for tree in waiting if tree is not None)


@rule(
    "import.not_installed",
    "ModuleNotFoundError",
    lesson="The kernel uses only the packages of its own environment. `%pip install` in a cell installs into "
    "that one.",
)
def not_installed(site: Site) -> Iterator[Suspicion]:
    wrong = module_missing(site).partition(".")[0]
    if not wrong or wrong in available():
        return
    package = PACKAGES.get(wrong, wrong)
    yield site.cause(
        worded(
            "`{wrong}` is not installed in this kernel's environment. If the name is right, "
            "run `%pip install {package}`.",
            wrong=wrong,
            package=package,
        ),
        worded("There is no module `{wrong}`.", wrong=wrong),
        f"import importlib.util\nimportlib.util.find_spec({wrong!r}) is None",
        weight=0.6,
    )


@rule(
    "import.member_of_parent",
    "ModuleNotFoundError",
    lesson="`import a.b` works only if `b` is a module. Import a function or class with `from a import b`.",
)
def member_of_parent(site: Site) -> Iterator[Suspicion]:
    wrong = module_missing(site)
    parent, _, last = wrong.rpartition(".")
    if not parent or not site.says(r"is not a package|No module named"):
        return
    for node in importing(site):
        if isinstance(node, ast.Import) and len(node.names) == 1 and last in members(parent):
            alias = node.names[0].asname
            new = (
                f"from {parent} import {last}" + (f" as {alias}" if alias else "")
                if alias
                else f"import {parent}"
            )
            check = f"import importlib\nhasattr(importlib.import_module({parent!r}), {last!r})"
            claim = f"`{last}` is not a module, but a name in `{parent}`."
            yield site.cause(
                claim,
                f"`{parent}` has `{last}`.",
                check,
                site.repair(f"Import the module `{parent}`.", site.over(node, new)),
                weight=0.93,
            )


RULES = (module_typo, replaced, member_typo, not_installed, member_of_parent)
