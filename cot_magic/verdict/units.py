"""Units: does a function get its numbers in the unit that it is documented to take?

`math.sin(float(angle_deg))` runs, and the name of the value says that the sine is another one. What a name
says is read from the sources, what a parameter takes from its name or documentation, and whether the value is
converted on the way is seen by computing both.
"""

import ast
import math
from collections.abc import Iterator

from cot_magic.core.case import Case
from cot_magic.core.edits import parsed
from cot_magic.core.experiments import Experiment
from cot_magic.core.findings import ChallengeKind, EvidenceKind, Fix, Stage
from cot_magic.core.jobs import Inspection, Job, JobResult, JobStep, Limits, Outcome
from cot_magic.core.units import (
    Unit,
    is_ratio,
    named,
    unconverted,
    unit_of,
    unit_told,
    unit_written,
    units_of,
)
from cot_magic.verdict.links import counterpart, links, statement_at

# Runs in the frame of the failure: CALLS are callees with their arguments, each with the value in it that has
# a unit.
_RUN = """
import inspect, re
def _numbers(value):
    try:
        alone = isinstance(value, (str, bytes)) or not hasattr(value, '__iter__')
        return [float(item) for item in ([value] if alone else list(value)[:50])]
    except Exception:
        return []
def _factor(value, argument):
    spaces = [dict(globals())]
    for target, over in LOOPS:
        try:
            items = [(space, item) for space in spaces for item in list(eval(over, space))[:50]]
            spaces = [{**space, target: item} for space, item in items[:50]]
        except Exception:
            continue  # it goes over something that is not there yet
    for space in spaces:
        try:
            pairs = zip(_numbers(eval(value, space)), _numbers(eval(argument, space)), strict=True)
            return next(there / here for here, there in pairs if here)
        except Exception:
            continue
def _about(function, place):
    try:
        parameters = [*inspect.signature(function).parameters]
    except (ValueError, TypeError):
        parameters = []
    name = place if isinstance(place, str) else parameters[place] if place < len(parameters) else ''
    doc = str(getattr(function, '__doc__', ''))
    told = re.search(r'(?m)^( *)' + name + r' :.*\\n((?:\\1 +.*\\n| *\\n)+)', doc) if name else None
    summary = doc if len(doc) <= SHORT else doc.strip().partition('\\n\\n')[0]
    text = (told[2] if told else '')[:SHORT] + '\\n' + summary[:SHORT]
    return name, bool({'unit', 'units'} & set(parameters)), text
_told = []
for _callee, _place, _argument, _value in CALLS:
    try:
        _function = eval(_callee)
    except Exception:
        continue  # it is nothing of this frame
    _told.append((_callee, _argument, _value, _factor(_value, _argument), *_about(_function, _place)))
_told[:3]
"""
NOT_ASKED = "nothing says which unit is needed"
_SHORT = 500  # characters of a documentation that has no sections
_Given = tuple[str, int | str, str, str]  # what is called, the place or name, the argument, the value in it


def units(case: Case, fix: Fix, *, limits: Limits, allow: tuple[str, ...]) -> Experiment | None:
    """The experiment that compares units around the operation that failed; None where no name says one."""
    found = links(case)
    item = counterpart(case, found[-1], fix.edits) if found else None
    tree = parsed(item.source) if item is not None else None
    if case.raised is None or item is None or item.node is None or tree is None:
        return None
    statement = statement_at(tree, item.node.lineno)
    calls = list(_calls(statement)) if statement is not None else []
    if statement is None or not calls:
        return None
    frames = case.raised.frames
    place = next((n for n in reversed(range(len(frames))) if frames[n].cell == item.link.cell), 0)
    source = f"CALLS, LOOPS, SHORT = {calls!r}, {_loops(statement)!r}, {_SHORT}\n{_RUN}"
    return Experiment(
        job=Job(
            steps=(JobStep(source=case.cell.source, cell=case.cell.id),),
            inspect=Inspection(source=source, frame=place),
            limits=limits,
            allow=allow,
            copies_folder=True,
        ),
        kind=EvidenceKind.CHALLENGE,
        about=fix.id,
        code=ast.unparse(statement),
        stage=Stage.AFTER,
        trial=ChallengeKind.AGREEMENT,
        read=lambda result: _read(result, statement, asked=converts(fix)),
    )


def converts(fix: Fix) -> bool:
    """Whether a fix converts units, which the documentation of what is called has to ask for."""
    return any(unconverted(edit) != edit for edit in fix.edits)


def _loops(statement: ast.stmt) -> list[tuple[str, str]]:
    """The names that comprehensions give to items, and what the items are of."""
    return [
        (node.target.id, ast.unparse(node.iter))
        for node in ast.walk(statement)
        if isinstance(node, ast.comprehension) and isinstance(node.target, ast.Name)
    ]


def _calls(statement: ast.stmt) -> Iterator[_Given]:
    """The arguments in which one value has a name that says a unit."""
    for node in (item for item in ast.walk(statement) if isinstance(item, ast.Call)):
        given: list[tuple[int | str, ast.expr]] = [*enumerate(node.args)]
        given += [(word.arg, word.value) for word in node.keywords if word.arg is not None]
        for place, argument in given:
            for value in _named(argument, statement):
                yield ast.unparse(node.func), place, ast.unparse(argument), value


def _named(node: ast.expr, statement: ast.stmt) -> dict[str, Unit]:
    """The values in an expression with their units; an item has that of what a comprehension goes over."""
    found = named(node)
    loops = {target: unit_of(over) for target, over in _loops(statement)}
    for item in ast.walk(node):
        unit = loops.get(item.id) if isinstance(item, ast.Name) else None
        if isinstance(item, ast.Name) and unit is not None:
            found[item.id] = unit
    return found if len(found) == 1 else {}


def _read(result: JobResult, statement: ast.stmt, *, asked: bool) -> tuple[bool | None, str]:
    if result.outcome is not Outcome.PASSED or result.value is None:
        return None, result.note or "the units could not be seen"
    try:
        told = ast.literal_eval(result.value)
    except (ValueError, SyntaxError, TypeError):
        return None, "what was seen cannot be read"
    agreed = 0
    for callee, argument, value, factor, parameter, has_unit, text in told:
        unit = _named(ast.parse(argument, mode="eval").body, statement)[value]
        origin = dict(_loops(statement)).get(value, value)
        taken = unit_of(parameter)
        if taken is None or taken.of != unit.of:
            said = _said(callee, statement) if has_unit else ""
            taken = unit_written(said) if has_unit else unit_told(text, unit.of)
            if has_unit and not said and factor == 1:
                why = f"`{callee}` takes numbers of a unit that is not given"
                return False, f"{why}, and the name `{origin}` says {unit.name}"
        if taken is None or taken.of != unit.of:
            continue
        right = taken == unit
        if factor is not None and (factor == 1 or is_ratio(factor, unit.of)):  # else more is computed
            right = math.isclose(factor * taken.size, unit.size, rel_tol=1e-6)
            if not right:
                return False, f"`{callee}` takes {taken.name}, and the name `{origin}` says {unit.name}"
        agreed += right and not units_of(callee)  # what converts is no reason to convert
    if asked and not agreed:
        return False, NOT_ASKED
    return True, f"{agreed} values are in the unit that is documented" if agreed else "no unit is documented"


def _said(callee: str, statement: ast.stmt) -> str:
    """The unit that the call is told."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == callee:
            for word in node.keywords:
                if word.arg in ("unit", "units") and isinstance(word.value, ast.Constant):
                    return str(word.value.value)
    return ""
