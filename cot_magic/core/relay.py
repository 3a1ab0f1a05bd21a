"""Passing on what a generator yields, so that Ctrl-C in whoever takes it reaches the generator."""

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")
R = TypeVar("R")


def relay(
    items: Iterator[T] | Generator[T, None, R], seen: Callable[[T], Iterable[U]]
) -> Generator[U, None, R]:
    """Yield what `seen` makes of each item, and return what `items` returns.

    Unlike in a `for` loop, a KeyboardInterrupt that is thrown in at a `yield` is raised where `items` waits:
    a search yields what it found until then. Raises KeyboardInterrupt where `items` is no generator.
    """
    try:
        item = next(items)
        while True:
            try:
                yield from seen(item)
            except KeyboardInterrupt as pressed:
                if not isinstance(items, Generator):
                    raise
                item = items.throw(pressed)
            else:
                item = next(items)
    except StopIteration as done:
        returned: R = done.value
        return returned


def rest_after(pressed: KeyboardInterrupt, items: Generator[T, None, R]) -> Generator[T, None, R]:
    """What a generator still yields once Ctrl-C was raised where it waits.

    Raises `pressed` where nothing takes it.
    """
    try:
        item = items.throw(pressed)
    except StopIteration as done:
        returned: R = done.value
        return returned
    yield item
    return (yield from items)
