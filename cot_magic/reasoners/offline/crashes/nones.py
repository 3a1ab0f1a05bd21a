"""Rules for operations on None: where the None comes from."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Cell
from cot_magic.core.language import worded
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Function, Site
from cot_magic.reasoners.offline.written import rule

# functions and methods that change an object in place and return None
MUTATORS = {
    "append", "extend", "insert", "remove", "sort", "reverse", "clear", "update", "add", "discard", "shuffle",
    "heapify", "appendleft", "seed",
}  # fmt: skip


_LESSON = (
    "A function without a `return` statement returns `None`, and so do methods that change an object in "
    "place (`sort`, `append`). The error shows up later, where the `None` is used."
)


def nones(site: Site) -> list[ast.expr]:
    """Expressions at the failing place whose value was None, then calls that return None."""
    if "NoneType" not in site.raised.evalue:
        return []
    statement = site.focus or site.statement
    if statement is None:
        return []
    found = [
        node
        for node in ast.walk(statement)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and site.type(node) == "NoneType"
    ]
    calls = [
        node
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and (_gives_none(site, node) or _mutates(node))
    ]
    return [*found, *calls]


@rule("none.origin", "TypeError", "AttributeError", lesson=_LESSON)
def origin(site: Site) -> Iterator[Suspicion]:
    for node in nones(site)[:2]:
        if isinstance(node, ast.Call):
            yield from _from_call(site, site.cell, node, node, "")
            continue
        if not isinstance(node, ast.Name):
            continue
        for cell, assign in site.assignments(node.id):
            if isinstance(assign.value, ast.Call):
                yield from _from_call(site, cell, assign.value, assign, node.id)
            elif isinstance(assign.value, ast.Constant) and assign.value.value is None:
                where = worded("{id}, line {lineno}", id=site.case.label(cell.id), lineno=assign.lineno)
                claim = worded(
                    "`{id}` was set to `None` ({where}), and nothing else was assigned to it since.",
                    id=node.id,
                    where=where,
                )
                yield site.cause(
                    claim, worded("`{id}` is `None`.", id=node.id), f"{node.id} is None", weight=0.7
                )
            break


def _mutates(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in MUTATORS


def _gives_none(site: Site, call: ast.Call) -> bool:
    function = _definition(site, call)
    return function is not None and _no_result(function[1])


def _definition(site: Site, call: ast.Call) -> tuple[Cell, Function] | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return next(site.functions(name), None) if name else None


def _no_result(function: Function) -> bool:
    """Whether the function returns no value on any path."""
    nodes = list(src.own_scope(function))
    returns = [node for node in nodes if isinstance(node, ast.Return) and node.value is not None]
    return not returns and not any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes)


def _from_call(
    site: Site, cell: Cell, call: ast.Call, holder: ast.expr | ast.Assign, name: str
) -> Iterator[Suspicion]:
    if _mutates(call):
        yield from _from_mutator(site, cell, call, holder, name)
        return
    if any(item.arg == "inplace" and getattr(item.value, "value", False) is True for item in call.keywords):
        yield from _from_inplace(site, cell, call, name)
        return
    defined = _definition(site, call)
    if defined is not None:
        target = name or (src.text_of(cell.source, call) if cell.id == site.cell.id else "")
        yield from _from_function(site, *defined, target)
    elif getattr(call.func, "attr", "") == "get" and call.args and not site.says(_USED):
        what = src.text_of(cell.source, call)
        yield site.cause(
            worded("`{what}` returned `None`: there is no such key, and no default is given.", what=what),
            worded("`{value}` is `None`.", value=name or what),
            f"{name or what} is None",
            weight=0.85,
        )


def _from_mutator(
    site: Site, cell: Cell, call: ast.Call, holder: ast.expr | ast.Assign, name: str
) -> Iterator[Suspicion]:
    assert isinstance(call.func, ast.Attribute)
    owner, method = src.text_of(cell.source, call.func.value), call.func.attr
    arguments = ", ".join(src.text_of(cell.source, item) for item in (*call.args, *call.keywords))
    source = cell.source
    whole = src.text_of(source, call)
    changes: list[src.Splice] = []
    if owner == "random" and method == "shuffle" and call.args:
        owner = src.text_of(source, call.args[0])
        changes = [src.over(source, call, f"random.sample({owner}, len({owner}))")]
    elif method == "sort":
        rest = f", {arguments}" if arguments else ""
        changes = [src.over(source, call, f"sorted({owner}{rest})")]
    elif method == "reverse":
        changes = [src.over(source, call, f"{owner}[::-1]")]
    if isinstance(holder, ast.Assign):
        alone = [src.Splice(start=src.span(source, holder)[0], end=src.span(source, call)[0], text="")]
        if name == owner:
            changes = alone
        elif not changes and method in ("append", "extend", "insert", "update", "add", "remove", "discard"):
            line = src.line_after(source, holder, f"{name} = {owner}")
            changes = [*alone, line]
    if not changes:
        return
    repair = Repair(
        edits=(src.edit(cell, *changes),),
        why=worded(
            "Do not assign the result of `{method}`: it changes `{owner}` in place and returns `None`.",
            method=method,
            owner=owner,
        ),
    )
    target = name or whole
    yield site.cause(
        worded(
            "`{whole}` changes `{owner}` in place and returns `None`, which was assigned to `{name}`."
            if name
            else "`{whole}` changes `{owner}` in place and returns `None`.",
            whole=whole,
            owner=owner,
            name=name,
        ),
        worded("`{target}` is `None`.", target=target),
        f"{target} is None",
        repair,
        weight=0.95,
    )


def _from_inplace(site: Site, cell: Cell, call: ast.Call, name: str) -> Iterator[Suspicion]:
    """`x = df.drop(…, inplace=True)`: the frame was changed, and None returned."""
    keyword = next(item for item in call.keywords if item.arg == "inplace")
    start, end = src.span(cell.source, keyword)
    before = cell.source[:start].rstrip()
    if before.endswith(","):
        start = len(before) - 1
    repair = Repair(
        edits=(src.edit(cell, src.Splice(start=start, end=end, text="")),),
        why=worded("Remove `inplace=True`, so that the method returns the changed object."),
    )
    yield site.cause(
        worded(
            "`{source}` changes the object in place and returns `None`.",
            source=src.text_of(cell.source, call),
        ),
        worded("`{name}` is `None`.", name=name) if name else worded("The result is `None`."),
        f"{name or 'None'} is None",
        repair,
        weight=0.95,
    )


def _from_function(site: Site, cell: Cell, function: Function, target: str) -> Iterator[Suspicion]:
    """A function of the notebook that returns nothing; its last statement suggests what it should return."""
    if not _no_result(function):
        return
    last = function.body[-1]
    source = cell.source
    changes: list[src.Splice] = []
    certain = False
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        func = last.value.func
        if isinstance(func, ast.Name) and func.id == "print" and len(last.value.args) == 1:
            start, end = src.span(source, last)
            changes = [
                src.Splice(start=start, end=end, text=f"return {src.text_of(source, last.value.args[0])}")
            ]
    elif isinstance(last, ast.Expr) and not isinstance(last.value, ast.Constant):
        start = src.span(source, last)[0]
        changes, certain = [src.Splice(start=start, end=start, text="return ")], True
    elif len(found := _idle_expressions(function)) == 1:
        start = src.span(source, found[0])[0]
        changes, certain = [src.Splice(start=start, end=start, text="return ")], True
    else:
        names = [
            node.targets[0].id
            for node in src.own_scope(function)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        ]
        if names:
            result = names[-1] if isinstance(last, ast.Assign) else names[0]
            if isinstance(last, ast.For | ast.While) and isinstance(last.body[-1], ast.AugAssign):
                aug = last.body[-1].target
                result = aug.id if isinstance(aug, ast.Name) else result
            changes = [src.line_after(source, last, f"return {result}", indent=function.body[0].col_offset)]
            certain = isinstance(last, ast.Assign) or len(set(names)) == 1
    where = site.case.label(cell.id)
    claim = worded(
        "The function `{name}` ({where}) has no `return` statement, so it returns `None`.",
        name=function.name,
        where=where,
    )
    repairs = []
    if changes:
        why = worded("Return the result from `{name}`.", name=function.name)
        repairs = [Repair(edits=(src.edit(cell, *changes),), why=why)]
    if certain and target:
        seen = worded("`{target}` is `None`.", target=target)
        yield site.cause(claim, seen, f"({target}) is None", *repairs, weight=0.92)
    else:
        yield site.reading(claim, *repairs, weight=0.85)


@rule(
    "none.print",
    "TypeError",
    lesson="`print(x)` displays a value and returns `None`. Put everything that is to be displayed inside "
    "its parentheses.",
)
def printed(site: Site) -> Iterator[Suspicion]:
    """`print('a') + b` and `print('%d') % n`."""
    for node in site.find(ast.BinOp):
        call = node.left
        if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "print" or len(call.args) != 1:
            continue
        source = site.cell.source
        inner_end, call_end = src.span(source, call.args[0])[1], src.span(source, call)[1]
        end = src.span(source, node)[1]
        changes = [
            src.Splice(start=inner_end, end=call_end, text=source[call_end:end]),
            src.Splice(start=call_end, end=end, text=")"),
        ]
        claim = f"`{site.one_line(call)}` returns `None`, and the rest is outside its parentheses."
        repair = site.repair("Move the rest into the parentheses of `print`.", *changes)
        yield site.cause(
            claim, "`print` is the built-in function.", "print.__module__ == 'builtins'", repair, weight=0.92
        )
        return


def _idle_expressions(function: Function) -> list[ast.Expr]:
    """Statements that compute a value and do nothing with it."""
    return [
        node
        for node in src.own_scope(function)
        if isinstance(node, ast.Expr)
        and not isinstance(node.value, ast.Constant | ast.Call | ast.Await | ast.Yield | ast.YieldFrom)
    ]


@rule(
    "none.found_nothing",
    "AttributeError",
    "TypeError",
    lesson="`re.match`, `find` and `get` return `None` where there is nothing. Test for it before you use "
    "the result.",
)
def found_nothing(site: Site) -> Iterator[Suspicion]:
    """`tree.find('price').text`, `re.search(p, line).group()`: for some of the elements there is nothing."""
    if not site.says(_USED):
        return
    for user in site.find(ast.Attribute | ast.Subscript):  # type: ignore[arg-type]
        held = user.value
        if not isinstance(held, ast.Name | ast.Call) or site.type(held) not in ("NoneType", ""):
            continue
        made = next(site.assignments(held.id), None) if isinstance(held, ast.Name) else None
        call = made[1].value if made is not None else held
        if not isinstance(call, ast.Call) or getattr(call.func, "attr", "") not in _LOOKS_UP:
            continue
        text = site.text(held)
        repairs = [*_leaving_out(site, user, text), *_in_the_whole(site, made)]
        what = src.text_of((made[0] if made is not None else site.cell).source, call)
        claim = worded(
            "`{what}` found nothing and returned `None`, which is then used as a match.", what=what
        )
        if isinstance(held, ast.Name):
            seen = worded("`{value}` is `None`.", value=text)
            yield site.cause(claim, seen, f"{text} is None", weight=0.93)
            claim = f"`{what}` may find nothing: what then, only you can say."
        yield site.reading(claim, *repairs, weight=0.85)
        return


_USED = r"^'NoneType' object (has no attribute|is not subscriptable)"
_LOOKS_UP = frozenset(["match", "search", "fullmatch", "find", "get", "find_one", "select_one", "getparent"])


def _leaving_out(site: Site, user: ast.expr, text: str) -> Iterator[Repair]:
    """The element left out of the loop or the comprehension; else `None` for the result."""
    statement = site.statement
    if statement is None:
        return
    kinds = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    for made in [node for node in ast.walk(statement) if isinstance(node, kinds)]:
        if any(part is user for part in ast.walk(made)):
            last = made.generators[-1]
            end = last.ifs[-1] if last.ifs else last.iter
            change = site.after(end, f" {'and' if last.ifs else 'if'} {text} is not None")
            yield site.repair("Leave out those for which there is nothing.", change)
    above = src.first_line(statement)
    loops = [node for node in ast.walk(site.scope) if isinstance(node, ast.For | ast.While)]
    if any(part is statement for loop in loops for part in loop.body):
        line = src.line_before(site.cell.source, above, f"if {text} is None:\n    continue")
        yield site.repair("Leave out those for which there is nothing.", line)
    if site.function is not None:
        line = src.line_before(site.cell.source, above, f"if {text} is None:\n    return None")
        yield site.repair("Return `None` where there is nothing.", line)
    whole = getattr(statement, "value", None)
    if isinstance(whole, ast.expr) and not isinstance(statement, ast.Expr | ast.AugAssign):
        change = site.after(whole, f" if {text} is not None else None")
        yield site.repair("Keep it as missing where there is nothing.", change)
    else:
        use = site.text(user)
        yield site.repair(
            "Keep it as missing where there is nothing.",
            site.over(user, f"({use} if {text} is not None else None)"),
        )


def _in_the_whole(site: Site, made: tuple[Cell, ast.Assign] | None) -> Iterator[Repair]:
    """`search` for `match`, which only looks at the start."""
    match made:
        case (cell, ast.Assign(value=ast.Call(func=ast.Attribute(attr="match", value=owner)))):
            start, end = src.span(cell.source, owner)[1], src.span(cell.source, made[1].value.func)[1]  # type: ignore[attr-defined]
            change = src.Splice(start=start, end=end, text=".search")
            why = "Search in the whole string: `match` only looks at its start."
            yield Repair(edits=(src.edit(cell, change),), why=why)


RULES = (printed, origin, found_nothing)
