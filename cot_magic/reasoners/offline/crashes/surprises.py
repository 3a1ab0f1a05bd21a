"""Rules for asserts: what is evaluated earlier or later than it looks, and rows that break a condition."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pandas_name
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Function, Site
from cot_magic.reasoners.offline.written import rule

_DISPLAYS = (ast.List, ast.Dict, ast.Set)
_TABLES = ("pandas.core.frame.DataFrame", "pandas.core.series.Series", "numpy.ndarray")


@rule(
    "assert.mutable_default",
    "AssertionError",
    "KeyError",
    "ValueError",
    "IndexError",
    lesson="A default value is made once, when the function is defined: all calls share it. With `None` as "
    "the default, the function can make a new one for each call.",
)
def mutable_default(site: Site) -> Iterator[Suspicion]:
    """`def tag(word, seen=[])`, where the function changes `seen`."""
    for cell, tree in site.cells():
        for function in [node for node in ast.walk(tree) if isinstance(node, Function)]:
            for place, (name, default) in enumerate(_defaults(function), 1):
                if isinstance(default, _DISPLAYS) and _changes(src.own_scope(function), name):
                    repair = _made_each_time(cell, function, name, default)
                    claim = f"All calls of `{function.name}` share one `{name}`, and the function changes it."
                    check = f"{function.name}.__defaults__[-{place}] != {ast.unparse(default)}"
                    if function.col_offset == 0:
                        found = site.cause(
                            claim,
                            "The default is not what the definition says any more.",
                            check,
                            repair,
                            weight=0.9,
                            before=True,
                        )
                        yield _placed(found, cell, function)
                    return


def _placed(suspicion: Suspicion, cell: Cell, node: ast.AST) -> Suspicion:
    return replace(suspicion, cell=cell.id, lineno=getattr(node, "lineno", None))


def _defaults(function: Function) -> Iterator[tuple[str, ast.expr]]:
    positional = [*function.args.posonlyargs, *function.args.args]
    for argument, default in zip(reversed(positional), reversed(function.args.defaults), strict=False):
        yield argument.arg, default


def _changes(nodes: Iterable[ast.AST], name: str) -> bool:
    """Whether one of the nodes changes that value in place."""
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(value=owner)) if ast.unparse(owner) == name:
                return True
            case ast.Subscript(value=owner, ctx=ast.Store()) if ast.unparse(owner) == name:
                return True
            case ast.AugAssign(target=owner) if ast.unparse(owner) == name:
                return True
    return False


def _made_each_time(cell: Cell, function: Function, name: str, default: ast.expr) -> Repair:
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body = function.body[1] if is_docstring and len(function.body) > 1 else first
    lines = f"if {name} is None:\n    {name} = {src.text_of(cell.source, default)}"
    changes = [
        src.over(cell.source, default, "None"),
        src.line_before(cell.source, src.first_line(body), lines),
    ]
    why = f"Make a new `{name}` for each call that passes none."
    return Repair(edits=(src.edit(cell, *changes),), why=why)


@rule(
    "assert.shared_attribute",
    "AssertionError",
    "KeyError",
    "ValueError",
    "IndexError",
    lesson="A list in the body of a class is one list for all objects. `__init__` makes one for each: "
    "`self.items = []`.",
)
def shared_attribute(site: Site) -> Iterator[Suspicion]:
    """`items = []` in a class whose methods call `self.items.append(…)`."""
    for cell, tree in site.cells():
        for owner in [node for node in tree.body if isinstance(node, ast.ClassDef)]:
            for made in owner.body:
                match made:
                    case ast.Assign(targets=[ast.Name(id=name)], value=value) if isinstance(value, _DISPLAYS):
                        pass
                    case _:
                        continue
                own = any(
                    isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr == name
                    for node in ast.walk(owner)
                )
                if own or not _changes(ast.walk(owner), f"self.{name}"):
                    continue
                claim = f"All objects of `{owner.name}` share one `{name}`, and its methods change it."
                check = f"{owner.name}.{name} != {ast.unparse(value)}"
                prediction = "It is not what the class says any more."
                repair = _made_for_each(cell, owner, made)
                found = site.cause(claim, prediction, check, repair, weight=0.92, before=True)
                yield _placed(found, cell, made)
                return


@rule(
    "assert.hidden_attribute",
    "AssertionError",
    lesson="`self.count += 1` makes an attribute of the object; that of the class stays as it was. "
    "`Class.count += 1` changes the class.",
)
def hidden_attribute(site: Site) -> Iterator[Suspicion]:
    """`self.count += 1`, where the assert is about `Counter.count`."""
    asked = {
        (node.value.id, node.attr)
        for node in (ast.walk(site.statement) if site.statement is not None else ())
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    for cell, tree in site.cells():
        for owner in [node for node in tree.body if isinstance(node, ast.ClassDef)]:
            changed = [
                node.target.value
                for node in ast.walk(owner)
                if isinstance(node, ast.AugAssign)
                and isinstance(node.target, ast.Attribute)
                and (owner.name, node.target.attr) in asked
                and ast.unparse(node.target.value) == "self"
            ]
            if changed:
                changes = [src.over(cell.source, node, owner.name) for node in changed]
                repair = Repair(edits=(src.edit(cell, *changes),), why=f"Change that of `{owner.name}`.")
                claim = f"`self` gets an attribute of its own there; that of `{owner.name}` does not change."
                yield _placed(site.reading(claim, repair, weight=0.9), cell, changed[0])
                return


def _made_for_each(cell: Cell, owner: ast.ClassDef, made: ast.Assign) -> Repair:
    """The assignment in `__init__` in place of the body of the class."""
    line = f"self.{src.text_of(cell.source, made)}"
    start = next(
        (node for node in owner.body if isinstance(node, Function) and node.name == "__init__"), None
    )
    if start is None:
        base = "\n        super().__init__()" if owner.bases else ""
        changes = [src.over(cell.source, made, f"def __init__(self):{base}\n        {line}")]
    else:
        gone = src.without_lines(cell.source, made)
        changes = [gone, src.line_before(cell.source, src.first_line(start.body[0]), line)]
    return Repair(edits=(src.edit(cell, *changes),), why="Make a new one for each object.")


@rule(
    "assert.shallow_copy",
    "AssertionError",
    lesson="`copy` makes a new outer object only: lists and dictionaries inside are still shared. "
    "`copy.deepcopy` copies these too.",
)
def shallow_copy(site: Site) -> Iterator[Suspicion]:
    """`new = old.copy()`, and then `new['list'].append(…)`."""
    for cell, tree in site.cells():
        nodes = list(ast.walk(tree))
        for made in nodes:
            match made:
                case ast.Assign(
                    targets=[ast.Name(id=name)],
                    value=ast.Call(func=ast.Attribute(value=old, attr="copy"), args=[], keywords=[]),
                ):
                    pass
                case ast.Assign(
                    targets=[ast.Name(id=name)],
                    value=ast.Call(func=ast.Name(id="list" | "dict" | "set"), args=[old], keywords=[]),
                ):
                    pass
                case _:
                    continue
            inner = {
                ast.unparse(node)
                for node in nodes
                if isinstance(node, ast.Subscript)
                and isinstance(node.value, ast.Name)
                and node.value.id == name
                and kind_of(site, node.value) not in _TABLES
            }
            if not any(_changes(nodes, text) for text in inner):
                continue
            new = f"copy.deepcopy({src.text_of(cell.source, old)})"
            changes = [src.add_import(cell, "import copy"), src.over(cell.source, made.value, new)]
            repair = Repair(edits=(src.edit(cell, *changes),), why="Copy what is inside too.")
            claim = f"`{name}` is a new object, but what is inside it is shared with `{ast.unparse(old)}`."
            inside = sorted(text for text in inner if _changes(nodes, text))[0]
            check = f"{inside} is {ast.unparse(old)}{inside.removeprefix(name)}"
            found = site.cause(claim, f"`{check}` is true there.", check, repair, weight=0.85)
            yield _placed(found, cell, made)
            return


@rule(
    "assert.equals_nan",
    "AssertionError",
    lesson="NaN is equal to nothing, not even to itself: `x == np.nan` is always false. `pd.isna(x)` tests "
    "for it.",
)
def equals_nan(site: Site) -> Iterator[Suspicion]:
    """`df[df['a'] != np.nan]`, which keeps all rows."""
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            match node:
                case ast.Compare(
                    left=left, ops=[operator], comparators=[ast.Attribute(value=module, attr=name)]
                ):
                    pass
                case _:
                    continue
            words = {ast.Eq: "isna", ast.NotEq: "notna", ast.Is: "isna", ast.IsNot: "notna"}
            if name.lower() not in ("nan", "nat") or type(operator) not in words:
                continue
            text, word = src.text_of(cell.source, left), words[type(operator)]
            forms = [f"{pandas_name(site)}.{word}({text})"]
            forms += [f"{'~' if word == 'notna' else ''}{ast.unparse(module)}.isnan({text})"] * (
                name != "NaT"
            )
            repairs = [
                Repair(edits=(src.edit(cell, src.over(cell.source, node, form)),), why=f"Use `{form}`.")
                for form in forms
            ]
            claim = f"`{src.text_of(cell.source, node)}` is the same for all values: NaN is equal to nothing."
            yield _placed(site.reading(claim, *repairs, weight=0.9), cell, node)
            return


@rule(
    "assert.late_binding",
    "AssertionError",
    lesson="A function reads its names when it is called, not when it is defined: functions that a loop "
    "makes all see the last value. A default value is read at once: `lambda i=i: i`.",
)
def late_binding(site: Site) -> Iterator[Suspicion]:
    """`[lambda: n for n in range(3)]`."""
    for cell, tree in site.cells():
        for loop in ast.walk(tree):
            names = _loop_names(loop)
            made = [node for node in ast.walk(loop) if isinstance(node, ast.Lambda)] if names else []
            for function in made:
                read = [name for name in names if name in src.used_names(function.body)]
                free = [name for name in read if name not in src.parameters(function)]
                if not free or function.args.vararg or function.args.kwarg or function.args.kwonlyargs:
                    continue
                given = ", ".join(f"{name}={name}" for name in free)
                head = cell.source[
                    src.span(cell.source, function)[0] : src.span(cell.source, function.body)[0]
                ]
                parameters = head.removeprefix("lambda").rpartition(":")[0].strip()
                body = src.text_of(cell.source, function.body)
                text = f"lambda {f'{parameters}, ' if parameters else ''}{given}: {body}"
                change = src.edit(cell, src.over(cell.source, function, text))
                repair = Repair(edits=(change,), why="Read the value when the function is made.")
                claim = f"The functions read `{free[0]}` when they are called: all find its last value."
                yield _placed(site.reading(claim, repair, weight=0.85), cell, function)
                return


def _loop_names(node: ast.AST) -> set[str]:
    match node:
        case ast.For() | ast.AsyncFor():
            targets = [node.target]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            targets = [part.target for part in node.generators]
        case _:
            return set()
    return {item.id for target in targets for item in ast.walk(target) if isinstance(item, ast.Name)}


@rule(
    "assert.rows",
    "AssertionError",
    lesson="A condition on all rows fails for some of them. Whether these rows are left out, corrected or "
    "asked for again is up to you: an edit can only show what each choice gives.",
)
def rows(site: Site) -> Iterator[Suspicion]:
    """`assert df['age'].between(0, 120).all()`: without the rows for which it is false."""
    condition = _condition(site)
    if condition is None or site.statement is None:
        return
    text = site.text(condition)
    whole = f"({text})" if isinstance(condition, ast.Compare | ast.BinOp | ast.BoolOp) else text
    tables = [
        node for node in ast.walk(condition) if isinstance(node, ast.Name) and kind_of(site, node) in _TABLES
    ]
    if len({node.id for node in tables}) != 1:
        return
    name, kind = tables[0].id, kind_of(site, tables[0])
    if kind == "numpy.ndarray":
        writes = {f"{name} = {name}[{text}]": "Leave out the elements for which it is false."}
    else:
        kept = f"{whole}.reindex({name}.index, fill_value=True)"
        writes = {f"{name} = {name}[{kept}]": "Leave out the rows for which it is false."}
        part = _column(condition)
        if part is not None and kind.endswith("DataFrame"):
            column = site.text(part)
            writes[f"{column} = {column}.where({kept})"] = "Make the values missing for which it is false."
    line = src.first_line(site.statement)
    repairs = [site.repair(why, src.line_before(site.cell.source, line, new)) for new, why in writes.items()]
    yield site.reading(f"`{site.one_line(condition)}` is false for some rows.", *repairs, weight=0.55)


def _condition(site: Site) -> ast.expr | None:
    """What has to be true for each row, in an assert that it is so for all."""
    test = getattr(site.statement, "test", None) if isinstance(site.statement, ast.Assert) else None
    match test:
        case ast.Call(func=ast.Attribute(attr="all", value=value), args=[], keywords=[]):
            return value
        case ast.Call(func=ast.Attribute(attr="all") | ast.Name(id="all"), args=[value], keywords=[]):
            return value if not isinstance(value, ast.GeneratorExp | ast.ListComp) else None
    return None


def _column(condition: ast.expr) -> ast.Subscript | None:
    """The column that the condition is about, if it is one."""
    columns = [
        node
        for node in ast.walk(condition)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    ]
    return columns[0] if len({ast.dump(node) for node in columns}) == 1 else None


RULES = (mutable_default, shared_attribute, hidden_attribute, shallow_copy, equals_nan, late_binding, rows)
