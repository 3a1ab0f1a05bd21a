"""Objects as inputs: how the checks use the classes of the program, and variations of that."""

import copy
import functools
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cot_magic.reasoners.offline.repair.inputs import Arguments, Call, Variations

PLAIN = (int, float, str, bool, type(None), bytes)
MOST_STEPS, MOST_USES, MOST_MIXED = 24, 12, 24


class Uses:
    """Records for each object of a class how it was made, and the calls of its methods from outside."""

    def __init__(self) -> None:
        self._depth = 0
        self._objects: dict[int, tuple[object, Call, list[Call]]] = {}

    def watch(self, made: type, methods: Sequence[str]) -> None:
        """Put methods that record into the class."""
        if made.__init__ is object.__init__ and made.__new__ is not object.__new__:  # type: ignore[misc, comparison-overlap]
            return  # it takes what `object.__init__` refuses
        type.__setattr__(made, "__init__", self._recording(made.__init__, None))  # type: ignore[misc]
        for name in methods:
            type.__setattr__(made, name, self._recording(getattr(made, name), name))

    def _recording(self, method: Callable[..., Any], name: str | None) -> Callable[..., Any]:
        @functools.wraps(method)
        def recorded(itself: Any, *arguments: Any, **words: Any) -> Any:
            if self._depth == 0:
                self._note(itself, name, arguments, words)
            self._depth += 1
            try:
                return method(itself, *arguments, **words)
            finally:
                self._depth -= 1

        return recorded

    def _note(self, itself: object, name: str | None, arguments: Arguments, words: dict[str, Any]) -> None:
        if not all(_is_plain(value) for value in (*arguments, *words.values())):
            self._objects.pop(
                id(itself), None
            )  # what it is given cannot be given to another program's object
            return
        kept = copy.deepcopy((arguments, words))
        call = Call(function=name or type(itself).__name__, arguments=kept[0], words=kept[1])
        if name is None:
            self._objects[id(itself)] = itself, call, []
        elif id(itself) in self._objects and len(self._objects[id(itself)][2]) < MOST_STEPS:
            self._objects[id(itself)][2].append(call)

    def calls(self) -> list[Call]:
        """Each object as one call that makes it, with the calls of its methods."""
        return [
            Call(function=made.function, arguments=made.arguments, words=made.words, then=tuple(steps))
            for _, made, steps in self._objects.values()
            if steps
        ]


def _is_plain(value: object, depth: int = 0) -> bool:
    match value:
        case list() | tuple() | set():
            return depth < 3 and all(_is_plain(item, depth + 1) for item in value)
        case dict():
            return depth < 3 and all(_is_plain(item, depth + 1) for pair in value.items() for item in pair)
    return isinstance(value, PLAIN)


def varied(uses: Sequence[Call]) -> Iterator[Call]:
    """The uses; each twice over; with other arguments for the object; the calls in other orders."""
    chance = random.Random(2)  # noqa: S311 - no secret
    kept = uses[:MOST_USES]
    yield from kept
    by_class: dict[str, list[Call]] = {}
    for use in kept:
        by_class.setdefault(use.function, []).append(use)
        yield _with(use, use.arguments, (*use.then, *use.then))
    for same in by_class.values():
        made = Variations([use.arguments for use in same]).some(8)
        steps = [step for use in same for step in use.then]
        for arguments in made[1:]:
            for use in same[:2]:
                yield _with(use, arguments, (*use.then, *use.then))
        for turn in range(MOST_MIXED):
            count = min(len(steps), 4 + turn % 9)
            mixed = chance.sample(steps, count) if turn % 2 else chance.choices(steps, k=count)
            yield _with(same[0], made[turn % len(made)], mixed)


def _with(use: Call, arguments: Arguments, steps: Sequence[Call]) -> Call:
    return Call(
        function=use.function, arguments=arguments, words=use.words,
        then=tuple(itertools.islice(steps, MOST_STEPS)),
    )  # fmt: skip
