"""Damage: is what the fixed cells leave worse than what there was?

Values that are missing, another shape, names of other cells that are bound anew.
"""

import ast
import secrets

from cot_magic.core.aliases import mutated
from cot_magic.core.case import Case
from cot_magic.core.edits import parsed
from cot_magic.core.experiments import Experiment, replayed
from cot_magic.core.findings import ChallengeKind, EvidenceKind, Fix, Stage
from cot_magic.core.jobs import Job, JobResult, JobStep, Limits, Outcome
from cot_magic.verdict.links import Counterpart, counterpart, links, loaded
from cot_magic.verdict.survival import watched

# methods of which a value may be missing in the result by their nature: what they are told is not there
_LEAVES_GAPS = frozenset(
    {"pivot", "pivot_table", "unstack", "shift", "diff", "pct_change", "rolling", "resample"}
)
_ELEMENTWISE = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
# What cannot be measured is not compared: it may have methods of its own that raise.
_RECORDER = """
class _Recorder:
    def __init__(self, names, space):
        self.space, self.names, self.told = space, names, []
        self.before = {name: (space[name], self.seen(space[name])) for name in names if name in space}
    def shape(self, value):
        shape = getattr(value, 'shape', None)
        return shape if isinstance(shape, tuple) else None
    def is_column(self, table, value):
        mine = self.shape(value)
        return mine is not None and len(mine) == 1 and mine == (self.shape(table) or ())[:1]
    def missing(self, value):
        try:
            if hasattr(value, 'isna') and hasattr(value, 'index'):
                found = value.isna()
                return int(found.sum().sum()) if hasattr(value, 'columns') else int(found.sum())
            if self.shape(value) is not None and getattr(value, 'dtype', None) is not None:
                return int((value != value).sum())
            if isinstance(value, float):
                return int(value != value)
        except Exception:
            return 0
        return 0
    def seen(self, value):
        whole = set()
        try:
            if hasattr(value, 'isna') and hasattr(value, 'columns'):
                gone = value.isna().all()
                whole = {str(name) for name, every in zip(value.columns, gone) if every and len(value)}
            elif self.shape(value) and self.missing(value) == value.size > 0:
                whole = {''}
            elif isinstance(value, float) and value != value:
                whole = {''}
            columns = [str(name) for name in value.columns] if hasattr(value, 'columns') else []
            length = len(value) if hasattr(value, '__len__') and not isinstance(value, str) else None
        except Exception:
            return None
        plain = type(value) in (int, float, str, bool, type(None))
        return type(value).__name__, length, columns, whole, repr(value)[:80] if plain else ''
    def begin(self, place):
        return place
    def end(self, place, _, value, parts=None):
        try:
            given = [part for part in parts()] if parts is not None else []
        except NameError:
            given = []  # a name that is not bound where the expression ends
        missing = self.missing(value)
        if given and missing and place not in GAPS and not sum(map(self.missing, given)):
            self.told.append(f'{missing} values are missing in its result, none in its inputs')
        mine = self.shape(value)
        parts = [part for part in given if not (hasattr(part, 'columns') and self.is_column(part, value))]
        shapes = [self.shape(part) for part in parts if self.shape(part) is not None]
        if place in ELEMENTWISE and mine is not None and shapes and mine not in shapes:
            self.told.append(f'its result has the shape {mine}, and what it is made of {shapes}')
        return value
    def damage(self):
        told = list(dict.fromkeys(self.told))
        for name, value in list(self.space.items()):
            if name.startswith('_') or name in ('In', 'Out'):
                continue
            now = self.seen(value)
            old, was = self.before.get(name, (None, None))
            if now is not None and (lost := now[3] - (was[3] if was is not None else set())):
                for part in sorted(lost):
                    told.append(f'all values of `{name}' + (f"[{part!r}]" if part else '') + '` are missing')
            if was is None or now is None or name not in FOREIGN or (value is old and name not in CHANGED):
                continue
            if was[0] != now[0]:
                told.append(f'`{name}` of another cell was of type {was[0]} and becomes {now[0]}')
            elif set(was[2]) - set(now[2]):
                told.append(f'`{name}` of another cell loses columns: {sorted(set(was[2]) - set(now[2]))}')
            elif was[1] is not None and now[1] is not None and now[1] < was[1]:
                told.append(f'`{name}` of another cell had {was[1]} items and has {now[1]}')
            elif was[4] != now[4]:
                told.append(f'`{name}` of another cell was {was[4]} and becomes {now[4]}')
        return told[:5]
"""


def damage(case: Case, fix: Fix, *, limits: Limits, allow: tuple[str, ...]) -> Experiment:
    """The experiment that compares the values before and after the fixed cells."""
    items = [counterpart(case, link, fix.edits) for link in links(case)]
    changed = [(place, item) for place, item in enumerate(items) if _changed(item)]
    token = f"_{secrets.token_hex(8)}"  # the code that is watched cannot know the name
    before = replayed(case, fix.edits, Stage.BEFORE)
    foreign = _bound_elsewhere(case, [step.source for step in before])
    names = sorted(foreign | {item.name for item in case.namespace})
    elementwise = {
        place
        for place, item in changed
        if isinstance(item.link.node, ast.BinOp) and isinstance(item.link.node.op, _ELEMENTWISE)
    }
    changes = _newly_changed(fix) & foreign
    gaps = {place for place, item in changed if _left_gaps(item)}
    recorder = f"ELEMENTWISE, FOREIGN, CHANGED = {elementwise!r}, {foreign!r}, {changes!r}\n"
    recorder += f"GAPS = {gaps!r}\n{_RECORDER}"
    make = f"import builtins; builtins.{token} = _Recorder({names!r}, SPACE)"
    steps = [JobStep(source=f"exec({recorder!r} + {make!r}, {{'SPACE': globals()}})")]
    for step in replayed(case, fix.edits, Stage.AFTER):
        here = [(place, item) for place, item in changed if item.link.cell == step.cell]
        steps.append(JobStep(source=_with_operands(step.source, here, token), cell=step.cell))
    steps.append(JobStep(source=f"{token}.damage()"))
    return Experiment(
        job=Job(steps=tuple(steps), limits=limits, allow=allow, copies_folder=True),
        kind=EvidenceKind.CHALLENGE,
        about=fix.id,
        code="\n".join(names),
        stage=Stage.AFTER,
        trial=ChallengeKind.DAMAGE,
        read=_read,
    )


def _changed(item: Counterpart) -> bool:
    return item.node is not None and ast.dump(item.node) != ast.dump(item.link.node)


def _left_gaps(item: Counterpart) -> bool:
    """Whether the operation, with the fix and without it, is one that leaves gaps."""
    both = (_methods(item.link.node), _methods(item.node) if item.node is not None else set[str]())
    return both[0] == both[1] and bool(both[0] & _LEAVES_GAPS)


def _methods(tree: ast.AST) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _bound_elsewhere(case: Case, replays: list[str]) -> set[str]:
    """Names that cells which do not run again bind, and those that do run again do not."""
    others = [cell.source for cell in case.cells if cell.source not in replays]
    return set().union(*map(_bound, others)) - set().union(*map(_bound, replays))


def _newly_changed(fix: Fix) -> set[str]:
    """Names whose objects the fix changes in place, and the code before did not."""
    found: set[str] = set()
    for edit in fix.edits:
        found |= mutated(parsed(edit.after)) - mutated(parsed(edit.before))
    return found


def _bound(source: str) -> set[str]:
    tree = parsed(source)
    return {
        node.id
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _with_operands(source: str, here: list[tuple[int, Counterpart]], token: str) -> str:
    """The source in which each changed operation tells the recorder its value and the values of its names."""
    for place, item in here:
        assert item.node is not None
        parts = f", lambda: ({''.join(f'{name}, ' for name in sorted(loaded(item.node)))})"
        source = watched(source, [(place, item)], token, parts) if item.source == source else source
    return source


def _read(result: JobResult) -> tuple[bool | None, str]:
    if result.outcome is not Outcome.PASSED or result.value is None:
        return None, result.note or "the cell did not pass while it was watched"
    try:
        told = ast.literal_eval(result.value)
    except (ValueError, SyntaxError, TypeError):
        return None, "what was recorded cannot be read"
    return not told, "; ".join(told)
