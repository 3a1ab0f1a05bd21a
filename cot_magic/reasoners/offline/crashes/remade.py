"""A rule for values that an earlier statement made too short, or of missing values: it is mended there."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cot_magic.core.case import Case, Cell
from cot_magic.core.facts import Fact, Facts
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.remedies.remedy import aliases
from cot_magic.reasoners.offline.rule import Repair, Suspicion, sound
from cot_magic.reasoners.offline.site import Site

_MOST_MISSING = 3  # elements that are added to a list


@dataclass(frozen=True, slots=True, kw_only=True)
class RemadeRule:
    """Changes the statement at which the autopsy saw a length or missing values go wrong."""

    code: str = "origin.remade"
    on: tuple[str, ...] = ("IndexError", "KeyError", "OverflowError", "TypeError", "ValueError")
    lesson: str = (
        "Where two lengths differ, one of them was made wrong: `range(1, 5)` ends at 4. A missing value has "
        "no integer; conversions make a huge negative number of it."
    )

    def propose(self, case: Case, facts: Facts) -> Iterator[Suspicion]:
        """One reading with what the statement could be."""
        site, fact = Site.of(case), facts.first("origin.fault")
        if site is None or fact is None or fact.value.get("why") not in ("length", "cast"):
            return
        cell = case.cell_by_id(fact.cell) if fact.cell is not None else None
        made = _assigned(cell, fact) if cell is not None else None
        if cell is None or made is None:
            return
        make = _longer if fact.value["why"] == "length" else _without_missing
        repairs = tuple(make(site, cell, made, fact))
        if repairs:
            found = site.reading(f"{fact.text} It can be mended there.", *repairs, weight=0.9)
            yield sound(replace(found, cell=cell.id, lineno=made.lineno))


def _assigned(cell: Cell, fact: Fact) -> ast.Assign | None:
    """The assignment at the line that the fact names."""
    tree = src.parse(cell.source)
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)] if tree is not None else []
    return next((node for node in nodes if node.lineno == fact.lineno), None)


# --- lengths ------------------------------------------------------------------------------------------------


def _longer(site: Site, cell: Cell, made: ast.Assign, fact: Fact) -> Iterator[Repair]:
    """The range or list with as many elements as the other operand has."""
    sizes = fact.value.get("sizes")
    name = str(fact.value.get("name", ""))
    if not isinstance(sizes, dict) or not isinstance(sizes.get(name), int) or len(sizes) != 2:
        return
    (other,) = (size for owner, size in sizes.items() if owner != name)
    more = int(other) - int(sizes[name])
    for call in [node for node in ast.walk(made.value) if isinstance(node, ast.Call)]:
        bound = _bound(call)
        if bound is not None:
            place, step = bound
            value = ast.literal_eval(call.args[place])
            change = src.over(cell.source, call.args[place], str(value + more * step))
            why = f"Make as many elements as there are in the other one: {other}."
            yield Repair(edits=(src.edit(cell, change),), why=why)
            return
    if isinstance(made.value, ast.List) and 0 < more <= _MOST_MISSING and made.value.elts:
        texts = all(
            isinstance(item, ast.Constant) and isinstance(item.value, str) for item in made.value.elts
        )
        added = ", ".join(repr("?" * number) if texts else "None" for number in range(1, more + 1))
        change = src.after(cell.source, made.value.elts[-1], f", {added}")
        yield Repair(
            edits=(src.edit(cell, change),), why=f"Add what is missing in the list: {more} of {other}."
        )


def _bound(call: ast.Call) -> tuple[int, int] | None:
    """Which argument of a range says where it ends, and by how much for each element."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    count = len(call.args)
    literal = [_integer(item) for item in call.args]
    if name in ("range", "arange") and 1 <= count <= 3 and None not in literal:
        return (0, 1) if count == 1 else (1, literal[2] or 1) if count == 3 else (1, 1)
    if name == "linspace" and count == 3 and literal[2] is not None:
        return 2, 1
    return None


def _integer(node: ast.expr) -> int | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:  # it is no literal
        return None
    return value if type(value) is int else None


# --- missing values -----------------------------------------------------------------------------------------


def _without_missing(site: Site, cell: Cell, made: ast.Assign, fact: Fact) -> Iterator[Repair]:
    """The statement without the missing values, or with 0 in place of them."""
    names = [node for node in ast.walk(made.value) if isinstance(node, ast.Name)]
    numpy = aliases(site)["np"]
    kinds = {node.id: site.type(node) for node in names}
    forms = (
        ("{0}[~{1}.isnan({0})]", "{0}.dropna()", "Leave out the missing values."),
        ("{1}.nan_to_num({0})", "{0}.fillna(0)", "Fill in 0."),
    )
    for of_array, of_series, why in forms:
        changes = [
            src.over(cell.source, node, form.format(node.id, numpy))
            for node in names
            if (
                form := of_array
                if kinds[node.id] == "numpy.ndarray"
                else of_series
                if kinds[node.id].endswith("Series")
                else ""
            )
        ]
        if changes:
            yield Repair(edits=(src.edit(cell, *changes),), why=why)


# --- iterators ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainRule:
    """Makes an iterator again that an earlier cell used up, or a list of it where it is made."""

    code: str = "origin.used_up"
    on: tuple[str, ...] = (
        "IndexError",
        "KeyError",
        "StopIteration",
        "TypeError",
        "ValueError",
        "ZeroDivisionError",
    )
    lesson: str = "An iterator can be gone through once. A list can be gone through as often as you like."

    def propose(self, case: Case, facts: Facts) -> Iterator[Suspicion]:
        """One cause: nothing is left in it before the cell runs."""
        site, fact = Site.of(case), facts.first("origin.fault")
        if site is None or fact is None or fact.value.get("why") != "used up":
            return
        name = str(fact.value.get("name", ""))
        made = next(site.assignments(name), None)
        top = next(
            (found for place in range(len(site.raised.frames)) if (found := Site.at(case, place))), site
        )
        if made is None or top.cell.id != case.cell.id:
            return
        cell, assign = made
        alone = src.edit(cell, *src.wrap(cell.source, assign.value, "list(", ")"))
        repairs = [
            Repair(edits=(alone,), why="Make it a list, which can be used again."),
            top.repair(
                "Make it again.", src.line_before(top.cell.source, _top_line(top), _again(site, cell, assign))
            ),
        ]
        cause = top.cause(
            fact.text, str(fact.value.get("prediction")), f"next({name}, None) is None", *repairs
        )
        checks = tuple(replace(check, frame=None) for check in cause.checks)
        yield sound(replace(cause, checks=checks, weight=0.96))


def _top_line(site: Site) -> int:
    """The first line of the statement at the top level of the cell that fails."""
    lineno = site.frame.lineno
    return next(
        (
            src.first_line(node)
            for node in site.tree.body
            if node.lineno <= lineno <= (node.end_lineno or lineno)
        ),
        lineno,
    )


def _again(site: Site, cell: Cell, assign: ast.Assign) -> str:
    """The statement once more; files that it reads are read from their start."""
    files = [
        node.id
        for node in ast.walk(assign.value)
        if isinstance(node, ast.Name)
        and (known := site.known(node.id)) is not None
        and known.type.startswith("_io.")
    ]
    return "\n".join([*(f"{name}.seek(0)" for name in files), src.text_of(cell.source, assign)])


remade = RemadeRule()
again = AgainRule()
RULES = (remade,)
AGAIN = (again,)
