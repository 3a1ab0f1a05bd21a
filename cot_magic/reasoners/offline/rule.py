"""What a rule is: a code, a lesson, and suspicions about a case. Third parties add theirs as
`cot_magic.rules`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from cot_magic.core.case import Case, CellId
from cot_magic.core.findings import CellEdit


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Code of a probe (see `core.findings.Probe`): its last expression is True if the prediction held, False
    if not."""

    source: str
    frame: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Edits that would remove the failure if the suspicion is right, and why, in one sentence."""

    edits: tuple[CellEdit, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """One explanation of the failure.

    Attributes
    ----------
    claim
        What is wrong, in one sentence with the real names and values in it.
    prediction
        What must be seen if the claim is true, in one sentence; the checks look for exactly that.
    weight
        How likely before anything ran, 0 to 1: orders hypotheses and repairs, proves nothing.
    repairs
        Best first. Edits that behave differently and would pass as well belong here too: an honest verdict
        needs rivals.
    """

    claim: str
    prediction: str
    checks: tuple[Check, ...]
    repairs: tuple[Repair, ...] = ()
    cell: CellId | None = None
    lineno: int | None = None
    weight: float = 0.5


class Rule(Protocol):
    """Knows one kind of mistake.

    `code` is `<family>.<kind>` (`name.typo`). `lesson` explains the kind of mistake to somebody who meets it
    for the first time, in two or three sentences without jargon. `suspicions` yields nothing where the rule
    does not fit; it never raises for odd cases.
    """

    @property
    def code(self) -> str: ...

    @property
    def lesson(self) -> str: ...

    def suspicions(self, case: Case) -> Iterator[Suspicion]: ...
