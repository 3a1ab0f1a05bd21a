"""Rules for functions that cannot be pickled: sent to another process, or written to a file."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from keyword import iskeyword

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
    name = next(name for name in ("task", "task_of_pool", "cot_task") if site.known(name) is None)
    line = src.line_before(site.cell.source, src.first_line(top), _definition(site.cell, sent, name))
    yield site.repair(f"Define it at the top level, as `{name}`.", line, site.over(sent, name))


_EMPTY = {"0": "int", "0.0": "float", "[]": "list", "{}": "dict", "set()": "set", "''": "str", '""': "str"}


@rule(
    "pickle.stored_lambda",
    "PicklingError",
    "AttributeError",
    "TypeError",
    lesson="A function is pickled as the name of its module and its own. A lambda has no name: define a "
    "function at the top level and use that.",
)
def stored_lambda(site: Site) -> Iterator[Suspicion]:
    """`pickle.dumps({'scale': lambda v: v * 2})`: what is pickled holds a lambda, which gets a name."""
    if not site.says(r"<lambda>") or list(_pools(site)):
        return
    for cell, statement, found in _stored(site):
        names = [_free_name(site, statement, place) for place in range(len(found))]
        changes, defined = [], []
        for node, name in zip(found, names, strict=True):
            body = src.text_of(cell.source, node.body)
            known = _EMPTY.get(body) if not src.parameters(node) else None
            changes.append(src.over(cell.source, node, known or name))
            if known is None:
                defined.append(_definition(cell, node, name))
        if defined:
            changes.append(src.line_before(cell.source, src.first_line(statement), "\n".join(defined)))
        why = "Define the function at the top level." if defined else "Use the type, which has a name."
        claim = f"`{src.text_of(cell.source, found[0])}` is a lambda: it has no name to be pickled by."
        yield replace(
            site.reading(claim, Repair(edits=(src.edit(cell, *changes),), why=why), weight=0.9),
            cell=cell.id,
            lineno=statement.lineno,
        )
        return


def _stored(site: Site) -> Iterator[tuple[Cell, ast.stmt, list[ast.Lambda]]]:
    """Statements at the top level whose lambdas are in what is pickled, and these lambdas; nearest first.

    What is pickled is named at the failing line, or is made from what is named there.
    """
    wanted = src.used_names(site.statement) if site.statement is not None else set()
    for cell, tree in site.cells():
        for statement in reversed(tree.body):
            here = cell.id == site.cell.id
            if here and statement.lineno > site.frame.lineno:
                continue
            if statement is not site.statement and not src.bound_names(statement) & wanted:
                targets = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
                if not isinstance(statement, ast.Assign | ast.Expr) or not targets & wanted:
                    continue
            nodes = [node for node in src.own_scope(statement) if isinstance(node, ast.Lambda)]
            if nodes and isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
                yield cell, statement, nodes
            wanted |= src.used_names(statement) if src.bound_names(statement) & wanted else set()


def _free_name(site: Site, statement: ast.stmt, place: int) -> str:
    """A name for the lambda at that place: of its key, argument or target, if nothing else has it."""
    node = [item for item in src.own_scope(statement) if isinstance(item, ast.Lambda)][place]
    for above in ast.walk(statement):
        match above:
            case ast.Dict(keys=keys, values=values) if node in values:
                key = keys[values.index(node)]
                name = key.value if isinstance(key, ast.Constant) else ""
            case ast.keyword(arg=str() as name, value=value) if value is node:
                pass
            case _:
                continue
        if isinstance(name, str) and name.isidentifier() and site.known(name) is None and not iskeyword(name):
            return name
    wished = [f"function_{number}" for number in range(place + 1, place + 9)]
    return next(name for name in wished if site.known(name) is None)


def _definition(cell: Cell, node: ast.Lambda, name: str) -> str:
    """The lambda as a function of that name."""
    head = cell.source[src.span(cell.source, node)[0] : src.span(cell.source, node.body)[0]]
    parameters = head.removeprefix("lambda").rpartition(":")[0].strip()
    return f"def {name}({parameters}):\n    return {src.text_of(cell.source, node.body)}\n"


RULES = (sent_function, stored_lambda)
