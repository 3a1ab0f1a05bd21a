"""Rules for ZeroDivisionError and OverflowError: where the zero comes from."""

import ast
from collections.abc import Iterator

from cot_magic.core.language import worded
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import pure
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


def divisions(site: Site) -> list[tuple[ast.AST, ast.expr]]:
    """Divisions at the failing place with their divisors; if any divisor is known to be zero, only those."""
    found: list[tuple[ast.AST, ast.expr]] = []
    kinds = (ast.Div, ast.FloorDiv, ast.Mod)
    found += [(node, node.right) for node in site.find(ast.BinOp, lambda node: isinstance(node.op, kinds))]
    statement = site.statement
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, kinds):
        found.append((statement, statement.value))
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "id", "") == "divmod" and len(node.args) == 2
    ):
        found.append((call, call.args[1]))
    zero = [pair for pair in found if site.literal(pair[1]) == 0]
    return zero or found


@rule(
    "division.range_from_zero",
    "ZeroDivisionError",
    lesson="`range(n)` starts at 0, so a loop that divides by its variable divides by zero first. `range(1, "
    "n)` starts at 1.",
)
def range_from_zero(site: Site) -> Iterator[Suspicion]:
    for _, divisor in divisions(site):
        if not isinstance(divisor, ast.Name):
            continue
        for item in ast.walk(site.scope):
            if not isinstance(item, ast.For | ast.comprehension) or not isinstance(item.target, ast.Name):
                continue
            call = item.iter
            ranged = isinstance(call, ast.Call) and getattr(call.func, "id", "") == "range"
            if item.target.id != divisor.id or not isinstance(call, ast.Call) or not ranged or not call.args:
                continue
            zero = len(call.args) == 1 or (isinstance(call.args[0], ast.Constant) and call.args[0].value == 0)
            if not zero:
                continue
            claim = f"`{divisor.id}` starts at 0 in `{site.one_line(call)}`, and is used as a divisor."
            yield site.cause(claim, f"`{divisor.id}` is 0.", f"{divisor.id} == 0", weight=0.9)
            start = src.span(site.cell.source, call.args[0])[0]
            if len(call.args) == 1:
                change = src.Splice(start=start, end=start, text="1, ")
            else:
                change = site.over(call.args[0], "1")
            yield site.reading(
                "The loop may be meant to start at 1.",
                site.repair("Start the loop at 1.", change),
                weight=0.85,
            )
            return


@rule(
    "division.empty_average",
    "ZeroDivisionError",
    lesson="An empty list has no average: its sum and its length are 0. Decide what the result for an empty "
    "list should be.",
)
def empty_average(site: Site) -> Iterator[Suspicion]:
    for node, divisor in divisions(site):
        counted = (
            isinstance(divisor, ast.Call)
            and getattr(divisor.func, "id", "") == "len"
            and len(divisor.args) == 1
        )
        if not counted or not isinstance(divisor, ast.Call):
            continue
        items = site.text(divisor.args[0])
        claim = worded("`{items}` is empty, so `{divisor}` is 0.", items=items, divisor=site.text(divisor))
        if pure(divisor.args[0]):
            yield site.cause(claim, worded("Its length is 0."), f"len({items}) == 0", weight=0.9)
        yield from _guards(site, node, items, worded("An empty collection may be acceptable."))
        return


@rule(
    "division.zero",
    "ZeroDivisionError",
    lesson="A division by zero has no result. Ask whether the divisor should ever be zero.",
)
def zero(site: Site) -> Iterator[Suspicion]:
    for node, divisor in divisions(site)[:1]:
        text = site.text(divisor)
        if pure(divisor):
            what = worded("The divisor") if isinstance(divisor, ast.Constant) else f"`{text}`"
            claim = worded("{what} is 0{site}.", what=what, site=_origin(site, divisor))
            yield site.cause(claim, worded("{what} is 0.", what=what), f"({text}) == 0", weight=0.75)
        if not isinstance(divisor, ast.Constant) and not (
            isinstance(divisor, ast.Call) and getattr(divisor.func, "id", "") == "len"
        ):
            yield from _guards(site, node, text, worded("A divisor of zero may be acceptable."))


def _origin(site: Site, divisor: ast.expr) -> str:
    for name in [node.id for node in ast.walk(divisor) if isinstance(node, ast.Name)][:1]:
        for cell, assign in site.assignments(name):
            return worded(
                "; `{name}` was set in {id}, line {lineno}",
                name=name,
                id=site.case.label(cell.id),
                lineno=assign.lineno,
            )
        outer = site.outer
        if site.function is not None and name in src.parameters(site.function) and outer is not None:
            return worded(
                "; it was passed in line {lineno} of {id}",
                lineno=outer.frame.lineno,
                id=site.case.label(outer.cell.id),
            )
    return ""


def _guards(site: Site, node: ast.AST, text: str, claim: str) -> Iterator[Suspicion]:
    """0 in that case, or None from the function."""
    if not isinstance(node, ast.expr):
        return
    whole = site.text(node)
    guarded = site.repair(worded("Use 0 in that case."), site.over(node, f"({whole} if {text} else 0)"))
    yield site.reading(claim, guarded, weight=0.4)
    statement = site.statement
    if isinstance(statement, ast.Return) and site.function is not None:
        change = src.line_before(site.cell.source, statement.lineno, f"if not {text}:\n    return None")
        yield site.reading(claim, site.repair(worded("Return `None` in that case."), change), weight=0.3)


@rule(
    "number.overflow",
    "OverflowError",
    lesson="Floats go up to about 1.8e308. Integers in Python have no limit; numpy and `decimal` have their "
    "own.",
)
def overflow(site: Site) -> Iterator[Suspicion]:
    if site.says(r"int too large to convert to float|integer division result too large"):
        for node in site.find(ast.BinOp, lambda node: isinstance(node.op, ast.Div))[:1]:
            start, end = src.span(site.cell.source, node.left)[1], src.span(site.cell.source, node.right)[0]
            change = src.Splice(start=start, end=end, text=site.cell.source[start:end].replace("/", "//", 1))
            yield site.reading(
                "Integer division of integers has no limit.",
                site.repair("Use `//`, which is exact for integers.", change),
                weight=0.6,
            )
    for power in site.find(ast.BinOp, lambda node: isinstance(node.op, ast.Pow))[:1]:
        left = power.left
        value = site.literal(left)
        if isinstance(value, float) and value.is_integer():
            claim = f"{site.mention(left)} is a float; an integer has no limit."
            new = str(int(value)) if isinstance(left, ast.Constant) else f"int({site.text(left)})"
            yield site.reading(
                claim, site.repair("Use an integer, which has no limit.", site.over(left, new)), weight=0.6
            )
        elif pure(power):
            yield site.reading("The power is too large for a float.", weight=0.4)


RULES = (range_from_zero, empty_average, zero, overflow)
