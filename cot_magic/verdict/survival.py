"""Survival: does the operation that failed still happen with the fix, and does it return each time?"""

import ast
import secrets
from collections.abc import Sequence
from dataclasses import replace

from cot_magic.core.case import Case
from cot_magic.core.edits import parsed
from cot_magic.core.experiments import Experiment, replayed
from cot_magic.core.findings import CellEdit, ChallengeKind, EvidenceKind, Fix, Stage
from cot_magic.core.jobs import Job, JobResult, JobStep, Limits, Outcome
from cot_magic.verdict.links import Counterpart, counterpart, links

_RECORDER = """
class _Recorder:
    def __init__(self):
        self.begun, self.returned = {}, {}
    def begin(self, place):
        self.begun[place] = self.begun.get(place, 0) + 1
    def end(self, place, _, value):
        self.returned[place] = self.returned.get(place, 0) + 1
        return value
"""


def survival(
    case: Case, fix: Fix, *, later: Sequence[Case] = (), limits: Limits, allow: tuple[str, ...]
) -> tuple[Experiment | None, str]:
    """The experiment that watches the failing operation with the fix; or None and why there is none.

    The same for the operations that failed `later`, in the cells as other fixes had left them.

    The second item is a reason against the fix if the operation is gone from the edited source.
    """
    found = [
        counterpart(failed, link, _from(failed, fix.edits))
        for failed in (case, *later)
        for link in links(failed)
    ]
    gone = [item for item in found if item.node is None]
    if gone:
        return None, f"the operation that failed is gone: `{_short(gone[-1].link.text)}` is not done any more"
    lost = next((item for item in found if item.thrown_away), None)
    if lost is not None and lost.node is not None:
        return None, f"the result of `{_short(ast.unparse(lost.node))}` is not used, so it does nothing"
    if not found:
        return None, ""
    token = f"_{secrets.token_hex(8)}"  # the code that is watched cannot know the name
    steps = []
    for step in replayed(case, fix.edits, Stage.AFTER):
        here = [(place, item) for place, item in enumerate(found) if item.link.cell == step.cell]
        steps.append(JobStep(source=watched(step.source, here, token), cell=step.cell))
    begin = JobStep(source=f"exec({_RECORDER!r} + 'import builtins; builtins.{token} = _Recorder()', {{}})")
    end = JobStep(source=f"[({token}.begun, {token}.returned)]")
    ran = {step.cell for step in steps}
    places = tuple(place for place, item in enumerate(found) if item.link.cell in ran)
    names = {place: _short(found[place].link.text) for place in places}
    experiment = Experiment(
        job=Job(steps=(begin, *steps, end), limits=limits, allow=allow, copies_folder=True),
        kind=EvidenceKind.CHALLENGE,
        about=fix.id,
        code="\n".join(dict.fromkeys(names.values())),
        stage=Stage.AFTER,
        trial=ChallengeKind.SURVIVAL,
        read=lambda result: _read(result, names),
    )
    return experiment, ""


def _from(case: Case, edits: Sequence[CellEdit]) -> tuple[CellEdit, ...]:
    """The edits as seen from the cells of that case, in which some of them may be made."""
    return tuple(
        replace(edit, before=cell.source)
        for edit in edits
        if (cell := case.cell_by_id(edit.cell)) is not None and cell.source != edit.after
    )


def watched(source: str, here: Sequence[tuple[int, Counterpart]], token: str, more: str = "") -> str:
    """The source with each expression put into a call that records when it begins and when it returned.

    `more` is the source of further arguments.
    """
    for kept in (here, here[-1:]):  # if the texts do not fit together, the innermost alone
        spliced = _spliced(source, [pair for pair in kept if pair[1].source == source], token, more)
        if parsed(spliced) is not None:
            return spliced
    return source


def _spliced(source: str, here: Sequence[tuple[int, Counterpart]], token: str, more: str) -> str:
    """Put calls around expressions, of which one may be inside another; columns count bytes."""
    starts = [0]
    for line in source.encode().split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    inserts: list[
        tuple[int, int, int, bytes]
    ] = []  # ends before begins, the inner end and the outer begin first
    for place, item in here:
        node = item.node
        if node is None or node.end_lineno is None or node.end_col_offset is None:
            continue
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        inserts.append((begin, 1, -end, f"{token}.end({place}, {token}.begin({place}), (".encode()))
        inserts.append((end, 0, -begin, f"){more})".encode()))
    text = source.encode()
    for at, _, _, added in sorted(inserts, reverse=True):
        text = text[:at] + added + text[at:]
    return text.decode()


def _read(result: JobResult, names: dict[int, str]) -> tuple[bool | None, str]:
    if result.outcome is not Outcome.PASSED or result.value is None:
        return None, result.note or "the cell did not pass while it was watched"
    try:
        [(begun, returned)] = ast.literal_eval(result.value)
    except (ValueError, SyntaxError, TypeError):
        return None, "what was recorded cannot be read"
    for place, text in names.items():
        if not returned.get(place):
            return False, f"the operation that failed does not happen any more: `{text}` is not reached"
        if begun.get(place) != returned.get(place):
            return False, f"`{text}` still fails, and its exception is not shown"
    return True, ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}…"
