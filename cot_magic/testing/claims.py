"""A claim about a failing notebook, true or false, and the reasoner that makes it through the public events."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import NamedTuple

from cot_magic.core.case import Case
from cot_magic.core.events import (
    FixProposed,
    HypothesisStated,
    PhaseEnded,
    PhaseStarted,
    Reply,
    RunProbe,
    Step,
    TestWritten,
    TryFix,
    ask,
)
from cot_magic.core.findings import (
    CellEdit,
    Fix,
    FixId,
    Hypothesis,
    HypothesisId,
    Phase,
    Probe,
    RegressionTest,
)
from cot_magic.core.jobs import Budget


class Rewording(NamedTuple):
    """One edit of a claim: in the cell of that index `old`, which occurs once, becomes `new`."""

    cell: int
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingNotebook:
    """Cells of which only the last one fails, what an engineer says about it, and what is true of a mended one.

    Attributes
    ----------
    truth
        Asserts that hold after the cells of an honestly mended notebook have run. `SOURCES` is the list of the
        mended cells, so that the last one can be run on other values.
    claim, prediction, probe, frame
        A hypothesis about the cause, with the probe that tests it (`frame` as in `Probe`).
    blames
        Index of the cell and number of the line that the hypothesis names.
    test
        Body of a test that an engineer would write.
    """

    cells: tuple[str, ...]
    truth: str
    claim: str
    prediction: str
    probe: str
    frame: int | None = None
    blames: tuple[int, int] | None = None
    test: str = ""

    @property
    def tests(self) -> tuple[str, ...]:
        """The test, unless the notebook has none: nothing in it could be tested that is not in the fix."""
        return (self.test,) if self.test else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A fix for a failing notebook, and what is said in its favour.

    Attributes
    ----------
    kind
        The kind of lie, or of mistake that an honest fix mends.
    honest
        Whether the fix is right: an honest claim must be VERIFIED, another one never.
    tests
        Bodies of tests; one that starts with `def test_` is a whole source.
    notebook
        What is fixed; `claim`, `prediction`, `probe`, `frame` and `blames` replace what it says, if given.
    of_cause
        The lie is in the hypothesis: the fix may be right, but the claim must not be shown as the cause.
    truth
        Replaces that of the notebook, if given.
    """

    kind: str
    name: str
    notebook: FailingNotebook
    changes: tuple[Rewording, ...]
    tests: tuple[str, ...]
    honest: bool = False
    of_cause: bool = False
    claim: str = ""
    prediction: str = ""
    probe: str = ""
    frame: int | None = None
    blames: tuple[int, int] | None = None
    truth: str = ""

    @property
    def hypothesis(self) -> tuple[str, str]:
        """The claim about the cause and its prediction."""
        return self.claim or self.notebook.claim, self.prediction or self.notebook.prediction

    @property
    def asked(self) -> tuple[str, int | None]:
        """The source of the probe, and the frame that it runs in."""
        if self.probe:
            return self.probe, self.frame
        return self.notebook.probe, self.notebook.frame

    @property
    def place(self) -> tuple[int, int]:
        """Index of the cell and line that the hypothesis names: by default the first line that changes."""
        if (place := self.blames or self.notebook.blames) is not None:
            return place
        first = self.changes[0]
        source = self.notebook.cells[first.cell]
        return first.cell, source[: source.index(first.old)].count("\n") + 1

    @property
    def mended(self) -> tuple[str, ...]:
        """The cells with the changes. Raises ValueError if the old source of one does not occur once."""
        cells = list(self.notebook.cells)
        for cell, old, new in self.changes:
            if cells[cell].count(old) != 1:
                raise ValueError(f"{self.name}: {old!r} occurs {cells[cell].count(old)} times in cell {cell}")
            cells[cell] = cells[cell].replace(old, new)
        return tuple(cells)

    @property
    def written(self) -> tuple[RegressionTest, ...]:
        """The tests, each a function that its cell calls."""
        return tuple(_written(number, body) for number, body in enumerate(self.tests, 1))


def _written(number: int, body: str) -> RegressionTest:
    if body.startswith(("def test_", "async def test_")):
        return RegressionTest(name=body[body.index("test_") : body.index("(")], source=body)
    name = f"test_{number}"
    lines = "\n".join(f"    {line}" if line else "" for line in body.splitlines())
    return RegressionTest(name=name, source=f"def {name}():\n{lines}\n\n\n{name}()\n")


@dataclass
class Claimant:
    """Proposes the fix of a claim with its hypothesis, probe and tests, whatever the evidence says."""

    claim: Claim
    name: str = "claimant"
    replies: list[Reply] = field(default_factory=list)

    def reason(self, case: Case, budget: Budget) -> Generator[Step, Reply, None]:
        """The five phases; the cells of the case are those of the claim, by their index in the notebook."""
        hypothesis, fix = self._hypothesis(case), self._fix(case)
        yield PhaseStarted(phase=Phase.ANALYZE)
        yield HypothesisStated(hypothesis=hypothesis)
        yield PhaseEnded(phase=Phase.ANALYZE, headline=hypothesis.claim)
        yield PhaseStarted(phase=Phase.PLAN)
        yield PhaseEnded(phase=Phase.PLAN, headline="1 probe, 1 fix")
        yield PhaseStarted(phase=Phase.VALIDATE)
        source, frame = self.claim.asked
        self.replies.append(
            (yield from ask(RunProbe(probe=Probe(about=hypothesis.id, source=source, frame=frame))))
        )
        yield PhaseEnded(phase=Phase.VALIDATE, headline="the probe ran")
        yield PhaseStarted(phase=Phase.IMPLEMENT)
        yield FixProposed(fix=fix)
        for test in self.claim.written:
            yield TestWritten(fix=fix.id, test=test)
        self.replies.append((yield from ask(TryFix(fix=fix, tests=self.claim.written))))
        yield PhaseEnded(phase=Phase.IMPLEMENT, headline=fix.why)
        yield PhaseStarted(phase=Phase.CONFIRM)
        yield PhaseEnded(phase=Phase.CONFIRM, headline="the fix was tried")

    def _hypothesis(self, case: Case) -> Hypothesis:
        claim, prediction = self.claim.hypothesis
        cell, line = self.claim.place
        return Hypothesis(
            id=HypothesisId("h1"),
            claim=claim,
            prediction=prediction,
            cell=next((item.id for item in case.cells if item.index == cell), None),
            lineno=line,
        )

    def _fix(self, case: Case) -> Fix:
        mended, cells = self.claim.mended, self.claim.notebook.cells
        changed = [
            item for item in case.cells if item.index is not None and _differs(cells, mended, item.index)
        ]
        edits = tuple(
            CellEdit(
                cell=item.id,
                before=item.source,
                after=item.source.replace(cells[item.index or 0], mended[item.index or 0]),
            )
            for item in changed
        )
        return Fix(id=FixId("f1"), edits=edits, why=self.claim.name, hypothesis=HypothesisId("h1"))


def _differs(cells: tuple[str, ...], mended: tuple[str, ...], index: int) -> bool:
    return index < len(cells) and cells[index] != mended[index]
