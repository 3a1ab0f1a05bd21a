"""Rules for AssertionError: the values on both sides. A value alone does not suggest a fix."""

import ast
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cot_magic.core.case import Case, Variable
from cot_magic.core.facts import Facts
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import pure
from cot_magic.reasoners.offline.rule import Repair, Suspicion, sound
from cot_magic.reasoners.offline.site import Site, literal, shown
from cot_magic.reasoners.offline.written import rule


@rule(
    "assert.operands",
    "AssertionError",
    lesson="An `assert` statement compares the result of the code with what you expect. The two values show "
    "the difference.",
)
def operands(site: Site) -> Iterator[Suspicion]:
    statement = site.statement
    if not isinstance(statement, ast.Assert):
        return
    test = statement.test
    if isinstance(test, ast.Tuple):
        return
    text = site.text(test)
    claim = _compared(site, test) or f"`{site.one_line(test)}` is false."
    if pure(test):
        found = site.cause(claim, "The condition is false.", f"not ({text})", weight=0.4)
    else:
        prediction = "The condition is false when it is evaluated once more."
        found = site.cause(claim, prediction, f"not ({text})", weight=0.35)
    yield replace(found, restates=True)


def _compared(site: Site, test: ast.expr) -> str:
    """What a comparison compared, for a sentence; empty if it is none, or its values are not known."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return ""
    left, right = test.left, test.comparators[0]
    if site.value(left) is None or site.value(right) is None:
        return ""
    seen = f"`{site.one_line(left)}` is {shown(site.value(left))}"
    if isinstance(right, ast.Constant):
        if isinstance(test.ops[0], ast.Eq):
            return f"{seen}, not {shown(site.value(right))}."
        return f"`{site.one_line(test)}` is false: {seen}."
    joined = ", but" if isinstance(test.ops[0], ast.Eq) else " and"
    told = f"{seen}{joined} `{site.one_line(right)}` is {shown(site.value(right))}."
    return told if isinstance(test.ops[0], ast.Eq) else f"`{site.one_line(test)}` is false: {told}"


_FACTORS = {
    100: "percent",
    1000: "thousands",
    60: "sixtieths",
    3600: "seconds of an hour",
    24: "hours of a day",
    -1: "its sign",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRule:
    """Both sides of an assert differ by the factor between two units."""

    code: str = "assert.factor"
    on: tuple[str, ...] = ("AssertionError",)
    lesson: str = (
        "A share of 0.45 is 45 percent. Where a result is off by exactly 100, 60 or 1,000, it is right in "
        "another unit."
    )

    def propose(self, case: Case, facts: Facts) -> Iterator[Suspicion]:
        """One reading for the first two sides with such a factor, at the assignment of the value."""
        site = Site.of(case)
        statement = site.statement if site is not None else None
        if site is None or not isinstance(statement, ast.Assert):
            return
        told = {str(fact.value.get("expression")): str(fact.value.get("value")) for fact in facts.found}
        for fact in facts.found:
            if fact.kind == "inside.compared":
                told |= {
                    str(fact.value.get(side)): str(fact.value.get(f"{side}_value"))
                    for side in ("left", "right")
                }
        for seen, wanted in _sides(statement.test):
            now, meant = (_number(site, told, item) for item in (seen, wanted))
            if not now or not meant:
                continue
            ratio = meant / now
            factor = next(
                (item for item in _FACTORS if math.isclose(ratio, item) or math.isclose(ratio, 1 / item)),
                None,
            )
            if factor is None:
                continue
            sign = "*" if math.isclose(ratio, factor) else "/"
            repairs = tuple(_scaled(site, seen, f"{sign} {factor}"))
            if repairs:
                text = site.one_line(seen)
                claim = f"`{text}` is {now:g}, not {meant:g}: off by exactly {factor}, as between two units."
                yield sound(site.reading(claim, *repairs, weight=0.85))
                return


def _sides(test: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is compared in the test, both ways: around `==` and `-`, in `isclose`, `allclose`, `approx`."""
    for node in ast.walk(test):
        match node:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                pass
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                pass
            case ast.Call(func=ast.Attribute(attr="isclose" | "allclose"), args=[left, right, *_]):
                pass
            case _:
                continue
        match right:
            case ast.Call(func=ast.Attribute(attr="approx"), args=[right, *_]):
                pass
        match left:
            case ast.Call(func=ast.Name(id="round"), args=[left, *_]):
                pass
        yield left, right
        yield right, left


def _number(site: Site, told: Mapping[str, str], node: ast.expr) -> float | None:
    """The value of a side, if it is a number."""
    text = told.get(site.text(node)) or told.get(ast.unparse(node))
    found = literal(Variable(name="", type="", text=text)) if text is not None else site.literal(node)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def _scaled(site: Site, seen: ast.expr, by: str) -> Iterator[Repair]:
    """The value multiplied where it is assigned, or where the function that computes it returns it."""
    names = {node.id for node in ast.walk(seen) if isinstance(node, ast.Name)}
    places = {
        ast.dump(node).replace("Load()", "Store()")
        for node in ast.walk(seen)
        if isinstance(node, ast.Subscript | ast.Name)
    }
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets=[target], value=value) if (
                    ast.dump(target).replace("Load()", "Store()") in places
                ):
                    pass
                case ast.FunctionDef(name=name) if name in names:
                    returns = [
                        item.value
                        for item in ast.walk(node)
                        if isinstance(item, ast.Return) and item.value is not None
                    ]
                    if len(returns) != 1:
                        continue
                    value = returns[0]
                case _:
                    continue
            if isinstance(value, ast.BinOp | ast.Call | ast.Name | ast.Subscript):
                product = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult | ast.Div)
                loose = isinstance(value, ast.BinOp) and not product
                changes = (
                    src.wrap(cell.source, value, "(", f") {by}")
                    if loose
                    else (src.after(cell.source, value, f" {by}"),)
                )
                yield Repair(edits=(src.edit(cell, *changes),), why=f"Convert the unit: `{by}`.")


factor = FactorRule()
RULES = (operands, factor)
