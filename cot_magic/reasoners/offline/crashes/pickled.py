"""A rule for functions that cannot be sent to another process."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_THREADS = {
    "ProcessPoolExecutor": ("ThreadPoolExecutor", "from concurrent.futures import ThreadPoolExecutor"),
    "Pool": ("ThreadPool", "from multiprocessing.pool import ThreadPool"),
}
_SENDS = (
    "map",
    "imap",
    "imap_unordered",
    "starmap",
    "apply",
    "apply_async",
    "map_async",
    "submit",
    "starmap_async",
)


@rule(
    "pickle.function",
    "PicklingError",
    "AttributeError",
    "TypeError",
    lesson="Processes get their work pickled. A function is pickled as the name of its module and its own: "
    "it must be defined at the top level: a lambda and a function inside a function have no such name. "
    "Threads share everything and pickle nothing.",
)
def sent_function(site: Site) -> Iterator[Suspicion]:
    """`pool.map(lambda x: x + 1, xs)`, and a nested function that is sent to a pool."""
    if not site.says(r"[Cc]an't (pickle|get local object)|[Cc]annot pickle|not the same object as"):
        return
    made = list(_pools(site))
    if not made:
        return
    repairs = [*_named(site), *(_threads(cell, call) for cell, call in made[:1])]
    sent = _sent(site)
    claim = "What is sent to another process is pickled, and this cannot be."
    if isinstance(sent, ast.Lambda | ast.Name):
        text = site.text(sent)
        what = "a lambda" if isinstance(sent, ast.Lambda) else f"`{text}`"
        claim = f"The pool pickles {what}, which is not defined at the top level of a module."
        check = f"any(part in ({text}).__qualname__ for part in ('<lambda>', '<locals>'))"
        yield site.cause(claim, "Its name says where it is defined.", check, *repairs, weight=0.95)
        return
    yield site.reading(claim, *repairs, weight=0.8)


def _pools(site: Site) -> Iterator[tuple[Cell, ast.Call]]:
    """The calls that make a pool of processes."""
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in _THREADS:
                yield cell, node


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def _threads(cell: Cell, call: ast.Call) -> Repair:
    """The same with threads."""
    tree = src.parse(cell.source)
    now, needed = _THREADS[_name(call.func)]
    maps = _maps(tree, call) if tree is not None and now == "ThreadPool" else []
    if maps:  # a `ThreadPool` has semaphores, as one of processes has
        now, needed = _THREADS["ProcessPoolExecutor"]
    there = tree is not None and any(
        isinstance(node, ast.ImportFrom) and any(alias.name == now for alias in node.names)
        for node in tree.body
    )
    changes = [src.over(cell.source, call.func, now), *([] if there else [src.add_import(cell, needed)])]
    changes += [part for node in maps for part in src.wrap(cell.source, node, "list(", ")")]
    return Repair(edits=(src.edit(cell, *changes),), why=f"Use threads, which pickle nothing: `{now}`.")


def _maps(tree: ast.Module, call: ast.Call) -> list[ast.Call]:
    """The calls of `map` of the pool, if nothing else of it is used and a `with` statement closes it."""
    name = next(
        (
            item.optional_vars.id
            for node in ast.walk(tree)
            if isinstance(node, ast.With)
            for item in node.items
            if item.context_expr is call and isinstance(item.optional_vars, ast.Name)
        ),
        None,
    )
    used = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == name
    ]
    return (
        used if all(node.func.attr == "map" for node in used if isinstance(node.func, ast.Attribute)) else []
    )


def _sent(site: Site) -> ast.expr | None:
    """The function that is given to the pool."""
    for node in ast.walk(site.statement) if site.statement is not None else ():
        if isinstance(node, ast.Call) and _name(node.func) in _SENDS and node.args:
            return node.args[0]
    return None


def _named(site: Site) -> Iterator[Repair]:
    """A lambda that reads only its parameters and global names as a function at the top level."""
    sent = _sent(site)
    lineno = site.frame.lineno
    top = next(
        (node for node in site.tree.body if node.lineno <= lineno <= (node.end_lineno or lineno)), None
    )
    if not isinstance(sent, ast.Lambda) or top is None or site.function is not None:
        return
    head = site.cell.source[src.span(site.cell.source, sent)[0] : src.span(site.cell.source, sent.body)[0]]
    parameters = head.removeprefix("lambda").rpartition(":")[0].strip()
    name = next(name for name in ("task", "task_of_pool", "cot_task") if site.known(name) is None)
    text = f"def {name}({parameters}):\n    return {site.text(sent.body)}\n"
    line = src.line_before(site.cell.source, src.first_line(top), text)
    yield site.repair(f"Define it at the top level, as `{name}`.", line, site.over(sent, name))


RULES = (sent_function,)
