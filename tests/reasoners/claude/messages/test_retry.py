"""How often a request is retried, and after which pauses."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from asking import ask, question
from messages_server import MessagesServer
from scripted_replies import Reply

from cot_magic.core.errors import ServiceFault
from cot_magic.core.findings import Usage
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.faults import FailedAttempt, FaultKind, fault
from cot_magic.reasoners.claude.messages.retry import RetryPolicy, persevere
from cot_magic.reasoners.claude.messages.turn import (
    Answer,
    Delta,
    Pause,
    Progress,
    Remark,
)

Serve = Callable[..., MessagesServer]
Connect = Callable[..., MessagesConnection]
DONE = Answer(blocks=(), text="done", calls=(), stop_reason="end_turn", usage=Usage())


def attempts(*outcomes: Any) -> Callable[[], Generator[Progress, None, Answer]]:
    """Attempts that stream one word and then fail with a fault, or give the answer."""
    left = list(outcomes)

    def attempt() -> Generator[Progress, None, Answer]:
        outcome = left.pop(0)
        if isinstance(outcome, Answer):
            yield Delta(kind="text", text="whole")
            return outcome
        if outcome.kind is FaultKind.DROPPED:
            yield Delta(kind="text", text="part")
        raise FailedAttempt(outcome)

    return attempt


def run(steps: Generator[Progress, None, Answer]) -> list[Any]:
    heard: list[Any] = []
    try:
        while True:
            heard.append(next(steps))
    except StopIteration as done:
        return [*heard, done.value]


def test_the_countdown_is_told_once_a_second_down_to_nothing() -> None:
    slept: list[float] = []
    limited = fault(FaultKind.RATE_LIMIT, retry_after=3.5)
    heard = run(persevere(attempts(limited, DONE), RetryPolicy(), where="here", sleep=slept.append))
    assert [piece.seconds for piece in heard if isinstance(piece, Pause)] == [3.5, 3.0, 2.0, 1.0]
    assert slept == [0.5, 1.0, 1.0, 1.0]
    assert "attempt 2 of 5" in heard[0].reason


def test_what_a_failed_attempt_streamed_is_taken_back_before_the_next() -> None:
    heard = run(persevere(attempts(fault(FaultKind.DROPPED), DONE), RetryPolicy(first_pause=0), where="here"))
    assert [type(piece) for piece in heard] == [Delta, Remark, Delta, Answer]
    assert heard[1].restarts


def test_nothing_is_taken_back_where_nothing_was_streamed() -> None:
    heard = run(
        persevere(attempts(fault(FaultKind.OVERLOADED), DONE), RetryPolicy(first_pause=0), where="here")
    )
    assert not [piece for piece in heard if isinstance(piece, Remark)]


def test_pauses_double_up_to_the_longest_and_never_exceed_it() -> None:
    policy = RetryPolicy(first_pause=0.5, longest_pause=8)
    for failed, full in ((1, 0.5), (2, 1.0), (3, 2.0), (5, 8.0), (9, 8.0), (5_000, 8.0)):
        assert all(full / 2 <= policy.pause(failed) <= full for _ in range(50))


def test_a_wait_beyond_the_cap_stops_and_says_when_to_come_back(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(status=429, headers={"retry-after": "3600"}))
    with pytest.raises(
        ServiceFault, match=r"asks to wait 60 min; run %cot_resume after \d\d:\d\d\."
    ) as stopped:
        ask(connect(server), question())
    assert (stopped.value.kind, stopped.value.retry_after) == ("rate_limit", 3600)
    assert len(server.turns) == 1


@pytest.mark.parametrize("wait", ["4294967", "1e300"])
def test_an_absurd_wait_is_no_crash(wait: str, serve: Serve, connect: Connect) -> None:
    server = serve(Reply(status=529, headers={"retry-after": wait}))
    with pytest.raises(ServiceFault, match="on another day"):
        ask(connect(server), question())


@pytest.mark.slow
def test_retry_after_is_honoured_with_a_countdown(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(status=429, headers={"retry-after": "2"}), Reply(text="Scripted: after the wait."))
    heard = ask(connect(server), question())
    assert [pause.seconds for pause in heard.pauses] == [2.0, 1.0]
    assert "rate limit" in heard.pauses[0].reason
    assert heard.text == "Scripted: after the wait."


def test_a_server_that_says_zero_is_asked_again_at_once(serve: Serve, connect: Connect) -> None:
    server = serve(Reply(status=529, headers={"retry-after": "0"}), Reply(text="Scripted: at once."))
    heard = ask(connect(server), question())
    assert (heard.pauses, heard.text) == ([], "Scripted: at once.")


def test_a_server_that_goes_on_saying_zero_is_given_our_own_pauses() -> None:
    slept: list[float] = []
    busy = fault(FaultKind.OVERLOADED, retry_after=0.0)
    run(persevere(attempts(busy, busy, busy, DONE), RetryPolicy(), where="here", sleep=slept.append))
    assert len(slept) >= 2  # before the third and the fourth request
    assert sum(slept) >= 0.5 * (1.0 + 2.0)


def test_a_server_that_falls_silent_is_waited_for_twice_and_no_more() -> None:
    silent, busy = fault(FaultKind.STALLED), fault(FaultKind.OVERLOADED)
    steps = persevere(attempts(silent, silent, DONE), RetryPolicy(first_pause=0), where="here")
    with pytest.raises(ServiceFault, match="Asked 2 times"):
        run(steps)
    policy = RetryPolicy(first_pause=0.001)
    heard = run(persevere(attempts(silent, busy, DONE), policy, where="here", sleep=lambda seconds: None))
    reasons = [piece.reason for piece in heard if isinstance(piece, Pause)]
    assert reasons[0].endswith("attempt 2 of 2 follows")
    assert reasons[1].endswith("attempt 3 of 5 follows")


def test_every_fault_is_reported_to_whoever_counts_costs() -> None:
    seen: list[Any] = []
    dropped, refused = fault(FaultKind.DROPPED), fault(FaultKind.FORBIDDEN)
    with pytest.raises(ServiceFault):
        run(
            persevere(
                attempts(dropped, refused), RetryPolicy(first_pause=0), where="here", on_failure=seen.append
            )
        )
    assert seen == [dropped, refused]


def test_closing_the_turn_closes_the_attempt() -> None:
    closed: list[str] = []

    def attempt() -> Generator[Progress, None, Answer]:
        try:
            yield Delta(kind="text", text="part")
        finally:
            closed.append("attempt")
        return DONE

    steps = persevere(attempt, RetryPolicy(), where="here")
    next(steps)
    steps.close()
    assert closed == ["attempt"]


def test_an_error_that_is_no_fault_of_the_server_passes_through_unchanged() -> None:
    def attempt() -> Generator[Progress, None, Answer]:
        yield Delta(kind="text", text="part")
        raise ZeroDivisionError("ours")

    with pytest.raises(ZeroDivisionError, match="ours"):
        run(persevere(attempt, RetryPolicy(), where="here"))
