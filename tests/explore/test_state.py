"""State that schedules share is restored in place: names, containers, objects, closures, classes."""

import asyncio
from collections import deque
from typing import Any

from cot_magic.explore.state import SharedState


class Account:
    owners: list[str] = ["ada"]  # noqa: RUF012 - shared on purpose

    def __init__(self) -> None:
        self.balance = 10
        self.history: deque[int] = deque([1])


class Slim:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = [1]


def test_names_and_containers_are_put_back_in_place() -> None:
    inner = {"a": [1, 2]}
    namespace: dict[str, Any] = {"data": inner, "alias": inner, "seen": {1}, "queue": deque([1])}
    state = SharedState([namespace])
    inner["a"].append(3)
    inner["b"] = []
    namespace["seen"].add(2)
    namespace["queue"].clear()
    namespace["new"] = 1
    del namespace["alias"]
    state.restore()
    assert namespace == {"data": {"a": [1, 2]}, "alias": {"a": [1, 2]}, "seen": {1}, "queue": deque([1])}
    assert namespace["alias"] is namespace["data"] is inner


def test_the_order_of_keys_is_put_back_too() -> None:
    namespace: dict[str, Any] = {"ages": {"b": 1, "a": 2}}
    state = SharedState([namespace])
    namespace["ages"]["b"] = namespace["ages"].pop("b")
    state.restore()
    assert list(namespace["ages"]) == ["b", "a"]


def test_objects_of_the_users_classes_and_the_classes_themselves() -> None:
    account, slim = Account(), Slim()
    state = SharedState([{"account": account, "slim": slim, "Account": Account}])
    account.balance, account.extra = 0, 1  # type: ignore[attr-defined]
    account.history.append(2)
    slim.value.append(2)
    slim.value = []
    Account.owners.append("bob")
    Account.limit = 5  # type: ignore[attr-defined]
    state.restore()
    assert (account.balance, list(account.history), slim.value) == (10, [1], [1])
    assert not hasattr(account, "extra")
    assert Account.owners == ["ada"]
    assert not hasattr(Account, "limit")


def test_what_a_function_closes_over_and_its_defaults() -> None:
    count, seen = 0, []

    def visit(kept: list[int] = seen) -> int:
        nonlocal count
        count += 1
        kept.append(count)
        return count

    state = SharedState([{}], visit)
    visit()
    state.restore()
    assert visit() == 1
    assert seen == [1]


def test_a_lock_that_is_held_is_free_again() -> None:
    lock = asyncio.Lock()
    state = SharedState([{"lock": lock}])

    async def take() -> None:
        await lock.acquire()

    asyncio.run(take())
    assert lock.locked()
    state.restore()
    assert not lock.locked()


def test_too_much_state_is_told() -> None:
    assert not SharedState([{"many": [[] for _ in range(60_000)]}]).complete
    assert SharedState([{"numbers": list(range(60_000))}]).complete
