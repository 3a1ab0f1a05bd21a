"""Screening: runs all single edits, then pairs, in this process, and collects those that all checks pass."""

import ast
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from cot_magic.reasoners.offline.repair.bench import FIRST_ALARM_S, MOST_TICKS, Bench, TrialEnd
from cot_magic.reasoners.offline.repair.drafts import Hints
from cot_magic.reasoners.offline.repair.edits import Edit, spliced
from cot_magic.reasoners.offline.repair.generate import single_edits
from cot_magic.reasoners.offline.repair.program import CheckedProgram, Key
from cot_magic.reasoners.offline.repair.recorder import shown
from cot_magic.reasoners.offline.repair.smells import unbound
from cot_magic.reasoners.offline.repair.survivors import HARD_CODED, Survivor
from cot_magic.reasoners.offline.repair.time_limit import TimeLimit
from cot_magic.reasoners.offline.repair.trace import hints_of, inside

AGAIN = 400  # candidates after which the baseline runs again
ENDLESS_TICKS, ENDLESS_ALARM_S = 3_000, 0.3
MOST_SEEDS = 4_000
MOST_SURVIVORS = 400
ENOUGH_PAIRS = 12
FAR_FROM_FIRST = 2.5  # what costs so much more than the first survivor hardly ever outranks it
DEAR_TICKS = 500  # a candidate of a program that takes more ends with the first check that it breaks
# of each seed the edits from … to …, so many seeds, so many of the likeliest edits as further seeds
ROUNDS = ((0, 250, 40, 0), (250, 900, 80, 60), (900, 3_000, 120, 150), (3_000, 20_000, 150, 400))
Signature = tuple[tuple[Key, bool, str], ...]


class Drifted(Exception):
    """The baseline no longer behaves as at the start: candidates have changed it for good."""


@dataclass(slots=True, kw_only=True)
class Seed:
    """A single edit that moved the outcomes nearer to the expected ones; lower `order` first."""

    order: float
    edit: Edit
    signature: Signature


@dataclass(slots=True, kw_only=True)
class Screening:
    """Screens the edits of the program on a bench.

    Parameters
    ----------
    limit
        When to stop.
    first
        The number of the first candidate to run: those before ran in a process that ended.
    told
        Is told of each survivor and how many there are.
    beat
        Is told the number of each candidate before it runs.
    """

    bench: Bench
    limit: TimeLimit
    first: int = 0
    told: Callable[[Survivor, int], None] = lambda survivor, count: None
    beat: Callable[[int], None] = lambda number: None
    survivors: list[Survivor] = field(default_factory=list)
    ran: int = 0
    number: int = 0
    clean: int = 0  # the last candidate after which the baseline was as at the start
    endless: bool = False
    seeds: list[Seed] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    failing: set[Key] = field(default_factory=set)
    start_distance: float = 0.0
    baseline: Signature | None = None

    def go(self) -> bool:
        """Screen; False if there is nothing to repair here. Raises Drifted."""
        hints = self._measure()
        if not self.failing:
            return False
        edits = self._edits(hints)
        found = self._single(edits)
        if not found and not self.limit.over:
            self._pairs(edits)
        return True

    # --- the program as it is -----------------------------------------------------------------------------

    def _measure(self) -> Hints:
        """Run the program as it is: set the limits of candidates, what fails, and where."""
        bench = self.bench
        outcome = self._as_it_is()
        used = bench.used
        self.endless = used >= MOST_TICKS or outcome.stopped == "time"
        if self.endless:  # what happens in the first turns is enough
            bench.ticks, bench.alarm_s = min(ENDLESS_TICKS, used), ENDLESS_ALARM_S
        hints, outcome = hints_of(bench, endless=self.endless)
        bench.names |= self._beside_the_failure(hints)
        self.failing = {key for key, passed in outcome.passed.items() if not passed}
        self.keys = list(outcome.passed)
        if outcome.stopped:
            self.failing.add("end")
        self._limit(used)
        self.start_distance = self._distance(self._as_it_is())
        self.baseline = self._signature()
        self._as_it_is()
        if self._signature() != self.baseline:
            self.baseline = None  # the checks draw random data
        elif used > DEAR_TICKS:
            bench.recorder.must_pass = frozenset(key for key, passed, _ in self.baseline if passed)
        return hints

    def _beside_the_failure(self, hints: Hints) -> set[str]:
        """Names that nothing defines, read only where no failing check executes anything."""
        program, lines = self.bench.program, hints.suspicion
        if lines is None:
            return set()
        executed = [
            program.tree.body[place]
            for place in program.editable
            if any(line in lines for line in inside(program, place))
        ]
        read = {node.id for top in executed for node in ast.walk(top) if isinstance(node, ast.Name)}
        return unbound(program.tree, self.bench.names) - read

    def _limit(self, used: int) -> None:
        bench = self.bench
        bench.ticks = ENDLESS_TICKS + 1_000 if self.endless else max(3_000, min(MOST_TICKS, 10 * used))
        started = time.process_time()
        self._as_it_is()
        seconds = time.process_time() - started
        bench.alarm_s = max(0.05, min(0.6, 20 * seconds if not self.endless else 0.1))

    def _as_it_is(self) -> TrialEnd:
        outcome = self.bench.run()
        assert outcome is not None
        return outcome

    def _edits(self, hints: Hints) -> list[Edit]:
        program = self.bench.program
        return single_edits(program.source, program.tree, program.editable, hints)

    def _signature(self) -> Signature:
        recorder = self.bench.recorder
        return tuple(
            (key, passed, _mark_of(recorder.values.get(key)))
            for key, passed in sorted(recorder.passed.items(), key=lambda item: str(item[0]))
        )

    def _distance(self, outcome: TrialEnd) -> float:
        return self.bench.recorder.distance(self.keys) + bool(outcome.stopped)

    # --- candidates ---------------------------------------------------------------------------------------

    def _outcomes(self, edits: Sequence[Edit]) -> Iterator[tuple[Edit, TrialEnd]]:
        for edit in edits:
            if self.limit.over or len(self.survivors) >= MOST_SURVIVORS:
                return
            self.number += 1
            if self.number <= self.first:
                continue
            self.beat(self.number)
            outcome = self.bench.run(edit.splices)
            if outcome is not None:
                self.ran += 1
                yield edit, outcome
            if self.number % AGAIN == 0 and self.baseline is not None:
                if not self._unchanged(self.baseline):
                    raise Drifted
                self.clean = self.number

    def _unchanged(self, baseline: Signature) -> bool:
        """Whether the program as it is still ends as at the start, at least the second time."""
        for _ in range(2):
            self._as_it_is()
            if self._signature() == baseline:
                return True
        return False

    def _passes(self, outcome: TrialEnd) -> bool:
        """Whether all checks ran and passed."""
        asserts = sum(isinstance(key, int) for key in self.keys)
        passed = outcome.passed
        return not outcome.stopped and bool(passed) and all(passed.values()) and len(passed) >= asserts

    def _survived(self, edits: Sequence[Edit], source: bytes) -> None:
        survivor = Survivor(
            cost=sum(edit.cost for edit in edits),
            kinds=tuple(edit.kind for edit in edits),
            steps=tuple(edit.splices for edit in edits),
            line=edits[0].line,
            source=source,
        )
        self.survivors.append(survivor)
        self.told(survivor, len(self.survivors))

    def _single(self, edits: Sequence[Edit]) -> bool:
        """Screen single edits; whether a sound one survives. After it only near ones are screened."""
        least, original = math.inf, self.bench.program.source
        for edit, outcome in self._outcomes(edits):
            if self._passes(outcome):
                source = spliced(original, edit.splices)
                if source is not None:
                    self._survived([edit], source)
                    if least == math.inf and self._is_sound(self.survivors[-1]):
                        least = edit.cost
                continue
            if edit.cost > least + FAR_FROM_FIRST:
                break
            distance = self._distance(outcome)
            if distance < self.start_distance - 1e-9 and len(self.seeds) < MOST_SEEDS:
                new = sum(outcome.passed.get(key) is not True for key in self.keys if key not in self.failing)
                order = distance + 0.35 * new + 0.12 * edit.cost
                self.seeds.append(Seed(order=order, edit=edit, signature=self._signature()))
        return least < math.inf

    def _is_sound(self, survivor: Survivor) -> bool:
        """Whether it neither hard-codes a literal of the asserts nor leaves a name that nothing defines."""
        return HARD_CODED not in survivor.kinds and not unbound(ast.parse(survivor.source), self.bench.names)

    def _pairs(self, edits: Sequence[Edit]) -> None:
        """Screen second edits on top of the most promising first ones: a beam that widens."""
        seeds = self._varied_seeds()
        original, limits = self.bench.program, (self.bench.ticks, self.bench.alarm_s)
        known: dict[int, tuple[CheckedProgram, list[Edit]]] = {}
        before = len(self.survivors)
        self.bench.recorder.must_pass = frozenset()
        self.baseline = None  # it is that of the program without the first edit
        for low, high, promising, likely in ROUNDS:
            pool = [*(seed.edit for seed in seeds[:promising]), *edits[:likely]]
            for first in pool:
                if self.limit.over:
                    break
                try:
                    program, seconds = known.get(id(first)) or self._second_edits(original, first)
                except (SyntaxError, ValueError, RecursionError):
                    continue
                known[id(first)] = program, seconds
                self.bench.program = program
                self.bench.ticks, self.bench.alarm_s = limits
                for edit, outcome in self._outcomes(seconds[low:high]):
                    source = spliced(program.source, edit.splices) if self._passes(outcome) else None
                    if source is not None:
                        self._survived([first, edit], source)
                if len(self.survivors) - before >= ENOUGH_PAIRS:
                    break
            if len(self.survivors) > before or self.limit.over:
                break
        self.bench.program = original

    def _second_edits(self, original: CheckedProgram, first: Edit) -> tuple[CheckedProgram, list[Edit]]:
        """The program after the first edit, and what can be edited there. Raises SyntaxError, ValueError."""
        source = spliced(original.source, first.splices)
        if source is None:
            raise ValueError("the splices overlap")
        self.beat(self.number)
        program = self.bench.program = CheckedProgram(source)
        self.bench.alarm_s = min(0.3, FIRST_ALARM_S)
        hints, _ = hints_of(self.bench, endless=self.endless)
        hints.contexts = ()  # an expression synthesised on top of a wrong edit fits it by chance, and is dear
        return program, self._edits(hints)

    def _varied_seeds(self) -> list[Seed]:
        """The best seeds, few with the same outcomes."""
        count: Counter[Signature] = Counter()
        found = []
        for seed in sorted(self.seeds, key=lambda item: item.order):
            count[seed.signature] += 1
            if count[seed.signature] <= 3:
                found.append(seed)
        return found[:150]


def _mark_of(value: object) -> str:
    """What tells a value from another; messages of exceptions depend on how deep the stack is."""
    if isinstance(value, BaseException):
        return type(value).__name__
    return re.sub(r"0x[0-9a-f]+", "", shown(value)[:80])
