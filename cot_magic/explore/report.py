"""The result of an exploration, in words and as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cot_magic.core.jobs import Schedule, Witness
from cot_magic.core.rates import bound, failure_rate
from cot_magic.core.schedules import Trace
from cot_magic.explore.places import shown
from cot_magic.explore.search.values import Found, SearchResult
from cot_magic.explore.tokens import ScheduleToken

MOST_DISTURBED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """The result of `cot_magic.explore`. `print` shows what was found.

    Attributes
    ----------
    token
        Replays the failing schedule with the same code: `cot_magic.explore(fn, seed=token)`.
    """

    search: SearchResult
    seed: int
    code: str = ""

    @property
    def found(self) -> bool:
        return self.search.found is not None

    @property
    def witness(self) -> Witness | None:
        """The failing schedule; None if none was found."""
        found = self.search.found
        if found is None:
            return None
        return Witness(
            schedule=Schedule(seed=self.seed, choices=found.choices),
            minimised=found.shortest,
            replays=found.replays,
            replays_failed=found.replays_failed,
            random_seed=found.random_seed,
            token=self.token or "",
        )

    @property
    def token(self) -> str | None:
        found = self.search.found
        if found is None:
            return None
        return str(ScheduleToken(random_seed=found.random_seed, choices=found.shortest, code=self.code))

    @property
    def trace(self) -> Trace | None:
        """Lanes and steps of the shrunk schedule; None if none was found."""
        return self.search.found.trace if self.search.found is not None else None

    def as_json(self) -> dict[str, Any]:
        """The result as JSON data; later versions add keys and change none."""
        search, witness, found = self.search, self.witness, self.search.found
        return {
            "found": self.found,
            "schedules": search.schedules,
            "first_failure": None if found is None else found.number + 1,
            "failure_rate": list(failure_rate(search.failed, search.schedules)),
            "error": None if found is None else f"{found.failure.ename}: {found.failure.evalue}",
            "witness": None
            if witness is None or found is None
            else {
                "seed": self.seed,
                "choices": list(witness.schedule.choices),
                "minimised": list(witness.minimised),
                "replays": witness.replays,
                "replays_failed": witness.replays_failed,
                "token": self.token,
                "lineno": found.failure.lineno,
                "function": found.failure.function,
                "decisions": found.decisions,
                "inevitable_after": found.inevitable_after,
                "waits": list(found.waits),
            },
            "schedules_per_second": search.per_second,
            "failed": search.failed,
            "incomplete": search.incomplete,
            "contaminated": search.contaminated,
            "others": [
                {"error": item.failure.ename, "lineno": item.failure.lineno, "times": item.times}
                for item in search.others
            ],
            "interrupted": search.interrupted,
            "trouble": search.trouble,
        }

    def __str__(self) -> str:
        search, found = self.search, self.search.found
        if found is None:
            lines = [f"No failure found. {bound(0, search.schedules)}."]
        else:
            lines = [
                *_failure(found, search.schedules),
                f"{bound(search.failed, search.schedules)}.",
                f"Replay: --seed {self.token}",
            ]
        return "\n".join((*lines, *_remarks(search)))


def _failure(found: Found, schedules: int) -> Iterator[str]:
    failure = found.failure
    place = f" in {failure.function}, line {failure.lineno}" if failure.lineno else ""
    yield f"Schedule {found.number + 1} of {schedules:,} fails{place}:"
    yield f"  {failure.ename}: {failure.evalue}".rstrip(": ")
    yield from (f"  {wait}" for wait in found.waits)
    changed = sum(1 for choice in found.minimised or () if choice > 0)
    many = "choice differs" if changed == 1 else "choices differ"
    steered = (
        f"Shrunk: {changed} {many} from an undisturbed run" if changed else "It fails without any steering"
    )
    yield (f"{steered}; replayed {found.replays} times, failed {found.replays_failed} times.")
    yield from (f"  {line}" for line in _disturbed(found.trace))
    if found.inevitable_after is not None and found.decisions:
        yield (
            f"After {found.inevitable_after} of {found.decisions} decisions "
            "every continuation that was tried failed."
        )


def _remarks(search: SearchResult) -> Iterator[str]:
    """What else a reader has to know: other failures, schedules that do not count, an early end."""
    for item in search.others:
        at = f", line {item.failure.lineno}" if item.failure.lineno else ""
        often = "once" if item.times == 1 else f"{item.times} times"
        name = shown(item.failure.filename)
        yield f"Also seen, not counted: {item.failure.ename} ({name}{at}), {often}."
    if search.incomplete:
        many = "schedule was" if search.incomplete == 1 else "schedules were"
        yield f"{search.incomplete:,} {many} stopped by a limit; whether they fail is unknown."
    if search.contaminated:
        many = "failure" if search.contaminated == 1 else "failures"
        yield f"{search.contaminated:,} {many} did not repeat in a fresh process; not counted."
    if search.interrupted:
        yield "Interrupted: this was found so far."
    if search.trouble:
        yield f"Stopped early: {search.trouble}."


def _disturbed(trace: Trace | None) -> list[str]:
    """The lines at which the schedule differs from an undisturbed run: in which lane, and how."""
    if trace is None:
        return []
    return [
        f"{trace.lanes[step.lane]}, line {step.lineno}: `{step.line[:80]}` {step.deviation}"
        for step in trace.steps
        if step.deviation
    ][:MOST_DISTURBED]
