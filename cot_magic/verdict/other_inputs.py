"""Other inputs: an assert that holds for these values alone only says what comes out of them, not how.

`assert total == 15` is true of every computation that makes 15 of this data; `assert total == sum(parts)` is
not. So an assert of the person's own decides between readings only if it still holds with other values in
place of what the cell reads. Smith et al., "Is the cure worse than the disease?" (2015).
"""

import ast
import secrets

from cot_magic.core.case import Case
from cot_magic.core.edits import parsed
from cot_magic.core.experiments import Experiment, replayed
from cot_magic.core.findings import ChallengeKind, EvidenceKind, Fix, Stage
from cot_magic.core.jobs import Job, JobResult, JobStep, Limits, Outcome
from cot_magic.core.meaning import deciding, is_limit
from cot_magic.verdict.alike import LIKE
from cot_magic.verdict.links import loaded

OF_THESE_ALONE = "the assert says what comes out of these values, not how: other values were not tried"
SECONDS = 1.0  # of runs with other values; a run that has begun ends
MOST_BROKEN = 2  # times as many must hold: some inputs are not what an assert is for, as an empty list
_LIMIT = "the assert only sets a limit, which other computations keep as well"
_CHANGES_INPUT = "the fix changes the values that the assert is about"
# Each input in turn gets other values; what the cell binds is bound anew each time.
_RUN = (
    LIKE
    + """
import copy, time
until = time.monotonic() + SECONDS
held, broken = 0, []
saved = {name: space[name] for name in NAMES if name in space}
for name, other in [(name, other) for name in saved for other in _like(saved[name])]:
    if time.monotonic() > until:
        break
    space.update({key: copy.deepcopy(item) for key, item in saved.items()})
    space[name] = other
    try:
        exec(CODE, space)
        held += 1
    except AssertionError:
        broken.append(f'{name} = {other!r:.60}'.replace(chr(10), ' '))
    except Exception:
        continue  # the cell is not made for such values
result = (held, len(broken), *broken[:1])
"""
)


def other_inputs(
    case: Case, fix: Fix, *, limits: Limits, allow: tuple[str, ...]
) -> tuple[Experiment | None, str]:
    """The experiment that runs the fixed cell with other values of what it reads; or None and what speaks
    against the fix."""
    edited = {edit.cell: edit.after for edit in fix.edits}
    source = edited.get(case.cell.id, case.cell.source)
    tree = parsed(source)
    decide = deciding(case)
    asserts = [test for test in decide if not is_limit(test)]
    if not asserts:
        return None, _LIMIT if decide else OF_THESE_ALONE
    if tree is None:
        return None, OF_THESE_ALONE
    made = {name for cell in edited if cell != case.cell.id for name in _bound(edited[cell])}
    names = sorted((_read_first(tree) & {item.name for item in case.namespace}) - made)
    if not any(loaded(test) & {*names} for test in asserts):
        return None, _CHANGES_INPUT if made & loaded(tree) else OF_THESE_ALONE
    *before, _ = replayed(case, fix.edits, Stage.AFTER)
    token = f"_{secrets.token_hex(8)}"  # the code that is tried cannot know the name
    given = f"'space': globals(), 'SECONDS': {SECONDS}, 'NAMES': {names!r}"
    code = f"compile({source!r}, '<cell>', 'exec')"
    run = f"{token} = {{{given}, 'CODE': {code}}}\nexec({_RUN!r}, {token})\n{token}['result']\n"
    job = Job(steps=(*before, JobStep(source=run)), limits=limits, allow=allow, copies_folder=True)
    return Experiment(
        job=job,
        kind=EvidenceKind.CHALLENGE,
        about=fix.id,
        code=", ".join(names),
        stage=Stage.AFTER,
        trial=ChallengeKind.OTHER_INPUTS,
        read=_read,
    ), ""


def _read_first(tree: ast.Module) -> set[str]:
    """The names that a cell reads before it binds them itself."""
    found: set[str] = set()
    bound: set[str] = set()
    for statement in tree.body:
        found |= loaded(statement) - bound
        bound |= _stored(statement)
    return found


def _stored(node: ast.AST) -> set[str]:
    return {
        item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)
    }


def _bound(source: str) -> set[str]:
    tree = parsed(source)
    return _stored(tree) if tree is not None else set()


def _read(result: JobResult) -> tuple[bool | None, str]:
    if result.outcome is not Outcome.PASSED or result.value is None:
        return False, OF_THESE_ALONE
    try:
        held, broken, *first = ast.literal_eval(result.value)
    except (ValueError, SyntaxError, TypeError):
        return None, "what was seen cannot be read"
    if held <= MOST_BROKEN * broken:
        told = f"the assert only holds for these values, not for {first[0]}" if first else OF_THESE_ALONE
        return False, told
    return True, f"the assert holds for {held} other inputs"
