"""Asking again after a fault that may pass: a capped number of times, with a countdown that Ctrl-C ends."""

import math
import random
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cot_magic.reasoners.claude.messages.faults import FailedAttempt, Fault, FaultKind
from cot_magic.reasoners.claude.messages.turn import (
    Answer,
    Delta,
    Pause,
    Progress,
    Remark,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how patiently to ask again.

    Attributes
    ----------
    attempts
        Requests in all, the first among them.
    silent_attempts
        The same where the server fell silent: each of them is waited for as long as an answer may pause.
    first_pause, longest_pause
        Seconds: the pause doubles from the first up to the longest, with jitter downwards, as clients that
        fail together should not come back together.
    longest_retry_after
        Seconds: a server that asks for more patience than that is not waited for.
    """

    attempts: int = 5
    silent_attempts: int = 2
    first_pause: float = 0.5
    longest_pause: float = 8.0
    longest_retry_after: float = 60.0

    def most(self, problem: Fault) -> int:
        """Requests in all, as far as a fault of that kind goes."""
        silent = problem.kind is FaultKind.STALLED
        return min(self.attempts, self.silent_attempts) if silent else self.attempts

    def pause(self, failed: int) -> float:
        """Seconds before the next attempt after so many failed ones."""
        full = min(self.longest_pause, self.first_pause * 2.0 ** min(failed - 1, 30))
        return full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing


def persevere(
    attempt: Callable[[], Generator[Progress, None, Answer]],
    policy: RetryPolicy,
    *,
    where: str,
    sleep: Callable[[float], None] = time.sleep,
    on_failure: Callable[[Fault], None] = lambda fault: None,
) -> Generator[Progress, None, Answer]:
    """Run attempts until one succeeds, a fault is final or the policy is used up.

    Text that a failed attempt had already streamed is taken back by a Remark with `restarts` before the next.

    Parameters
    ----------
    attempt
        Makes the generator of one attempt.
    where
        Model and server, for messages.
    on_failure
        Told every fault, also those after which nothing more is tried.

    Raises
    ------
    ServiceFault
        With the last fault.
    """
    failed = 0
    while True:
        streamed = False
        run = attempt()
        try:
            while True:
                piece = next(run)
                streamed = streamed or isinstance(piece, Delta)
                yield piece
        except StopIteration as done:
            answer: Answer = done.value
            return answer
        except FailedAttempt as stopped:
            failed += 1
            on_failure(stopped.fault)
            seconds = _next_pause(stopped.fault, failed, policy, where)
            problem = stopped.fault
        finally:
            run.close()
        yield from _countdown(problem, seconds, failed, policy, sleep)
        if streamed:
            yield Remark(text=f"The answer broke off ({problem.what}) and starts again.", restarts=True)


def _next_pause(problem: Fault, failed: int, policy: RetryPolicy, where: str) -> float:
    """Seconds to wait; raises ServiceFault if there is no use in it.

    Without the error below, whose text may quote what was sent.
    """
    if not problem.retryable:
        raise problem.error(where) from None
    wanted = problem.retry_after
    if wanted is not None and wanted > policy.longest_retry_after:
        tail = f"the server asks to wait {_length(wanted)}; %cot_resume {_moment(wanted)}."
        raise problem.error(where, tail=tail) from None
    if failed >= policy.most(problem):
        times = "once" if failed == 1 else f"{failed} times"
        raise problem.error(where, tail=f"asked {times}; {problem.remedy}") from None
    if wanted is None or (wanted == 0 and failed > 1):  # "at once" is believed once
        return policy.pause(failed)
    return wanted


def _countdown(
    problem: Fault, seconds: float, failed: int, policy: RetryPolicy, sleep: Callable[[float], None]
) -> Generator[Progress, None, None]:
    reason = f"{problem.what}; attempt {failed + 1} of {policy.most(problem)} follows"
    left = seconds
    while left > 0:
        yield Pause(seconds=left, reason=reason)
        step = left - math.floor(left) or 1.0  # down to whole seconds, then one by one
        sleep(min(step, left))
        left -= step


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _moment(seconds: float) -> str:
    """The time of day, or the date, after so many seconds."""
    if seconds > 30 * 86_400:
        return "on another day"
    then = datetime.now().astimezone() + timedelta(seconds=seconds)
    return then.strftime("after %H:%M" if seconds < 12 * 3600 else "after %d %B, %H:%M")
