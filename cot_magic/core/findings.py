"""What a reasoner finds: hypotheses, probes, fixes and tests; and the Evidence that judges them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from cot_magic.core.case import CellId, Raised
from cot_magic.core.chance import Repeats
from cot_magic.core.jobs import Outcome, StateItem
from cot_magic.core.schedules import ScheduleSearch

HypothesisId = NewType("HypothesisId", str)
FixId = NewType("FixId", str)
EvidenceId = NewType("EvidenceId", str)


class Phase(StrEnum):
    """The five phases, in their order."""

    ANALYZE = "ANALYZE"
    PLAN = "PLAN"
    VALIDATE = "VALIDATE"
    IMPLEMENT = "IMPLEMENT"
    CONFIRM = "CONFIRM"


class HypothesisVerdict(StrEnum):
    CONFIRMED = "CONFIRMED"
    REFUTED = "REFUTED"
    INCONCLUSIVE = "INCONCLUSIVE"


class FixVerdict(StrEnum):
    VERIFIED = "VERIFIED"
    PLAUSIBLE = "PLAUSIBLE"
    REJECTED = "REJECTED"
    UNVERIFIED = "UNVERIFIED"


class Priority(StrEnum):
    """P0 now, P1 next, P2 later."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """A claim about the cause with a prediction that running something can confirm or refute.

    `cell` and `lineno` say where the claimed cause is; `rule` is the code of the rule that made it
    (`name.typo`). `restates` marks one that says what failed, with values where a rule made it, and not why.
    """

    id: HypothesisId
    claim: str
    prediction: str
    cell: CellId | None = None
    lineno: int | None = None
    rule: str = ""
    restates: bool = False

    @property
    def names_a_cause(self) -> bool:
        """Whether it says what or where the cause is, not only that the failure happens again."""
        return not self.restates and (bool(self.rule) or self.lineno is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Code that tests a hypothesis: its last expression is True if the prediction held, else False.

    Attributes
    ----------
    frame
        None: runs on the state before the failing cell. An index into `Case.raised.frames` (negative counts
        from the innermost): the failing cell is run first, and the probe is evaluated in that frame's
        namespace when it raises.
    on
        The fix whose edits are made first, where the hypothesis is about what the cell then raises.
    """

    about: HypothesisId
    source: str
    frame: int | None = None
    on: FixId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEdit:
    """The new source of one cell. `before` is what it replaces, so that a changed cell is not overwritten."""

    cell: CellId
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What a fix gives on a call that the cell does not make: it tells fixes apart, and proves nothing.

    `gives` is the result as code, or `an error (IndexError)`.
    """

    call: str
    gives: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A set of edits that should remove the failure, and the hypothesis they follow from.

    Fixes whose examples have the same call and other results behave differently.
    """

    id: FixId
    edits: tuple[CellEdit, ...]
    why: str
    hypothesis: HypothesisId
    priority: Priority = Priority.P0
    example: Example | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionTest:
    """A function named `test_…` with asserts; runs in a cell (which ends by calling it) and under pytest."""

    name: str
    source: str


LOOK = "look"  # what evidence of a look at a value is about: no hypothesis, so it proves none


class EvidenceKind(StrEnum):
    PROBE = "probe"
    FIX = "fix"
    TEST = "test"
    SCHEDULE = "schedule"
    CHALLENGE = "challenge"
    RUNS = "runs"


class ChallengeKind(StrEnum):
    """What a fix that passes is challenged with: each tries to show that a ✓ for it would be wrong."""

    CAUSE = "cause"  # whether the explanation has to do with the failure
    SURVIVAL = "survival"  # the operation that failed still happens, and returns
    ABLATION = "ablation"  # one hunk of the edit taken back
    NULLS = "null fixes"  # a test with empty results in place of what the fix computes
    NEIGHBOURS = "neighbours"  # edits of equal or smaller size at the same place
    AGREEMENT = "agreement"  # another operation gives the same where the old one works
    OTHER_INPUTS = "other inputs"  # an assert that decides holds for other values too
    DAMAGE = "damage"  # what the cells leave is compared with what there was
    SECOND_COPY = "second copy"  # the same once more in a copy that looks different


class Stage(StrEnum):
    """Whether a fix or test ran on the code as it was, or on the edited code."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What running something showed. Only the engine makes these, from the results of jobs.

    Attributes
    ----------
    about
        Id of the hypothesis (probes) or of the fix (fix and test runs).
    test
        Name of the regression test, for test runs.
    held
        Probes: whether the last expression was True or False; None if it was neither.
    state
        Fix runs after the edit: the values of the names that the cell touches, to compare rivals and write
        tests.
    effects
        Attempts to reach outside the copy that the sandbox saw (`open for writing out.csv`), at most 50.
    tampered
        What the code that ran itself did that could change how it is judged (`it set a trace function`).
    snapshot
        `before`: ran on a copy of the kernel from before the cell; `rebuilt`: in a new process, after the
        cells above; `after`: on the state after the failure.
    note
        Why it is BLOCKED or TIMED_OUT, or on which state it ran, in words.
    schedule
        For a search over schedules: what it showed. RAISED means that a schedule fails as the person saw it
        (on edited code: fails at all), PASSED that none of those that ran does.
    repeats
        For many runs of the cell: how many failed. RAISED means that one did.
    hypothesis
        For a search on edited code: the hypothesis which predicts that no schedule fails any more.
    trial
        For a challenge of a fix: which; `held` says whether the fix withstood it, and `note` what was seen.
    """

    id: EvidenceId
    kind: EvidenceKind
    about: str
    code: str
    outcome: Outcome
    seconds: float = 0.0
    test: str | None = None
    stage: Stage | None = None
    held: bool | None = None
    output: str = ""
    raised: Raised | None = None
    state: tuple[StateItem, ...] = ()
    effects: tuple[str, ...] = ()
    tampered: tuple[str, ...] = ()
    snapshot: str = "before"
    note: str = ""
    schedule: ScheduleSearch | None = None
    repeats: Repeats | None = None
    hypothesis: HypothesisId | None = None
    trial: ChallengeKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of a model, and the price in US dollars where it is known.

    It is the list price; `batch_usd`, the part of it that batches cost, is half of that.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    cache_read_tokens: int = 0
    usd: float | None = None
    batch_usd: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        """The sum; its price is None if one of the prices is unknown."""
        known = self.usd is not None and other.usd is not None
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            thinking_tokens=self.thinking_tokens + other.thinking_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            usd=(self.usd or 0.0) + (other.usd or 0.0) if known else None,
            batch_usd=self.batch_usd + other.batch_usd,
        )
