"""What a job said on its pipes, and the result that follows: claims of the job, read as data."""

import contextlib
import signal
from dataclasses import replace
from typing import Any

from cot_magic.core.codec import from_json
from cot_magic.core.errors import RecordingError
from cot_magic.core.facts import Fact
from cot_magic.core.jobs import UNREPEATED, Job, JobResult, Outcome, StateItem
from cot_magic.sandbox import wire

OUTPUT_BYTES = 8 << 20
"""What a job may print before it is stopped."""
MOST_EFFECTS = 50
MOST_FACTS = 100
NOT_BORNE_OUT = "what it reported is not what its steps did"
Ending = tuple[Outcome, str]
"""An outcome, and a note in words."""


class Told:
    """What has arrived from a job so far; `key` is that of its messages."""

    def __init__(self, job: Job, key: bytes) -> None:
        self._job, self._lines = job, wire.Lines(key)
        self._messages: list[dict[str, Any]] = []
        self._said = self._printed = 0
        self._output = bytearray()

    @property
    def began(self) -> bool:
        """Whether code of the job may have run: its process says that it is ready before any of it does."""
        return self._said > 0

    @property
    def ends(self) -> bool:
        """Whether it has said that it ends now."""
        return bool(self._messages) and "ends" in self._messages[-1]

    def hear(self, data: bytes) -> None:
        """Take what it sent as messages."""
        self._said += len(data)
        self._messages.extend(self._lines.feed(data))

    def read(self, data: bytes) -> None:
        """Take what it printed."""
        self._printed += len(data)
        self._output += data[: max(0, self._job.limits.output_bytes - len(self._output))]

    def too_much(self) -> Ending | None:
        """The outcome and note if it said or printed more than it may."""
        if self._printed > OUTPUT_BYTES:
            return Outcome.BLOCKED, f"stopped: it printed more than {OUTPUT_BYTES >> 20} MB"
        if self._said > wire.RESULT_BYTES:
            return Outcome.BLOCKED, "stopped: its result is too large"
        return None

    def result(self, stopped: Ending | None, ended: Ending | None, seconds: float) -> JobResult:
        """What it reported, as far as that counts.

        Parameters
        ----------
        stopped
            Why it was stopped, if it was.
        ended
            How its process ended; None if it did as that of a job does that has said all.
        """
        result = self._result() or self._without_result(stopped, ended)
        if ended is not None and any("result" in message for message in self._messages):
            outcome, note = stopped or ended
            result = JobResult(outcome=outcome, note=f"{note}; what it had reported does not count")
        if result.seconds == 0.0:
            result = replace(result, seconds=seconds)
        return self._dressed(result)

    def _result(self) -> JobResult | None:
        """What the job reported, if it did; a claim of the job, to be read as data."""
        reports = [message["result"] for message in self._messages if "result" in message]
        if not reports:
            return None
        if len(reports) + self._lines.foreign > 1:  # a job reports once: one of them is forged
            return JobResult(outcome=Outcome.CRASHED, note="it reported more than one result")
        report = reports[0]
        try:
            result: JobResult = from_json(JobResult, report)
            states = [message["state"] for message in self._messages if "state" in message]
            if states:
                result = replace(result, state=from_json(tuple[StateItem, ...], states[0]))
            return self._borne_out(result)
        except RecordingError as error:
            return JobResult(outcome=Outcome.BLOCKED, note=f"malformed result: {error}"[:300])

    def _borne_out(self, result: JobResult) -> JobResult:
        """The result, if it agrees with what was said at the end of each step, before other code ran."""
        if result.outcome is not Outcome.PASSED or self._job.examine or not self._job.steps:
            return replace(result, held=None)
        last, looks = len(self._job.steps) - 1, self._job.inspect is not None
        passed, raised = self._said_of("passed"), self._said_of("raised")
        if looks:
            agrees = result.note.startswith(UNREPEATED) or last in raised
            held = self._said_of("looked").get(last)
        else:
            agrees = last in passed and last not in raised
            held = passed.get(last)
        earlier = (i in passed or (i in raised and self._job.steps[i].may_raise) for i in range(last))
        if not agrees or not all(earlier):
            failed = max(raised, default=None)
            return JobResult(
                outcome=Outcome.CRASHED if failed is None else Outcome.RAISED,
                step=failed or 0,
                note=NOT_BORNE_OUT,
            )
        return replace(result, held=held)

    def _said_of(self, kind: str) -> dict[int, bool | None]:
        """The steps of which this was said, with the truth of their value."""
        said = [message for message in self._messages if type(message.get(kind)) is int]
        return {message[kind]: message.get("held") for message in said}

    def _without_result(self, stopped: Ending | None, ended: Ending | None) -> JobResult:
        failed = next((str(message["failed"]) for message in self._messages if "failed" in message), None)
        if failed is not None:
            return JobResult(outcome=Outcome.BLOCKED, note=f"nothing was run: {failed}")
        if not any("ready" in message for message in self._messages) and stopped is None:
            return JobResult(outcome=Outcome.BLOCKED, note="nothing was run: the copy ended during setup")
        outcome, note = stopped or ended or how_it_ended(0, self._job.limits.cpu_s)
        return JobResult(outcome=outcome, note=note)

    def _dressed(self, result: JobResult) -> JobResult:
        """The result with output, effects and last step, which a killed job cannot report itself."""
        effects = tuple(str(message["effect"])[:200] for message in self._messages if "effect" in message)[
            :MOST_EFFECTS
        ]
        tampered = [str(message["tampered"])[:200] for message in self._messages if "tampered" in message]
        if result.note == NOT_BORNE_OUT:
            tampered.append(NOT_BORNE_OUT)
        if self._lines.foreign:
            tampered.append("it wrote to the pipe on which results are reported")
        steps = [message["step"] for message in self._messages if type(message.get("step")) is int]
        note = result.note
        if result.outcome is Outcome.BLOCKED and effects:
            note = f"{note}; it tried to {effects[-1]}"
        return replace(
            result,
            step=result.step if result.raised or not steps else min(steps[-1], len(self._job.steps)),
            output=wire.plain(self._output.decode("utf-8", "replace")),
            effects=effects,
            facts=self._facts() if self._job.examine else (),
            tampered=tuple(dict.fromkeys(tampered))[:MOST_EFFECTS],
            note=note[:1_000],
        )

    def _facts(self) -> tuple[Fact, ...]:
        """The well-formed facts that an autopsy sent."""
        found: list[Fact] = []
        for message in self._messages:
            if "fact" in message and len(found) < MOST_FACTS:
                with contextlib.suppress(
                    RecordingError
                ):  # the person's code ran there and may write anything
                    found.append(from_json(Fact, message["fact"]))
        return tuple(found)


def how_it_ended(code: int, most_cpu: int, cpu_seconds: float = 0.0) -> Ending:
    """The outcome and note of a process with that exit code, below 0 for a signal (`Popen.returncode`).

    Parameters
    ----------
    most_cpu, cpu_seconds
        What it was permitted of CPU time, and what it took; 0 if that is not known.
    """
    if code >= 0:
        return Outcome.CRASHED, f"the process exited with status {code} before the code finished"
    number = -code
    name = signal.Signals(number).name if number in set(signal.Signals) else "?"
    if name == "SIGXCPU" or (name == "SIGKILL" and cpu_seconds >= most_cpu):
        return Outcome.TIMED_OUT, f"stopped after {most_cpu} s of CPU time"
    if name == "SIGKILL":
        return Outcome.BLOCKED, "killed from outside, most likely because memory ran out"
    if name == "SIGSYS":
        return Outcome.BLOCKED, "it made a system call that is not permitted in a sandboxed copy"
    return Outcome.CRASHED, f"killed by signal {number} ({name})"
