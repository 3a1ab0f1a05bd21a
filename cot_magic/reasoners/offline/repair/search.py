"""The search as the reasoner sees it: what to search, the order to the copy, and what its answer proposes."""

import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cot_magic.core.case import Case, Cell, Freshness, Raised
from cot_magic.core.edits import defines
from cot_magic.core.events import Reply, Screen, Screened, Step, screen
from cot_magic.core.findings import CellEdit, Example, HypothesisId
from cot_magic.core.jobs import Budget, Outcome
from cot_magic.core.verdict import TIMEOUT
from cot_magic.reasoners.offline.ranking import Candidate
from cot_magic.reasoners.offline.repair.in_copy import MARK, SHOWN
from cot_magic.reasoners.offline.repair.placed import Misplaced, edited_cells
from cot_magic.reasoners.offline.repair.program import CheckedProgram, joined
from cot_magic.reasoners.offline.repair.words import WordedEdit, change_of, example_of, told_apart
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.source import with_quotes_of

RULE = "search.edit"
LESSON = (
    "An assert tells that a result is wrong, not where. The lines that only failing asserts execute are the "
    "first suspects; a small edit there that makes all asserts pass may be the fix, or only look like it."
)
NEEDED = "a small edit there makes all asserts pass."
OTHERS = frozenset(
    ["SyntaxError", "ImportError", "OSError", "MemoryError", "KeyboardInterrupt", "SystemExit"]
)
"""Failures that no edit of the code under test mends."""
# of the time for all experiments of a session, in time of the processor; with waiting it is more
SHARE_OF_SCREENING, SHARE_OF_RANKING, WAITING = 0.3, 0.1, 1.6
SHARE_OF_ALL = (SHARE_OF_SCREENING + SHARE_OF_RANKING) * WAITING
MOST_SCREENING_S, MOST_RANKING_S = 20.0, 5.0
SETUP_S = 2.0  # for the copy itself
MOST_PROCESSES = 4  # a candidate may end its process, and the search goes on after it
MOST_CELLS = 12
KEPT = 200  # survivors that are passed on to the next process


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Edits that survived, where they are, and in words what they do and how they differ from the first."""

    edits: tuple[CellEdit, ...]
    change: WordedEdit
    apart: str
    example: Example | None = None

    def candidate(self, hypothesis: HypothesisId) -> Candidate:
        """The edits to try, under the hypothesis that the mistake is in their line."""
        why = f"{self.change.text} {self.apart}".rstrip()
        return Candidate(edits=self.edits, why=why, hypothesis=hypothesis, weight=0.5, example=self.example)


@dataclass(slots=True, kw_only=True)
class SearchReport:
    """What a search found, and how far it came; `waited` are the seconds of its copies."""

    proposals: list[Proposal] = field(default_factory=list)
    candidates: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    compared: int = 0
    behaviours: int = 0
    inputs: int = 0

    def suspicions(self) -> Iterator[Suspicion]:
        """The claims that the mistake is where an edit is. Nothing can test them but the person."""
        for change in {
            (item.change.cell, item.change.lineno): item.change for item in self.proposals
        }.values():
            yield Suspicion(
                claim=f"The mistake may be in line {change.lineno}, `{change.line}`: {NEEDED}",
                prediction="With another line there, all asserts of the cell pass.",
                checks=(),
                cell=change.cell,
                lineno=change.lineno,
            )

    @property
    def summary(self) -> str:
        """One or two sentences for the screen."""
        ran = f"{self.candidates:,} edits ran in one copy in {self.seconds:.1f} s"
        if not self.proposals:
            return f"{ran}; with none of them all asserts pass."
        some = "1 of them passes" if self.compared == 1 else f"{self.compared} of them pass"
        told = f"{ran}; {some} all asserts."
        if self.behaviours > 1:
            told += (
                f" On {self.inputs} inputs they give {self.behaviours} different results; only you know which"
            )
            told += " are right."
        return told


def searchable(case: Case, raised: Raised) -> tuple[Cell, ...]:
    """The cells to search: those that define what the failing cell checks, up to that cell; none if there
    is nothing to search by."""
    # what stops an endless loop is an interrupt, and can be searched
    if raised.ename != TIMEOUT and not OTHERS.isdisjoint((raised.ename, *raised.bases)):
        return ()
    if "assert" not in case.cell.source:
        return ()
    cells = (*_earlier(case), case.cell)
    try:
        program = CheckedProgram(joined([cell.source for cell in cells]).encode())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()  # top-level await, or a magic inside of a statement
    return cells if program.asserts and program.editable else ()


def _earlier(case: Case) -> list[Cell]:
    """The earlier cells that the failing one needs, from the first definition on."""
    needed = [
        item.cell
        for item in case.lineage
        if item.freshness is not Freshness.NOT_RUN
        and item.cell.execution_count is not None
        and item.cell.id != case.cell.id
    ]
    needed.sort(key=lambda cell: cell.execution_count or 0)
    first = next((place for place, cell in enumerate(needed) if defines(cell.source)), None)
    if first is not None:
        return needed[first:]
    return [] if defines(case.cell.source) else needed[-MOST_CELLS:]


def search(cells: Sequence[Cell], case: Case, budget: Budget) -> Generator[Step, Reply, SearchReport]:
    """Screen edits of the cells; the best survivor of each behaviour, best first."""
    processor_s = min(MOST_SCREENING_S, budget.search_s * SHARE_OF_SCREENING)
    rank_s = min(MOST_RANKING_S, budget.search_s * SHARE_OF_RANKING)
    left = processor_s * WAITING
    order: dict[str, Any] = {"cells": [cell.source for cell in cells], "first": 0, "careful": False}
    order |= {"known": [], "compare": True, "rank_processor_s": rank_s, "rank_seconds": rank_s * WAITING}
    found, survivors = SearchReport(), list[dict[str, Any]]()
    for _ in range(MOST_PROCESSES):
        source = _source({**order, "processor_s": round(processor_s, 2), "seconds": round(left, 2)})
        reply = yield from screen(Screen(source=source, seconds=left + rank_s * WAITING + SETUP_S))
        if reply is None:
            break
        said = list(_lines(reply))
        survivors += [line["found"] for line in said if isinstance(line.get("found"), dict)]
        left -= reply.seconds
        found.waited += reply.seconds
        processor_s -= max((_count(line.get("processor_s")) for line in said), default=reply.seconds)
        found.proposals = list(_proposals(said, cells, case, found))
        searched = any(line.get("end") in ("searched", "nothing fails") for line in said)
        if found.proposals or not (searched or min(left, processor_s) > 0):
            break
        if searched:  # it ended while it compared: the survivors are taken as they come
            if not survivors or not order["compare"]:
                break
            order["compare"], left, processor_s = False, 0.0, 0.0
        if reply.outcome is Outcome.PASSED and not any(line.get("end") == "drifted" for line in said):
            break  # it ended well and did not say how: not by our code
        _go_on(order, said)
    if not found.proposals:  # no time was left to rank what survived
        survivors.sort(key=lambda item: _count(item.get("cost")))
        taken = [{"survivor": item, "compared": len(survivors)} for item in survivors]
        found.proposals = list(_proposals(taken, cells, case, found))
    return found


def _source(order: dict[str, Any]) -> str:
    return (
        "from cot_magic.reasoners.offline.repair.in_copy import screen as __cot_screen__\n"
        f"__cot_screen__(globals(), {json.dumps(order)!r})"
    )


def _go_on(order: dict[str, Any], said: Sequence[dict[str, Any]]) -> None:
    """Change the order so that the next process goes on where this one ended."""
    kept = [line["found"] for line in said if "found" in line]
    order["known"] = [*order["known"], *kept][:KEPT]
    last = [line for line in said if isinstance(line.get("at"), int)]
    reached = last[-1]["at"] if last else 0
    if any(line.get("end") == "drifted" for line in said):
        clean = last[-1].get("clean", 0)
        order["first"] = clean if clean > order["first"] else reached
    elif order["careful"] or reached <= order["first"]:
        order["first"], order["careful"] = reached, False
    else:  # one of the candidates after the last beat did not return
        order["first"], order["careful"] = reached - 1, True


def _lines(reply: Screened) -> Iterator[dict[str, Any]]:
    """What the copy printed, as far as it has our form; the code that was screened may print anything."""
    for line in reply.output.splitlines():
        if line.startswith(MARK):
            try:
                data = json.loads(line.removeprefix(MARK))
            except (ValueError, RecursionError):
                continue
            if isinstance(data, dict):
                yield data


def _proposals(
    said: Sequence[dict[str, Any]], cells: Sequence[Cell], case: Case, found: SearchReport
) -> Iterator[Proposal]:
    """The survivors as edits of cells; what does not fit the cells is left out."""
    for line in said:
        found.candidates += int(_count(line.get("ran")))
        found.seconds += _count(line.get("seconds"))
        found.compared = max(found.compared, int(_count(line.get("compared"))))
        found.behaviours = max(found.behaviours, int(_count(line.get("behaviours"))))
        found.inputs = max(found.inputs, int(_count(line.get("inputs"))))
    reported = [line for line in said if isinstance(line.get("survivor"), dict)][:SHOWN]
    for line in reported:
        try:
            sources = edited_cells([cell.source for cell in cells], line["survivor"]["steps"])
        except Misplaced:
            continue
        edits = tuple(
            CellEdit(cell=cell.id, before=cell.source, after=with_quotes_of(cell.source, source))
            for cell, source in zip(cells, sources, strict=True)
            if source != cell.source
        )
        if edits:
            yield Proposal(
                edits=edits,
                change=change_of(edits, case),
                apart=told_apart(line.get("apart")),
                example=example_of(line.get("example")),
            )


def _count(value: Any) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9 else 0
