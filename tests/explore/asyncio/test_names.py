"""Names of lanes: the function of a task, with its arguments where several tasks run it."""

import asyncio

import pytest

from cot_magic.explore.asyncio.names import plain_arguments, told_apart


async def pay(account: object, amount: int, *, to: str = "Ada") -> None:
    amount += 1
    await asyncio.sleep(0)


ONE, TWO, OTHER = (
    (("amount", "3"), ("to", "'Ada'")),
    (("amount", "3"), ("to", "'Grace'")),
    (("amount", "4"), ("to", "'Ada'")),
)


@pytest.mark.parametrize(
    ("names", "arguments", "told"),
    [
        (["main", "pay (Task-2)"], [(), ONE], ["main", "pay"]),
        (["pay (Task-2)", "pay (Task-3)"], [ONE, TWO], ["pay('Ada')", "pay('Grace')"]),
        (["pay (Task-2)", "pay (Task-3)"], [ONE, ONE], ["pay #1", "pay #2"]),
        (["pay (Task-2)", "pay (Task-3)"], [(), ()], ["pay #1", "pay #2"]),
        (
            ["pay (Task-2)", "mail (Task-3)", "pay (Task-4)", "pay (Task-5)"],
            [ONE, (), TWO, OTHER],
            ["pay(3, 'Ada')", "mail", "pay(3, 'Grace')", "pay(4, 'Ada')"],
        ),
    ],
)
def test_tasks_of_one_function_are_told_apart_by_the_arguments_that_differ(
    names: list[str], arguments: list[tuple[tuple[str, str], ...]], told: list[str]
) -> None:
    assert told_apart(names, arguments) == told


def test_the_arguments_of_a_coroutine_are_read_before_it_begins_and_no_code_of_theirs_runs() -> None:
    class Loud:
        def __repr__(self) -> str:
            raise AssertionError("it was asked")

    waiting = pay(Loud(), 3, to="a name of more than twenty characters")
    assert plain_arguments(waiting) == (("amount", "3"), ("to", "'a name of more than"))
    waiting.send(None)
    assert plain_arguments(waiting) == (), "it has begun: its variables may have changed"
    waiting.close()
    assert plain_arguments(asyncio.sleep) == ()
