"""What each phase showed, in one sentence with its evidence; a reasoner's word is not enough."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

from cot_magic.core.case import Case, Raised, Variable
from cot_magic.core.edits import is_literal
from cot_magic.core.facts import Facts, for_a_reader
from cot_magic.core.findings import (
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixVerdict,
    Hypothesis,
    HypothesisVerdict,
    Phase,
    Stage,
)
from cot_magic.core.intermittent import failing_schedule, searched
from cot_magic.core.jobs import Outcome
from cot_magic.core.progress import run_of
from cot_magic.core.repeated import by_chance, in_words, measured, repeated
from cot_magic.core.session import Session, TestView
from cot_magic.render.runs import ending
from cot_magic.render.safe_text import code_span, counted, phrase, said, sentence

_LONG_MESSAGE = 200
_SHORT_MESSAGE = 110  # to which values are added
_SHORT_VALUE = 50
_ABOUT_SHAPES = re.compile(r"dimension|shape|square|length|size|align|broadcast|axis|axes", re.IGNORECASE)
_MOST_OPERANDS = 2
_CODE = ("module", "function", "method", "type", "builtin_function_or_method", "ABCMeta", "EnumType")
_FIX_ID = re.compile(r"\bf\d+\b")
_GUILTY, _COMPARED, _IN_A_FILE = "elements.guilty", "inside.compared", "own.failed"
_DESCRIBES = ("callee.signature", "inside.value", "legal", "origin.assigned", "origin.file", "smallest")
"""Facts that tell what is there, not what is wrong with it: Python's message says more about the failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence in light Markdown, and the ids of the evidence that shows it; none for facts."""

    text: str
    evidence: tuple[EvidenceId, ...] = ()


NOTHING = Statement(text="")


def headline(session: Session, phase: Phase) -> Statement:
    """Return what a phase of the session showed."""
    match phase:
        case Phase.ANALYZE:
            return _analyzed(session)
        case Phase.PLAN:
            return _planned(session)
        case Phase.VALIDATE:
            return _validated(session)
        case Phase.IMPLEMENT:
            return _implemented(session)
        case Phase.CONFIRM:
            return _confirmed(session)
        case _:
            assert_never(phase)


def headline_below(session: Session, phase: Phase) -> Statement:
    """Return what a phase showed, without what the answer above the phases says already."""
    if phase is Phase.CONFIRM and (fix := session.best_fix) is not None:
        tests = _tests(session, fix)
        return tests if tests.text else headline(session, phase)
    raised = session.case.raised if session.case is not None else None
    if phase is not Phase.ANALYZE or raised is None:
        return headline(session, phase)
    told, seen = message(raised), len(for_a_reader(session.facts))
    parts = [phrase(raised.ename, 80)]
    if told and told not in cause(session).text:
        parts[0] += f": {told}"
    parts += [f"{counted(seen, 'fact')} from the failed kernel"] if seen else []
    return Statement(text="; ".join(parts))


def cause(session: Session) -> Statement:
    """Return the cause that probes confirmed, else what was seen in the failed kernel, else the message."""
    found = session.origin or session.root_cause
    if found is not None:
        compared = session.facts.first(_COMPARED) if _is_assert(session) else None
        claim = sentence(said(found.claim))
        if compared is not None and compared.text not in claim:
            claim = f"{sentence(said(compared.text))} {claim}"
        return Statement(text=claim, evidence=session.judge(found.id).evidence)
    raised = session.case.raised if session.case is not None else None
    if raised is None:
        return NOTHING
    seen = most_telling(session.facts, raised)
    if seen:
        return Statement(text=sentence(said(seen)))
    return Statement(text=_with_values(session, raised) or message(raised))


def _with_values(session: Session, raised: Raised) -> str:
    """Return the message and what the operation was given, where a fix leaves no room for the failing line;
    "" if the message is long, or nothing tells more."""
    frame, fix = raised.innermost_in_cells, session.best_fix
    told = raised.evalue.strip()
    if frame is None or fix is None or not told or len(told) > _SHORT_MESSAGE or "\n" in told:
        return ""
    expression = frame.expression or ""
    inner = [item for item in frame.operands if tells(item) and not expression.startswith(f"{item.name}(")]
    described = [_described(item, shapes=_ABOUT_SHAPES.search(told) is not None) for item in inner]
    parts = [part for part in described if part and part.split("`")[-2] not in told][:_MOST_OPERANDS]
    return f"{code_span(told)}: {' and '.join(parts)}." if parts else ""


def tells(item: Variable) -> bool:
    """Return whether an operand has a value worth showing: a literal shows its own, and code has none."""
    code = item.type.rpartition(".")[2] in _CODE or item.text.startswith("<class ")
    return not code and not is_literal(item.name)


def _described(item: Variable, *, shapes: bool) -> str:
    """Return the name of an operand with its value; of an array or table its shape, if that can matter."""
    name, shape = code_span(item.name, 60), dict(item.facts).get("shape")
    if shape is not None:
        return f"{name} has the shape {code_span(shape)}" if shapes else ""
    return f"{name} is {code_span(item.text)}" if len(item.text) <= _SHORT_VALUE else ""


def most_telling(facts: Facts, raised: Raised) -> str:
    """Return the fact of the autopsy that says most about the failure; "" if none explains it.

    Of an assert, both sides with their values come first; then the elements that are to blame.
    """
    wanted = _COMPARED if raised.ename == "AssertionError" else _GUILTY
    explains = [item for item in for_a_reader(facts) if not item.kind.startswith(_DESCRIBES)]
    explains.sort(key=lambda item: (item.kind != _IN_A_FILE, item.kind != wanted))
    return explains[0].text if explains else ""


def _is_assert(session: Session) -> bool:
    raised = session.case.raised if session.case is not None else None
    return raised is not None and raised.ename == "AssertionError"


def without_ids(session: Session, text: str) -> str:
    """Return a sentence with what a fix does in place of its id, which no reader knows."""
    whys = {str(fix.id): phrase(fix.why).rstrip(".") for fix in session.fixes}
    return _FIX_ID.sub(lambda found: f"“{whys[found[0]]}”" if found[0] in whys else found[0], text)


def message(raised: Raised) -> str:
    """Return the first line of the message as code; "" if there is none."""
    lines = raised.evalue.strip().splitlines()[:1]
    return code_span(lines[0], _LONG_MESSAGE) if lines else ""


def place_of_failure(case: Case, raised: Raised) -> tuple[str, int | None]:
    """Return the label and the line of the innermost cell that was running, both of the same cell."""
    if raised.syntax is not None:
        return case.label(case.cell.id), raised.syntax.lineno
    frame = raised.innermost_in_cells
    if frame is None:
        return case.label(case.cell.id), None
    return case.label(frame.cell), frame.lineno


def shows(view: TestView) -> bool:
    """Return whether a test ran on both sides, failed without the fix, and passes with it."""
    before, after = view.before, view.after
    if before is None or after is None:
        return False
    return before.outcome is Outcome.RAISED and after.outcome is Outcome.PASSED


# --- one function for each phase ----------------------------------------------------------------------------


def _analyzed(session: Session) -> Statement:
    case = session.case
    if case is None:
        return NOTHING
    if case.raised is None:
        return _passed(session, case)
    where, line = place_of_failure(case, case.raised)
    at = f"{phrase(case.raised.ename, 80)} in {where}{f', line {line}' if line is not None else ''}"
    why = cause(session)
    return Statement(text=f"{at}: {why.text}" if why.text else at, evidence=why.evidence)


def _passed(session: Session, case: Case) -> Statement:
    """Say that a cell raised nothing, and what more runs of it or other schedules showed."""
    parts, used = [f"{case.label(case.cell.id)} passed"], []
    item = _search(session)
    if item is not None and item.schedule is not None:
        search, used = item.schedule, [item.id]
        some = f"{search.failed:,} of {search.schedules:,} schedules fail"
        parts.append(some if search.failed else f"none of {search.schedules:,} schedules fails")
    runs = measured(session.evidence)
    if runs is not None and runs.repeats is not None:
        parts.append(in_words(runs.repeats))
        used.append(runs.id)
    elif item is None and session.hypotheses:
        parts.append(f"{counted(len(session.hypotheses), 'thing')} to check")
    return Statement(text="; ".join(parts), evidence=tuple(used))


def _planned(session: Session) -> Statement:
    probes = [item for item in session.evidence if item.kind is EvidenceKind.PROBE]
    tests = {(owner, test.name) for owner, test in session.tests}
    counts = (
        (len(_telling(session)), "hypothesis", "hypotheses"),
        (len(probes), "probe", "probes"),
        (len(session.fixes), "fix", "fixes"),
        (len(tests), "test", "tests"),
    )
    parts = [counted(count, one, many) for count, one, many in counts if count]
    return Statement(text=", ".join(parts) or "nothing to test")


def _validated(session: Session) -> Statement:
    parts, used = _by_order_or_chance(session)
    groups: dict[str, list[Hypothesis]] = {}
    for item in _telling(session):
        groups.setdefault(_standing(session, item), []).append(item)
    for word, one, many in _STANDINGS:
        if found := groups.get(word):
            parts.append(f"{len(found)} {one if len(found) == 1 else many}")
            used += [known for item in found for known in session.judge(item.id).evidence]
    if not groups and not parts:
        again = next((item for item in session.evidence if item.kind is EvidenceKind.PROBE), None)
        parts = [_repeated(again)]
        used += [again.id] if again is not None else []
    return Statement(text=", ".join(parts), evidence=tuple(dict.fromkeys(used)))


_STANDINGS = (
    ("cause", "cause shown", "causes shown"),
    ("held", "prediction held", "predictions held"),
    ("refuted", "refuted", "refuted"),
    ("open", "not decided", "not decided"),
    ("untested", "not tested", "not tested"),
)


def _standing(session: Session, item: Hypothesis) -> str:
    judged = session.judge(item.id)
    match judged.verdict:
        case HypothesisVerdict.CONFIRMED:
            return "cause" if item.names_a_cause and session.explains(item) else "held"
        case HypothesisVerdict.REFUTED:
            return "refuted"
        case HypothesisVerdict.INCONCLUSIVE:
            return "open" if any(run.about == item.id for run in session.evidence) else "untested"


def _by_order_or_chance(session: Session) -> tuple[list[str], list[EvidenceId]]:
    parts, used = [], []
    failing = failing_schedule(session.case, session.evidence)
    if failing is not None and failing.schedule is not None:
        search = failing.schedule
        fails = (
            f"{search.failed:,} of {search.schedules:,} schedules {'fails' if search.failed == 1 else 'fail'}"
        )
        parts.append(fails if search.disturbed else f"fails without any steering; {fails}")
        used.append(failing.id)
    runs = by_chance(session.evidence)
    if runs is not None and runs.repeats is not None:
        parts.append(in_words(runs.repeats))
        used.append(runs.id)
    return parts, used


def _repeated(again: Evidence | None) -> str:
    if again is None:
        return "no probe ran"
    if again.outcome is not Outcome.PASSED or again.held is None:
        return f"not decided: {ending(again)}"
    return f"the failure {'repeats' if again.held else 'did not repeat'} in a copy of the kernel"


def _implemented(session: Session) -> Statement:
    if not session.fixes:
        return Statement(text="no fix is offered")
    judged = [(fix, session.judge_fix(fix)) for fix in session.fixes]
    ran = [fix for fix, _ in judged if run_of(fix.id, Stage.AFTER, session.evidence) is not None]
    verdicts = [judgement.verdict for _, judgement in judged if not judgement.partial]
    parts = [f"{verdicts.count(verdict)} {word}" for verdict, word in _WORDS if verdicts.count(verdict)]
    if partly := sum(judgement.partial > 0 for _, judgement in judged):
        parts.append(f"{partly} mend{'s' * (partly == 1)} a part")
    tried = f"{counted(len(ran), 'fix', 'fixes')} tried" if ran else "no fix could be run"
    used = [item for _, judgement in judged for item in judgement.evidence]
    return Statement(text=f"{tried}: {', '.join(parts)}", evidence=tuple(dict.fromkeys(used)))


_WORDS = (
    (FixVerdict.VERIFIED, "verified"),
    (FixVerdict.PLAUSIBLE, "plausible"),
    (FixVerdict.REJECTED, "rejected"),
    (FixVerdict.UNVERIFIED, "not decided"),
)


def _confirmed(session: Session) -> Statement:
    fix, case = session.best_fix, session.case
    if case is not None and case.raised is None and fix is None:
        return _passed(session, case)
    if fix is None or case is None:
        return Statement(text="no fix was shown to help")
    return _joined(
        [_cell(session, case, fix), _tests(session, fix), *_searches(session, fix), _whole(session)]
    )


def _cell(session: Session, case: Case, fix: Fix) -> Statement:
    before, after = (run_of(fix.id, stage, session.evidence) for stage in (Stage.BEFORE, Stage.AFTER))
    label = case.label(case.cell.id)
    if after is None:
        return Statement(text=f"{label} was not run with the fix")
    used = tuple(item.id for item in (before, after) if item is not None)
    if before is None:
        return Statement(text=f"{label} {ending(after)} with the fix", evidence=used)
    return Statement(text=f"{label} {ending(before)} without the fix, {ending(after)} with it", evidence=used)


def proof(session: Session, fix: Fix) -> Statement:
    """Return what was run for a fix, in few words: `raises KeyError without it, passes with it`."""
    before, after = (run_of(fix.id, stage, session.evidence) for stage in (Stage.BEFORE, Stage.AFTER))
    if after is None:
        return Statement(text="not run")
    used = tuple(item.id for item in (before, after) if item is not None)
    first = f"{ending(before)} without it, " if before is not None else ""
    runs = Statement(text=f"{first}{ending(after)} with it", evidence=used)
    good = [view for view in session.tests_of(fix.id) if shows(view)]
    tests = [item.id for view in good for item in (view.before, view.after) if item is not None]
    too = (
        Statement(text=f"{counted(len(good), 'test')} show{'s' * (len(good) == 1)} it", evidence=tuple(tests))
        if good
        else NOTHING
    )
    return _joined([runs, too, *_searches(session, fix), _whole(session)])


def _tests(session: Session, fix: Fix) -> Statement:
    views = session.tests_of(fix.id)
    good = [view for view in views if shows(view)]
    if not views:
        return NOTHING
    if not good:
        return Statement(text="no test shows it")
    of = f" of {len(views)}" if len(good) != len(views) else ""
    word = "test" if len(views) == 1 else "tests"
    verbs = ("fails", "passes") if 1 in (len(good), len(views)) else ("fail", "pass")
    used = [item.id for view in good for item in (view.before, view.after) if item is not None]
    return Statement(
        text=f"{len(good)}{of} {word} {verbs[0]} before and {verbs[1]} after", evidence=tuple(used)
    )


def _searches(session: Session, fix: Fix) -> Iterable[Statement]:
    """Yield how often it fails with the fix under other schedules, and in many runs."""
    search, runs = searched(fix.id, session.evidence), repeated(fix, session.evidence)
    if search is not None and search.schedule is not None and search.outcome is not Outcome.BLOCKED:
        found = search.schedule
        yield Statement(
            text=f"{found.failed:,} of {found.schedules:,} schedules fail with it", evidence=(search.id,)
        )
    if runs is not None and runs.repeats is not None:
        yield Statement(text=f"with it, {in_words(runs.repeats)}", evidence=(runs.id,))


def _whole(session: Session) -> Statement:
    certificate = session.certificate
    if certificate is None or certificate.state != "fresh":
        return NOTHING
    total = len(certificate.cells)
    return Statement(text=f"whole notebook: {certificate.passed} of {counted(total, 'cell')} pass")


def _joined(parts: Sequence[Statement]) -> Statement:
    used = [item for part in parts for item in part.evidence]
    text = "; ".join(part.text for part in parts if part.text)
    return Statement(text=text, evidence=tuple(dict.fromkeys(used)))


def _search(session: Session) -> Evidence | None:
    """Return the latest search over schedules of the unchanged cell that ran."""
    return next(
        (
            item
            for item in reversed(session.evidence)
            if item.kind is EvidenceKind.SCHEDULE
            and item.stage is Stage.BEFORE
            and item.outcome is not Outcome.BLOCKED
        ),
        None,
    )


def _telling(session: Session) -> list[Hypothesis]:
    """Return the hypotheses without one that only repeats the error: it explains nothing."""
    return [item for item in session.hypotheses if item.rule or not item.restates]
