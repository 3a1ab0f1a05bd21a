"""Survivors: candidates with which all checks pass; what they do on other inputs, and which comes first."""

import ast
import copy
import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cot_magic.reasoners.offline.repair.bench import Bench, Stopped, alarm
from cot_magic.reasoners.offline.repair.edits import Splice, spliced
from cot_magic.reasoners.offline.repair.inputs import (
    Call,
    documented_examples,
    generated_calls,
    recorded_calls,
)
from cot_magic.reasoners.offline.repair.objects import Uses, varied
from cot_magic.reasoners.offline.repair.program import FUNCTIONS, CheckedProgram
from cot_magic.reasoners.offline.repair.recorder import shown
from cot_magic.reasoners.offline.repair.smells import smells, unbound
from cot_magic.reasoners.offline.repair.tables import DOUBT
from cot_magic.reasoners.offline.repair.time_limit import TimeLimit

MOST_COMPARED = 60
MOST_INPUTS, FEWEST_INPUTS = 240, 6
CALL_S = 0.15
CALL_TICKS = 30_000
LONGEST_RESULT, LONGEST_STORY = 120, 2_000  # characters that are compared
HARD_CODED = "guardlit"
Example = tuple[str, str]
UNKNOWN = "-"  # not run: no time was left
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
# what a survivor's rank counts beside its cost
EXAMPLE, RAISES, LITERAL, ODD, SHARE, AGREE, SAME, SMELL = 2.0, 1.0, 1.5, 2.0, 0.8, 1.0, 1.5, 1.2
MORE_CHANGED = 0.8  # it changes all that a rival at the same place changes, and more
UNBOUND = 6.0  # for each name that nothing defines: there the mistake still is


@dataclass(slots=True, kw_only=True)
class Survivor:
    """An edit (or two, the second made on the result of the first) after which all checks passed.

    `results` are what it gives on the generated calls, as strings; "!" and a class name if it raises. `odd`
    of them have a type that no assert expects.
    """

    cost: float
    kinds: tuple[str, ...]
    steps: tuple[tuple[Splice, ...], ...]
    line: int
    source: bytes
    results: tuple[str, ...] = ()
    wrong_examples: int = 0
    odd: int = 0
    unbound: int = 0  # names that nothing defines, though the asserts do not reach them
    rank: float = 0.0

    @property
    def raises(self) -> int:
        """On how many calls it raises."""
        return sum(result.startswith("!") for result in self.results)


@dataclass(slots=True, kw_only=True)
class Ranking:
    """Survivors, best first, and the calls on which they were compared."""

    calls: list[Call] = field(default_factory=list)
    original: tuple[str, ...] = ()
    ranked: list[Survivor] = field(default_factory=list)

    def told_apart(self, one: Survivor, other: Survivor) -> int | None:
        """The place of the shortest call on which they differ, one that neither refuses if there is one."""
        places = [
            place
            for place, (mine, theirs) in enumerate(zip(one.results, other.results, strict=False))
            if mine != theirs
            and not self.calls[place].then
            and UNKNOWN not in (mine, theirs)
            and not _ADDRESS.search(self.calls[place].text)
        ]

        def order(place: int) -> tuple[bool, int]:
            raises = one.results[place].startswith("!") or other.results[place].startswith("!")
            return raises, len(self.calls[place].text)

        return min(places, key=order, default=None)

    def separating(self, shown: Sequence[Survivor], longest: int) -> int | None:
        """The place of the call on which most of them differ: if it can be one that none refuses, and short.

        None if there is no such call of at most that many characters.
        """

        def order(place: int) -> tuple[int, bool, int]:
            results = [item.results[place] for item in shown]
            raises = any(result.startswith("!") for result in results)
            return -len(set(results)), raises, len(self.calls[place].text)

        places = [
            place
            for place, call in enumerate(self.calls)
            if not call.then
            and len(call.text) <= longest
            and not _ADDRESS.search(call.text)
            and UNKNOWN not in (results := {item.results[place] for item in shown})
            and len(results) > 1
        ]
        return min(places, key=order, default=None)


@dataclass(slots=True, kw_only=True)
class Judging:
    """Compares survivors on a bench within a limit; `beat` tells that it goes on, `ran` that all have run."""

    bench: Bench
    limit: TimeLimit
    beat: Callable[[int], None] = lambda number: None
    ran: Callable[[], None] = lambda: None
    usual: set[str] = field(default_factory=set)  # types that the asserts expect
    odd: int = 0  # results of the last program that have other types

    def ranked(self, survivors: Sequence[Survivor], *, compare: bool = True) -> Ranking:
        """The likeliest survivors in order; without comparing, by cost and looks alone."""
        by_source: dict[bytes, Survivor] = {}
        for survivor in sorted(survivors, key=lambda item: item.cost):
            by_source.setdefault(survivor.source, survivor)
        self.beat(0)
        bench = self.bench
        calls: list[Call] = []
        examples: list[Example] = []
        if compare and bench.program.definitions:
            calls = generated_calls(recorded_calls(bench), MOST_INPUTS)
            calls += varied(used_objects(bench))
            examples = documented_examples(bench.program.tree)
        self.beat(0)
        bench.run()
        self.usual = set(bench.recorder.expected_types)
        if self.usual & {"int", "float"}:
            self.usual |= {"int", "float"}
        rivals = list(by_source.values())[:MOST_COMPARED]
        started = self.limit.left
        original, _ = self.behaviour(bench.program, calls, examples)
        share = (started - self.limit.left) * len(rivals) / max(0.01, self.limit.left)
        if share > 1:  # all of them on fewer calls
            calls = calls[: max(FEWEST_INPUTS, int(len(calls) / share))]
            original = original[: len(calls)]
        compared: list[Survivor] = []
        for survivor in rivals:
            if compared and self.limit.over:
                break
            program = CheckedProgram(survivor.source)
            survivor.results, right = self.behaviour(program, calls, examples)
            survivor.unbound = len(unbound(program.tree, bench.names))
            survivor.odd = self.odd
            survivor.wrong_examples = len(examples) - right
            compared.append(survivor)
        least_wrong = min((item.wrong_examples for item in compared), default=0)
        self.ran()
        for survivor in compared:
            survivor.wrong_examples -= least_wrong
        _order(compared, original, smells(bench.program.tree))
        ranked = sorted(compared, key=lambda item: item.rank)
        return Ranking(calls=calls, original=original, ranked=ranked)

    def behaviour(
        self, program: CheckedProgram, calls: Sequence[Call], examples: Sequence[Example]
    ) -> tuple[tuple[str, ...], int]:
        """What a program gives on the calls, and how many examples are right."""
        bench = self.bench
        bench.start()
        bench.more_ticks(bench.ticks * 4)
        bench.guarded([code for place, code in program.plan if place not in program.checks])
        results = []
        self.odd = 0
        for call in calls:
            if self.limit.over:
                results.append(UNKNOWN)
                continue
            self.beat(0)
            bench.more_ticks(CALL_TICKS)
            text, kind = _result(bench, call)
            results.append(text)
            self.odd += bool(kind and self.usual and kind not in self.usual)
        right = 0
        for source, want in examples:
            self.beat(0)
            bench.more_ticks(CALL_TICKS)
            right += _as_documented(bench, source, want)
        return tuple(results), right


def used_objects(bench: Bench) -> list[Call]:
    """The objects of classes of the program that the checks make and use."""
    program, uses = bench.program, Uses()
    classes = {place for place in program.definitions if isinstance(program.tree.body[place], ast.ClassDef)}
    if not classes:
        return []
    bench.start()
    for place, code in program.plan:
        bench.more_ticks(bench.ticks)
        bench.guarded([code])
        statement = program.tree.body[place]
        if place in classes and isinstance(statement, ast.ClassDef):
            made = bench.namespace.get(statement.name)
            methods = [
                item.name
                for item in statement.body
                if isinstance(item, FUNCTIONS) and not item.decorator_list and not item.name.startswith("_")
            ]
            if isinstance(made, type):
                uses.watch(made, methods)
    return uses.calls()


def _result(bench: Bench, call: Call) -> tuple[str, str]:
    """What the call gives, and its type; "" for an exception."""
    try:
        with alarm(CALL_S):
            arguments, words = copy.deepcopy((call.arguments, call.words))
            value = bench.namespace[call.function](*arguments, **words)
            if call.then:
                return "; ".join(_steps(value, call.then))[:LONGEST_STORY], ""
            return _ADDRESS.sub("", _canonical(value))[:LONGEST_RESULT], type(value).__name__
    except Stopped:
        return "!Timeout", ""
    except Exception as error:
        return f"!{'Timeout' if type(error) is StopIteration else type(error).__name__}", ""


def _steps(value: Any, calls: Sequence[Call]) -> list[str]:
    """What the methods give one after the other, and what the object then shows of itself."""
    told = []
    for call in calls:
        arguments, words = copy.deepcopy((call.arguments, call.words))
        try:
            result = _canonical(getattr(value, call.function)(*arguments, **words))
        except StopIteration:  # the ticks are used up
            raise
        except Exception as error:  # the object may be used on
            result = type(error).__name__
        told.append(_ADDRESS.sub("", result)[:LONGEST_RESULT])
    for name, kept in getattr(value, "__dict__", {}).items():
        if not name.startswith("_"):
            told.append(f"{name}={_ADDRESS.sub('', _canonical(kept))[:LONGEST_RESULT]}")
    return told


def _canonical(value: Any) -> str:
    if hasattr(value, "__next__"):
        return f"iterator over {shown(list(itertools.islice(value, 200)))}"
    if type(value) is set:
        return f"{{{', '.join(sorted(map(shown, value)))}}}" if value else "set()"
    return shown(value)


def _as_documented(bench: Bench, source: str, want: str) -> bool:
    try:
        with alarm(CALL_S):
            value = eval(source, bench.namespace)  # noqa: S307 - an example of the person's, in a confined copy
            return repr(value) == want or bool(ast.literal_eval(want) == value)
    except (Stopped, Exception):
        return False


def _order(found: Sequence[Survivor], original: Sequence[str], smells_before: int) -> None:
    """Set the rank of each: its cost, what speaks against it, and how many others behave as it does."""
    weight = {id(item): math.exp(-item.cost) for item in found}
    total = sum(weight.values())
    votes: list[Counter[str]] = [Counter() for _ in original]
    clusters: dict[tuple[str, ...], float] = defaultdict(float)
    for item in found:
        clusters[item.results] += weight[id(item)]
        for counter, result in zip(votes, item.results, strict=True):
            counter[result] += weight[id(item)]  # type: ignore[assignment]
    least = min((item.raises for item in found), default=0)
    inputs = max(1, len(original))
    for item in found:
        agree = sum(counter[result] for counter, result in zip(votes, item.results, strict=True))
        same = sum(mine == before for mine, before in zip(item.results, original, strict=True))
        literal = sum(kind == HARD_CODED for kind in item.kinds)
        smell = smells(ast.parse(item.source)) - smells_before
        item.rank = (
            item.cost
            + EXAMPLE * item.wrong_examples
            + RAISES * (item.raises - least) / inputs
            + LITERAL * literal
            + ODD * item.odd / inputs
            + SMELL * smell
            + UNBOUND * item.unbound
            - SHARE * clusters[item.results] / total
            - AGREE * agree / total / inputs
            - SAME * same / inputs
            + sum(DOUBT.get(kind, 0.0) for kind in item.kinds)
        )
    _prefer_what_changes_less(found, original)


def _prefer_what_changes_less(found: Sequence[Survivor], original: Sequence[str]) -> None:
    """Count against a survivor that it changes results which a rival of its kind leaves as they are, if it
    gives the same wherever that rival changes something: no check asked for the rest of what it changes."""
    changes = [
        frozenset(
            (place, mine) for place, (mine, before) in enumerate(zip(item.results, original, strict=True))
            if mine != before and UNKNOWN not in (mine, before)
        )
        for item in found
    ]  # fmt: skip
    for item, changed in zip(found, changes, strict=True):
        if any(
            less
            and UNKNOWN not in rival.results
            and less < changed
            and rival.line == item.line
            and rival.kinds == item.kinds
            for rival, less in zip(found, changes, strict=True)
        ):
            item.rank += MORE_CHANGED


def applied(source: bytes, steps: Sequence[Sequence[Splice]]) -> Iterator[bytes]:
    """The source after each step. Raises ValueError if splices overlap."""
    for splices in steps:
        made = spliced(source, splices)
        if made is None:
            raise ValueError("the splices overlap")
        source = made
        yield source
