"""Inputs on which survivors are compared: the calls that the checks make, and variations of them."""

import ast
import copy
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cot_magic.reasoners.offline.repair.bench import Bench
from cot_magic.reasoners.offline.repair.program import FUNCTIONS
from cot_magic.reasoners.offline.repair.recorder import shown

MOST_CALLS = 400
MOST_KEPT = 12  # recorded calls of one function that are varied
LONGEST_INPUT = 600  # characters
ARROW = "==>|=>|==|->|➞|→|# *(?:=>|->|returns?)?|(?:should )?(?:returns?|gives?|is)(?= )"
BETWEEN = (" ", ", ", ",", "\n")
Arguments = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a function of the program; `text` shows it as a person would write it.

    If it makes an object, the calls of its methods come `then`.
    """

    function: str
    arguments: Arguments
    words: dict[str, Any]
    then: tuple["Call", ...] = ()

    @property
    def text(self) -> str:
        parts = [shown(value) for value in self.arguments]
        parts += [f"{name}={shown(value)}" for name, value in self.words.items()]
        return ".".join([f"{self.function}({', '.join(parts)})", *(call.text for call in self.then)])


def recorded_calls(bench: Bench) -> list[Call]:
    """The calls that the checks make of the functions that may be edited, with copies of their arguments."""
    program = bench.program
    calls: list[Call] = []
    bench.start()
    for place, code in program.plan:
        bench.more_ticks(bench.ticks)
        bench.guarded([code])
        statement = program.tree.body[place]
        if place in program.definitions and isinstance(statement, FUNCTIONS):
            function = bench.namespace.get(statement.name)
            if callable(function):
                bench.namespace[statement.name] = _recording(statement.name, function, calls)
    return calls


def _recording(name: str, function: Callable[..., Any], calls: list[Call]) -> Callable[..., Any]:
    depth = 0

    def recorded(*arguments: Any, **words: Any) -> Any:
        nonlocal depth
        if depth == 0 and len(calls) < MOST_CALLS:
            try:
                kept = copy.deepcopy((arguments, words))
            except Exception:  # an object of the person's that cannot be copied cannot be replayed
                kept = None
            if kept is not None:
                calls.append(Call(function=name, arguments=kept[0], words=kept[1]))
        depth += 1
        try:
            return function(*arguments, **words)
        finally:
            depth -= 1

    return recorded


def generated_calls(calls: Sequence[Call], most: int) -> list[Call]:
    """The calls and variations of them, in all at most `most`, the same each time."""
    by_function: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.text not in {known.text for known in by_function[call.function]}:
            by_function[call.function].append(call)
    found: list[Call] = []
    for name, known in by_function.items():
        share = max(40, most // len(by_function))
        words = known[0].words
        for arguments in Variations([call.arguments for call in known[:MOST_KEPT]]).some(share):
            found.append(Call(function=name, arguments=arguments, words=words))
    return found


class Variations:
    """Arguments like those seen: what held for all of them (sorted, not negative, not empty) is kept."""

    def __init__(self, seen: Sequence[Arguments]) -> None:
        self._random = random.Random(1)  # noqa: S311 - no secret
        self._seen = seen
        same_length = len({len(arguments) for arguments in seen}) == 1
        self._columns = list(zip(*seen, strict=True)) if same_length else []
        self._known: set[str] = set()
        self._found: list[Arguments] = []

    def some(self, most: int) -> list[Arguments]:
        """At most that many, those seen first, then the nearest."""
        for arguments in self._seen:
            self._put(arguments)
        for turn in range(6):
            if len(self._found) >= 2 * most:
                break
            base = list(self._found)
            self._vary_one(base, 8 if turn == 0 else 3, 3 * most)
            self._exchange(base[:25])
            if len(self._seen) > 1 and self._columns:
                for _ in range(20):
                    self._try(tuple(self._random.choice(column) for column in self._columns))
        near = min(len(self._found), len(self._seen) + most * 6 // 10)
        rest = self._found[near:]
        self._random.shuffle(rest)
        return [*self._found[:near], *rest][:most]

    def _put(self, arguments: Arguments) -> None:
        text = shown(arguments)
        if text not in self._known and len(text) < LONGEST_INPUT:
            self._known.add(text)
            self._found.append(arguments)

    def _try(self, arguments: Arguments) -> None:
        if all(_fits(value, column, len(self._seen)) for value, column in
               zip(arguments, self._columns, strict=False)):  # fmt: skip
            self._put(arguments)

    def _vary_one(self, base: Iterable[Arguments], each: int, enough: int) -> None:
        for arguments in base:
            for place, value in enumerate(arguments):
                for other in self._some_variants(value, each):
                    self._try((*arguments[:place], other, *arguments[place + 1 :]))
            if len(self._found) >= enough:
                return

    def _some_variants(self, value: Any, most: int) -> list[Any]:
        found = list(variants(value, self._random))
        self._random.shuffle(found)
        return found[:most]

    def _exchange(self, base: Iterable[Arguments]) -> None:
        """An element of one argument as another argument, which is then varied too."""
        for arguments in base:
            for place, value in enumerate(arguments):
                others = [other for at, other in enumerate(arguments) if at != place]
                pool = [item for other in others for item in _atoms(other) if type(item) is type(value)]
                for item in pool[:12]:
                    moved = (*arguments[:place], item, *arguments[place + 1 :])
                    self._try(moved)
                    for at, other in enumerate(moved):
                        for new in self._some_variants(other, 2) if at != place else ():
                            self._try((*moved[:at], new, *moved[at + 1 :]))


def _fits(value: Any, column: Sequence[Any], count: int) -> bool:
    """Whether the value has what all values seen in its place have."""
    if _is_number(value) and all(map(_is_number, column)):
        lowest = min(column)
        return bool(value > 0 if lowest > 0 else value >= 0 or lowest < 0)
    if not isinstance(value, list | tuple | str):
        return True
    if (
        not value
        and count >= 3
        and all(isinstance(item, list | tuple | str) and len(item) for item in column)
    ):
        return False
    sequences = [item for item in column if isinstance(item, list | tuple)]
    if len(sequences) == len(column) and sum(len(item) > 2 for item in sequences) >= 2:
        try:
            if all(list(item) == sorted(item) for item in sequences):
                return list(value) == sorted(value)
        except TypeError:
            return True  # elements that have no order
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _atoms(value: Any, depth: int = 0) -> list[Any]:
    """Elements of a value that are no containers."""
    if isinstance(value, list | tuple | set) and depth < 3:
        items = list(value)[:12]
        found = [*items, *(atom for item in items for atom in _atoms(item, depth + 1))]
        return [item for item in found if not isinstance(item, list | tuple | set | dict)]
    if isinstance(value, dict):
        return [*list(value)[:8], *list(value.values())[:8]]
    return [*value[:6], *value.split()[:6]] if isinstance(value, str) else []


def variants(value: Any, chance: random.Random, depth: int = 0) -> Iterator[Any]:
    """Values of the same type; none for types other than numbers, strings and containers."""
    match value:
        case bool():
            yield not value
        case int():
            yield from (value + 1, value - 1, 0, 1, 2, 3, value * 2, value * 10 + 1, value // 2, 5, 10, 17)
            if value < 0:
                yield -value
        case float():
            yield from (value + 1, value - 0.5, 0.0, 1.0, value * 2, value / 3)
        case str():
            yield from _strings(value, chance)
        case list() | tuple():
            yield from _sequences(value, chance, depth)
        case dict():
            yield {}
            for key in list(value)[:4]:
                yield {name: item for name, item in value.items() if name != key}
                for new in list(variants(value[key], chance, depth + 1))[:5]:
                    yield {**value, key: new}
        case _ if hasattr(value, "iloc"):  # a table or a column
            rows = list(range(len(value)))
            yield from (value.iloc[1:], value.iloc[:-1], value.iloc[::-1], value.iloc[[*rows, *rows[:1]]])
            yield value.iloc[chance.sample(rows, len(rows))[: len(rows) // 2 + 1]]
        case _ if type(value).__name__ == "ndarray" and value.ndim:
            yield from (value[1:], value[:-1], value[::-1], value * 2, value[: len(value) // 2 + 1])
        case set():
            yield from (set(), set(list(value)[:1]), set(list(value)[1:]))


def _strings(value: str, chance: random.Random) -> Iterator[str]:
    yield from ("", value[:1], value[::-1], value + value, value[:-1], value[1:])
    yield from (value.upper(), value.lower(), value.swapcase())
    if value:
        one, other = chance.randrange(len(value)), chance.randrange(len(value))
        yield from (value[:one] + value[one + 1 :], value[:one] + value[other] + value[one:])
        yield value[:one] + value[other] + value[one + 1 :]
        yield from ("".join(sorted(value)), value + value[:2], f"{value} {value}")
        yield "".join(chance.sample(value, len(value)))
        separator = next((item for item in BETWEEN if item in value), None)
        if separator is not None:
            words = value.split(separator)
            place = chance.randrange(len(words))
            forms = [chance.sample(words, len(words)), words[:place] + words[place + 1 :]]
            forms += [
                [*words, words[place]],
                words[::-1],
                words[:1],
                sorted(words),
                chance.choices(words, k=5),
            ]
            yield from map(separator.join, forms)
    if value.isalpha():
        yield from ("".join(chance.choices("abcxyzAEz", k=length)) for length in (1, 2, 4, 7))


def _sequences(value: Any, chance: random.Random, depth: int) -> Iterator[Any]:
    kind = type(value)
    yield from (kind(), value[:1], value[::-1], value + value, value[:-1], value[1:], value + value[:1])
    with suppress(TypeError):  # elements that have no order
        yield from (kind(sorted(value)), kind(sorted(value, reverse=True)))
    if not value:
        return
    one, other = chance.randrange(len(value)), chance.randrange(len(value))
    yield value[:one] + value[one + 1 :]
    yield value[:one] + kind([value[other]]) + value[one + 1 :]
    yield kind([value[one]] * 3)
    yield kind(chance.sample(list(value), len(value)))
    if depth < 2:
        for new in variants(value[one], chance, depth + 1):
            yield value[:one] + kind([new]) + value[one + 1 :]
    if all(type(item) is int for item in value):
        low, high = min(value), max(value)
        for length in (2, 3, 4, 5, 8):
            yield kind(chance.randint(low, high + 1) for _ in range(length))


def documented_examples(tree: ast.Module) -> list[tuple[str, str]]:
    """The examples of the docstrings, `>>> f(1)` and `f(1) -> 2`: expressions and what they should give."""
    import doctest  # only for docstrings

    functions = "|".join(node.name for node in ast.walk(tree) if isinstance(node, FUNCTIONS))
    arrow = re.compile(rf"\b((?:{functions})\(.*?\)) *(?:{ARROW}) *(.+?)[.;]?$", re.MULTILINE)
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str) and "(" in node.value):
            continue
        try:
            examples = doctest.DocTestParser().get_examples(node.value) if ">>>" in node.value else []
        except ValueError:
            continue  # not the form of doctest
        said = [(example.source.strip(), example.want.strip()) for example in examples]
        for source, want in said or (arrow.findall(node.value) if functions else []):
            with suppress(SyntaxError, ValueError):  # not an example that can be evaluated
                ast.parse(source, mode="eval")
                if not said:
                    ast.literal_eval(want)
                found.append((source, want))
    return [(source, want) for source, want in found if want][:20]
