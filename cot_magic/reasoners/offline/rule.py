"""What a rule is: a code, a lesson, and suspicions about a case. Other packages can register their own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from cot_magic.core.case import Case, CellId
from cot_magic.core.facts import Facts
from cot_magic.core.findings import CellEdit
from cot_magic.reasoners.offline.source import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Code of a probe (see `core.findings.Probe`): its last expression is True if the prediction held, else
    False."""

    source: str
    frame: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Edits that remove the failure if the suspicion is right, and what they do, in one sentence."""

    edits: tuple[CellEdit, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """One explanation of the failure.

    Attributes
    ----------
    claim
        What is wrong, in one sentence with the real names and values.
    prediction
        What can be observed if the claim is true, in one sentence; the checks test exactly that.
    weight
        How likely it is before anything ran, 0 to 1: orders hypotheses and repairs, proves nothing.
    restates
        It says with values what failed, and not why.
    repairs
        Best first. Include edits that pass too but behave differently: an honest verdict needs rivals.
    """

    claim: str
    prediction: str
    checks: tuple[Check, ...]
    repairs: tuple[Repair, ...] = ()
    cell: CellId | None = None
    lineno: int | None = None
    weight: float = 0.5
    restates: bool = False


class Rule(Protocol):
    """Knows one kind of mistake.

    `code` is `<family>.<kind>` (`name.typo`). `on` names the exceptions that the rule is for, subclasses
    included; without any, or without the attribute, a rule is asked about every failure. `lesson` explains
    the mistake to somebody who makes it for the first time, in two or three plain sentences. `suspicions`
    yields nothing where the rule does not fit; it never raises for odd cases.
    """

    @property
    def code(self) -> str: ...

    @property
    def on(self) -> tuple[str, ...]: ...

    @property
    def lesson(self) -> str: ...

    def suspicions(self, case: Case) -> Iterator[Suspicion]: ...


class FactRule(Protocol):
    """A rule that also reads what the autopsy found (see `cot_magic.autopsy` for the kinds of facts).

    The same as a Rule, with `propose` in place of `suspicions`. Without a sandbox there are no facts, so a
    rule reads the case where it can.
    """

    @property
    def code(self) -> str: ...

    @property
    def on(self) -> tuple[str, ...]: ...

    @property
    def lesson(self) -> str: ...

    def propose(self, case: Case, facts: Facts) -> Iterator[Suspicion]: ...


AnyRule = Rule | FactRule


def suspicions_of(rule: AnyRule, case: Case, facts: Facts) -> Iterator[Suspicion]:
    """What a rule of either kind suspects."""
    propose = getattr(rule, "propose", None)
    return propose(case, facts) if propose is not None else rule.suspicions(case)  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRules:
    """The rules for one failure, in the order in which equals are kept; and what could not be loaded."""

    rules: Sequence[AnyRule]
    faults: Sequence[str] = field(default=())


RuleSource = Callable[[Case], LoadedRules]
"""Loads the rules for the failure of a case, and no others."""


def matches(on: Iterable[str], case: Case) -> bool:
    """Whether the failure of a case is of one of these classes, or of a subclass."""
    raised = case.raised
    return raised is not None and not {raised.ename, *raised.bases}.isdisjoint(on)


def sound(suspicion: Suspicion) -> Suspicion:
    """The suspicion without repairs that change nothing or whose result cannot be parsed."""
    return replace(suspicion, repairs=tuple(item for item in suspicion.repairs if _is_sound(item)))


def _is_sound(repair: Repair) -> bool:
    return bool(repair.edits) and all(
        edit.after != edit.before and parse(edit.after) is not None for edit in repair.edits
    )
