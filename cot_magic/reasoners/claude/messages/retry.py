"""Retries after a fault that may pass: a limited number of them, with a countdown that Ctrl-C ends."""

import math
import random
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cot_magic.reasoners.claude.messages.faults import FailedAttempt, Fault, FaultKind
from cot_magic.reasoners.claude.messages.turn import Answer, Delta, Pause, Progress, Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often to ask again, and how long to wait before that.

    Attributes
    ----------
    attempts
        Requests in all, including the first.
    silent_attempts
        The same for a server that stops responding: each attempt then takes as long as an answer may pause.
    first_pause, longest_pause
        Seconds: the pause doubles from the first up to the longest, with jitter downwards so that clients
        that fail together do not come back together.
    longest_retry_after
        Seconds: if a server asks to wait longer than that, no attempt follows.
    """

    attempts: int = 5
    silent_attempts: int = 2
    first_pause: float = 0.5
    longest_pause: float = 8.0
    longest_retry_after: float = 60.0

    def most(self, problem: Fault) -> int:
        """Requests in all, for a fault of that kind."""
        silent = problem.kind is FaultKind.STALLED
        return min(self.attempts, self.silent_attempts) if silent else self.attempts

    def pause(self, failed: int) -> float:
        """Seconds before the next attempt, after so many failed ones."""
        full = min(self.longest_pause, self.first_pause * 2.0 ** min(failed - 1, 30))
        return full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, no secret


def persevere(
    attempt: Callable[[], Generator[Progress, None, Answer]],
    policy: RetryPolicy,
    *,
    where: str,
    sleep: Callable[[float], None] = time.sleep,
    on_failure: Callable[[Fault], None] = lambda fault: None,
) -> Generator[Progress, None, Answer]:
    """Run attempts until one succeeds, a fault is final or the policy is used up.

    If a failed attempt had already streamed text, a Remark with `restarts` takes it back before the next one.

    Parameters
    ----------
    attempt
        Makes the generator of one attempt.
    where
        Model and server, for messages.
    on_failure
        Called with every fault, including the last.

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
            yield Remark(text=f"The answer broke off ({problem.what}) and starts over.", restarts=True)


def _next_pause(problem: Fault, failed: int, policy: RetryPolicy, where: str) -> float:
    """Seconds to wait. Raises ServiceFault if no other attempt is to be made.

    The error is raised without its cause, whose message may quote what was sent.
    """
    if not problem.retryable:
        raise problem.error(where) from None
    wanted = problem.retry_after
    if wanted is not None and wanted > policy.longest_retry_after:
        tail = f"The server asks to wait {_length(wanted)}; run %cot_resume {_moment(wanted)}."
        raise problem.error(where, tail=tail) from None
    if failed >= policy.most(problem):
        times = "once" if failed == 1 else f"{failed} times"
        raise problem.error(where, tail=f"Asked {times}; {problem.remedy}") from None
    if wanted is None or (wanted == 0 and failed > 1):  # "retry at once" is believed only once
        return policy.pause(failed)
    return wanted


def _countdown(
    problem: Fault, seconds: float, failed: int, policy: RetryPolicy, sleep: Callable[[float], None]
) -> Generator[Progress, None, None]:
    reason = f"{problem.what}; attempt {failed + 1} of {policy.most(problem)} follows"
    left = seconds
    while left > 0:
        yield Pause(seconds=left, reason=reason)
        step = left - math.floor(left) or 1.0  # to the next whole second, then one at a time
        sleep(min(step, left))
        left -= step


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _moment(seconds: float) -> str:
    """When so many seconds will have passed: after a time of day or a date."""
    if seconds > 30 * 86_400:
        return "on another day"
    then = datetime.now().astimezone() + timedelta(seconds=seconds)
    return then.strftime("after %H:%M" if seconds < 12 * 3600 else "after %d %B, %H:%M")
