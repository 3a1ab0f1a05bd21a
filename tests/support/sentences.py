"""Reads the sentences of a screen, and checks each against the evidence: none is taken on trust."""

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from cot_magic.core.facts import for_a_reader
from cot_magic.core.findings import Evidence, EvidenceKind, FixVerdict, HypothesisVerdict, Phase, Stage
from cot_magic.core.intermittent import failing_schedule
from cot_magic.core.jobs import Outcome
from cot_magic.core.rates import LEAST_RUNS
from cot_magic.core.session import Session
from cot_magic.render.blocks import Rows
from cot_magic.render.outline import outline
from cot_magic.render.plain import plain

Check: TypeAlias = Callable[[Session, re.Match[str]], bool]
COUNTS = re.compile(r"([\d,]+) of ([\d,]+)(?: (?:runs?|schedules?))?(?: fails?)?: [^.;]*%")


def untrue(session: Session) -> Iterator[str]:
    """What the screen of a session says that its evidence does not show, or that no check knows."""
    drawn = outline(session)
    text = plain(drawn)
    for phase, section in zip(Phase, drawn.sections, strict=True):
        view = session.phase(phase)
        if view is None or view.ended is None or not view.headline:
            continue
        said = re.sub(r"^\(\w+\) ", "", section.headline)
        parts = (
            [said] if phase is Phase.ANALYZE else re.split(r"; (?!not )|(?<=\w), (?=\d)|(?<=tried): ", said)
        )
        for part in parts:
            if not any(found and check(session, found) for found, check in _matching(phase, part)):
                yield f"{phase}: {part}"
    shown = [row for block in drawn.answer if isinstance(block, Rows) for row in block.rows]
    helps = session.result in ("verified", "plausible")
    claim = shown[0].claim if helps and shown else ""
    for part in f"{claim[:1].lower()}{claim[1:]}".rstrip(".").split("; ") if claim else ():
        known = [(re.fullmatch(pattern, part), check) for pattern, check in PROVEN]
        if not any(found and check(session, found) for found, check in known):
            yield f"above the folds: {part}"
    best = session.best_fix
    verified = best is not None and session.judge_fix(best).verdict is FixVerdict.VERIFIED
    if re.search(r"(?<!not )\bverified\b", text.lower()) and not (verified and not _cut_off(session)):
        yield f"verified, with {best}"
    yield from (found.group() for found in COUNTS.finditer(text) if _number(found[2]) < LEAST_RUNS)
    case = session.case
    at = re.search(r"in cell \[\d+\], line (\d+)$", drawn.title)
    if case is not None and at is not None and int(at[1]) > len(case.cell.source.splitlines()):
        yield f"title: {drawn.title}"


def _cut_off(session: Session) -> bool:
    return session.interrupted and Phase.CONFIRM not in session.finished


def _matching(phase: Phase, part: str) -> Iterator[tuple[re.Match[str] | None, Check]]:
    for pattern, check in TRUE[phase]:
        yield re.fullmatch(pattern, part, re.DOTALL), check


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _failed_at(session: Session, found: re.Match[str]) -> bool:
    """The line is one of that cell, and the reason is a confirmed claim, a fact, or the message."""
    case = session.case
    assert case is not None
    assert case.raised is not None
    cell = next((item for item in (case.cell, *case.cells) if case.label(item.id) == found["cell"]), None)
    if found["line"] and (cell is None or int(found["line"]) > len(cell.source.splitlines())):
        return False
    why = _plain(found["why"] or "")
    confirmed = [
        item.claim
        for item in session.hypotheses
        if session.judge(item.id).verdict is HypothesisVerdict.CONFIRMED
    ]
    seen = session.facts.first("inside.compared")
    if seen is not None and why.startswith(_plain(seen.text)) and case.raised.ename == "AssertionError":
        why = why.removeprefix(_plain(seen.text)).lstrip(". ")  # both sides, and then where they come from
    known = [*confirmed, *(fact.text for fact in session.facts), case.raised.evalue, case.raised.ename]
    return any(_plain(text).startswith(why) or why in _plain(text) for text in known)


def _message(session: Session, found: re.Match[str]) -> bool:
    """The exception and its message, and how many facts there are for a reader."""
    case = session.case
    assert case is not None
    if case.raised is None or found["name"] != case.raised.ename:
        return False
    facts = [fact for fact in session.facts if fact in for_a_reader(session.facts)]
    return _plain(found["why"] or "") in _plain(case.raised.evalue) and int(found["facts"] or 0) == len(facts)


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split()).rstrip(".…")[:200]


def _ended(item: Evidence | None, said: str) -> bool:
    if item is None:
        return False
    if said == "passes":
        return item.outcome is Outcome.PASSED
    if said.startswith("raises "):
        return item.outcome is Outcome.RAISED and item.raised is not None and item.raised.ename == said[7:]
    return item.outcome in (Outcome.TIMED_OUT, Outcome.CRASHED, Outcome.BLOCKED)


def _last(session: Session, kind: EvidenceKind, stage: Stage, about: str | None) -> Evidence | None:
    found = [i for i in session.evidence if i.kind is kind and i.stage is stage and about in (None, i.about)]
    return found[-1] if found else None


def _before_and_after(session: Session, found: re.Match[str]) -> bool:
    best = session.best_fix
    if best is None:
        return False
    before, after = (
        _last(session, EvidenceKind.FIX, stage, best.id) for stage in (Stage.BEFORE, Stage.AFTER)
    )
    return _ended(before, found["before"]) and _ended(after, found["after"])


def _tests(session: Session, found: re.Match[str]) -> bool:
    best = session.best_fix
    assert best is not None
    names = [test.name for owner, test in session.tests if owner == best.id]
    good = 0
    for name in names:
        mine = [i for i in session.evidence if i.kind is EvidenceKind.TEST and i.about == best.id]
        runs = {i.stage: i.outcome for i in mine if i.test == name}
        good += runs == {Stage.BEFORE: Outcome.RAISED, Stage.AFTER: Outcome.PASSED}
    return (good, len(names)) == (int(found[1]), int(found[2] or found[1]))


def _no_test(session: Session, found: re.Match[str]) -> bool:
    best = session.best_fix
    assert best is not None
    mine = [i for i in session.evidence if i.kind is EvidenceKind.TEST and i.about == best.id]
    failed = {i.test for i in mine if i.stage is Stage.BEFORE and i.outcome is Outcome.RAISED}
    return not failed & {i.test for i in mine if i.stage is Stage.AFTER and i.outcome is Outcome.PASSED}


def _good_tests(session: Session, found: re.Match[str]) -> bool:
    best = session.best_fix
    assert best is not None
    mine = [i for i in session.evidence if i.kind is EvidenceKind.TEST and i.about == best.id]
    failed = {i.test for i in mine if i.stage is Stage.BEFORE and i.outcome is Outcome.RAISED}
    return len(failed & {i.test for i in mine if i.outcome is Outcome.PASSED}) == int(found[1])


def _schedules(stage: Stage) -> Check:
    def check(session: Session, found: re.Match[str]) -> bool:
        best = session.best_fix
        about = best.id if stage is Stage.AFTER and best is not None else None
        item = _last(session, EvidenceKind.SCHEDULE, stage, about)
        if item is None or item.schedule is None:
            return False
        told = (item.schedule.failed, item.schedule.schedules)
        return told == (0 if found[1] == "none" else _number(found[1]), _number(found[2]))

    return check


def _runs(session: Session, found: re.Match[str]) -> bool:
    told = (_number(found[1]), _number(found[2]))
    return any(i.repeats is not None and (i.repeats.failed, i.repeats.runs) == told for i in session.evidence)


def _judged(*wanted: FixVerdict) -> Check:
    def check(session: Session, found: re.Match[str]) -> bool:
        judged = [session.judge_fix(fix) for fix in session.fixes]
        return int(found[1]) == sum(item.verdict in wanted and not item.partial for item in judged)

    return check


def _tried(session: Session, found: re.Match[str]) -> bool:
    fixes = {fix.id for fix in session.fixes}
    ran = {i.about for i in session.evidence if i.kind is EvidenceKind.FIX and i.stage is Stage.AFTER}
    return len(fixes & ran) == int(found[1])


def _hypotheses(*wanted: HypothesisVerdict) -> Check:
    def check(session: Session, found: re.Match[str]) -> bool:
        verdicts = [session.judge(item.id).verdict for item in session.hypotheses]
        return int(found[1]) <= sum(verdict in wanted for verdict in verdicts)

    return check


def _unsteered(session: Session, found: re.Match[str]) -> bool:
    item = failing_schedule(session.case, session.evidence)
    return item is not None and item.schedule is not None and not item.schedule.disturbed


def _repeats(held: bool) -> Check:
    return lambda session, found: any(
        i.kind is EvidenceKind.PROBE and i.held is held for i in session.evidence
    )


def _true(session: Session, found: re.Match[str]) -> bool:
    return True


def _no_fix(session: Session, found: re.Match[str]) -> bool:
    return session.best_fix is None


def _passed(session: Session, found: re.Match[str]) -> bool:
    return session.case is not None and session.case.raised is None


PASSED = (r"[^;]+ passed", _passed)
SEARCHED = (r"(none|[\d,]+) of ([\d,]+) schedules fails?", _schedules(Stage.BEFORE))
RAN = (r"([\d,]+) of ([\d,]+) runs fails?.*", _runs)
WHOLE: tuple[str, Check] = (
    r"whole notebook: (\d+) of (\d+) cells? pass",
    lambda s, m: s.certificate is not None and s.certificate.passed == int(m[1]),
)
AFTER = (r"([\d,]+) of ([\d,]+) schedules fail with it", _schedules(Stage.AFTER))
ENDING = r"passes|raises \w+|timed out.*|blocked.*|the copy.*"
PROVEN: tuple[tuple[str, Check], ...] = (
    (rf"(?P<before>{ENDING}) without it, (?P<after>{ENDING}) with it", _before_and_after),
    (r"(\d+) tests? shows? it", _good_tests),
    AFTER,
    (r"with it, ([\d,]+) of ([\d,]+) runs fails?.*", _runs),
    WHOLE,
)
TRUE: dict[Phase, tuple[tuple[str, Check], ...]] = {
    Phase.ANALYZE: (
        (r"(?P<name>\S+) in (?P<cell>cell \[\d+\]|cell \d+|the cell)(?:, line (?P<line>\d+))?(?:: (?P<why>.+))?", _failed_at),
        (r"(?P<name>[\w.]+)(?:: (?P<why>.+?))?(?:; (?P<facts>\d+) facts? from the failed kernel)?", _message),
        (r"[^;]+ passed(?:; .*)?", _passed),
    ),
    Phase.PLAN: (
        (r"(\d+) (?:hypothes[ie]s|probes?|fix|fixes|tests?)", _true),
        (r"nothing to test", _true),
    ),
    Phase.VALIDATE: (
        (r"(\d+) causes? shown", _hypotheses(HypothesisVerdict.CONFIRMED)),
        (r"(\d+) predictions? held", _hypotheses(HypothesisVerdict.CONFIRMED)),
        (r"(\d+) refuted", _hypotheses(HypothesisVerdict.REFUTED)),
        (r"(\d+) not (?:decided|tested)", _hypotheses(HypothesisVerdict.INCONCLUSIVE)),
        (r"fails without any steering", _unsteered),
        (r"the failure repeats in a copy of the kernel", _repeats(True)),
        (r"the failure did not repeat in a copy of the kernel", _repeats(False)),
        (r"no probe ran|not decided: .*", _true),
        SEARCHED,
        RAN,
    ),
    Phase.IMPLEMENT: (
        (r"no fix is offered", _no_fix),
        (r"(\d+) fix(?:es)? tried", _tried),
        (r"no fix could be run: .*", _true),
        (r"(\d+) verified", _judged(FixVerdict.VERIFIED)),
        (r"(\d+) plausible", _judged(FixVerdict.PLAUSIBLE)),
        (r"(\d+) rejected", _judged(FixVerdict.REJECTED)),
        (r"(\d+) not decided", _judged(FixVerdict.UNVERIFIED)),
        (r"(\d+) mends? a part", lambda s, m: int(m[1]) == sum(s.judge_fix(f).partial > 0 for f in s.fixes)),
    ),
    Phase.CONFIRM: (
        (rf".+? (?P<before>{ENDING}) without the fix, (?P<after>{ENDING}) with it", _before_and_after),
        (r"(\d+)(?: of (\d+))? tests? fails? before and pass(?:es)? after", _tests),
        (r"no test shows it", _no_test),
        AFTER,
        (r"with it, ([\d,]+) of ([\d,]+) runs fails?.*", _runs),
        WHOLE,
        (r"no fix was shown to help", _no_fix),
        (r".+ was not run with the fix", lambda s, m: s.best_fix is not None and _last(
            s, EvidenceKind.FIX, Stage.AFTER, s.best_fix.id) is None),
        PASSED,
        SEARCHED,
        RAN,
    ),
}  # fmt: skip
