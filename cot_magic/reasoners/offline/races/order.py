"""Intermittent failures: which code is concurrent, what a search over schedules found, tests for a fix."""

import ast
import re
from collections.abc import Generator, Sequence
from textwrap import indent

from cot_magic.core.case import Case
from cot_magic.core.edits import parsed
from cot_magic.core.events import ExploreSchedules, Finding, PhaseEnded, PhaseStarted, Reply, Step
from cot_magic.core.findings import (
    Evidence,
    EvidenceKind,
    Fix,
    Hypothesis,
    HypothesisId,
    Phase,
    RegressionTest,
    Stage,
)
from cot_magic.core.intermittent import searched
from cot_magic.core.jobs import UNREPEATED, Budget, Outcome

Steps = Generator[Step, Reply, None]
ORDER = HypothesisId("order")
LEAST_TEST = 100
STARTS = {"gather", "create_task", "ensure_future", "TaskGroup", "as_completed", "run_coroutine_threadsafe"}
TASKS = STARTS | {"wait", "wait_for", "timeout", "timeout_at", "shield"}
THREADS = {"Thread", "Timer", "ThreadPoolExecutor", "ThreadPool", "to_thread", "run_in_executor"}
# failures that no order of tasks or threads causes: no search over schedules for the first, no rules about
# races for the second and their subclasses
_REPEATING = (
    "SyntaxError", "IndentationError", "TabError", "ModuleNotFoundError", "ImportError", "NameError",
    "UnboundLocalError", "RecursionError",
)  # fmt: skip
_NEVER = {"NameError", "SyntaxError", "ImportError", "ZeroDivisionError", "RecursionError", "UnicodeError"}
_CONCURRENT = re.compile(
    r"\b(?:asyncio|await|async\s+def|threading|ThreadPoolExecutor|ThreadPool|concurrent\.futures)\b"
)
_STARTED = re.compile(rf"\b(?:{'|'.join(sorted(TASKS | THREADS))})\b")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def concurrent(case: Case) -> bool:
    """Whether the cell, or one that it depends on, has tasks or threads, so that their order may matter."""
    if case.raised is not None and case.raised.ename in _REPEATING:
        return False
    return any(_CONCURRENT.search(source) for source in _sources(case))


def may_race(case: Case) -> bool:
    """Whether the rules about races may apply; a search for words, so that it costs nothing.

    True for all code that `ConcurrentCode.of` takes for concurrent, and for some that it does not.
    """
    raised = case.raised
    if raised is None or {raised.ename, *raised.bases} & _NEVER:
        return False
    return any(_STARTED.search(source) for source in _sources(case))


def _sources(case: Case) -> tuple[str, ...]:
    return (case.cell.source, *(item.cell.source for item in case.lineage))


def may_come_and_go(
    case: Case, budget: Budget, stated: Sequence[Hypothesis], evidence: Sequence[Evidence]
) -> bool:
    """Whether schedules are worth a search: the code is concurrent, and a rule suspects a race, or the
    failure did not repeat in a copy, or the person asked for it."""
    if not concurrent(case):
        return False
    by_rule = any(item.rule.startswith("race.") for item in stated)
    return budget.explore or by_rule or any(item.note.startswith(UNREPEATED) for item in evidence)


def order_matters(case: Case) -> Hypothesis:
    """The hypothesis that a search over schedules tests."""
    return Hypothesis(
        id=ORDER,
        claim="Whether the cell fails depends on the order in which its tasks or threads run.",
        prediction="There is an order in which it fails like this, every time that order is repeated.",
        cell=case.cell.id,
    )


def request(budget: Budget) -> ExploreSchedules:
    """The search on the cell as it is."""
    return ExploreSchedules(schedules=budget.schedules, seed=budget.seed, token=budget.token, about=ORDER)


def disturbed(failing: Evidence) -> bool:
    """Whether the failing schedule differs from an undisturbed run."""
    return failing.schedule is not None and failing.schedule.disturbed


def headline(failing: Evidence) -> str:
    """What a failing schedule shows, in one line; empty if it is an undisturbed run."""
    search = failing.schedule
    if search is None or search.first_failure is None or not disturbed(failing):
        return ""
    first = f"{search.first_failure:,}"
    return f"Confirmed: it depends on the order of its tasks or threads; it first failed in schedule {first}."


def told(evidence: Sequence[Evidence]) -> str:
    """What the latest search on the unchanged cell found, for people; empty if there was none."""
    item = next(
        (e for e in reversed(evidence) if e.kind is EvidenceKind.SCHEDULE and e.stage is Stage.BEFORE), None
    )
    if item is None or item.schedule is None:
        return ""
    search, witness = item.schedule, item.schedule.witness
    if item.outcome is Outcome.BLOCKED:
        return f"The search over schedules is inconclusive: {item.note}."
    if witness is None or search.first_failure is None:
        return f"No schedule failed: {search.bound}. This does not prove that none can fail."
    changed = sum(1 for choice in witness.minimised if choice > 0)
    steered = (
        f"Minimized, {changed} decision{'' if changed == 1 else 's'} of {search.decisions} "
        f"differ{'s' if changed == 1 else ''} from an undisturbed run."
    )
    lines = [
        f"Schedule {search.first_failure:,} failed like your cell, and failed {witness.replays_failed} of "
        f"{witness.replays} times when it was replayed. {search.bound}.",
        steered if changed else "It fails without any steering.",
    ]
    if search.inevitable_after is not None:
        lines.append(
            f"After {search.inevitable_after} of them, every continuation that was tried failed: from there "
            "on the failure was inevitable."
        )
    lines += [f"{wait}." for wait in search.waits]
    lines.append(f"Replay it with `--seed {witness.token}`.")
    return " ".join(lines)


def bound_of(fix: Fix, evidence: Sequence[Evidence]) -> str:
    """What the search on the code with that fix found; empty if there was none."""
    item = searched(fix.id, evidence)
    if item is None or item.schedule is None:
        return ""
    search = item.schedule
    first = "The schedule that failed passes with it. " if search.witness_passed else ""
    if item.outcome is Outcome.PASSED:
        return f"{first}Failures in new schedules: {search.bound}. This is a bound, not a proof."
    return f"{first}With the edit, {search.failed:,} of {search.schedules:,} schedules fail."


def race_test(case: Case, failing: Evidence) -> RegressionTest | None:
    """A test that runs the cell's code under at least as many schedules as it took to find the failure.

    None if the cell cannot be put into a function.
    """
    tree = parsed(case.cell.source)
    if tree is None or failing.schedule is None or "get_ipython" in case.cell.source:
        return None
    body = [node for node in tree.body if not isinstance(node, _DEFINITIONS)]
    if not body:
        return None
    awaits = any(
        isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) for item in body for node in _own(item)
    )
    stored = sorted(
        {
            n.id
            for item in body
            for n in ast.walk(item)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
    )
    lines = [f"global {', '.join(stored)}"] if stored else []
    lines += [ast.unparse(item) for item in body]
    name = "test_no_schedule_fails"
    most = max(LEAST_TEST, 3 * (failing.schedule.first_failure or 0))
    source = (
        f"def {name}():\n"
        "    import cot_magic\n\n"
        f"    found = cot_magic.explore(scenario, schedules={most}, seed={failing.schedule.seed})\n"
        "    assert not found.found, str(found)\n\n\n"
        f"{'async ' if awaits else ''}def scenario():\n"
        + indent("\n".join(lines), "    ")
        + f"\n\n\n{name}()"
    )
    return RegressionTest(name=name, source=source)


def _own(node: ast.AST) -> Generator[ast.AST, None, None]:
    """The node and its descendants, without the bodies of functions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*_DEFINITIONS, ast.Lambda)):
            yield from _own(child)


def passed_phases(evidence: Sequence[Evidence], runs: str = "") -> Steps:
    """The remaining phases for a cell that passed, and passes under all schedules that were run."""
    said = told(evidence) or "No schedule was run."
    if runs:
        yield Finding(phase=Phase.ANALYZE, topic="runs", text=runs)
    yield Finding(phase=Phase.ANALYZE, topic="schedules", text=said)
    ran = next((e.schedule.schedules for e in evidence if e.schedule is not None), 0)
    yield PhaseEnded(phase=Phase.ANALYZE, headline=f"The cell passed, and none of {ran:,} schedules failed.")
    for phase, headline in (
        (Phase.PLAN, "There is nothing to plan."),
        (Phase.VALIDATE, "There is no hypothesis to test."),
        (Phase.IMPLEMENT, "There is nothing to change."),
        (Phase.CONFIRM, said.partition(". ")[0].rstrip(".") + "."),
    ):
        yield PhaseStarted(phase=phase)
        yield PhaseEnded(phase=phase, headline=headline)
