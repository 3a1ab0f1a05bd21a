"""Whatever a job or a copy sends, the answer is a result or one clear error, and other jobs go on."""

import json
import os
import socket
import sys

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cot_magic.core.codec import from_json, to_json
from cot_magic.core.errors import SandboxError
from cot_magic.core.jobs import Job, JobResult, JobStep, Outcome, SandboxStatus
from cot_magic.sandbox import wire
from tests.sandbox.conftest import job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

FEW = settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],  # each is a process: to shrink one takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
KINDS = (
    "result", "state", "passed", "raised", "looked", "step", "effect", "tampered", "fact", "failed", "ready", "held",
    "run", "index",
)  # fmt: skip
FIELDS = (
    "outcome",
    "step",
    "value",
    "raised",
    "note",
    "held",
    "output",
    "seconds",
    "effects",
    "facts",
    "state",
    "",
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**20)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([*Outcome])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
well_formed = st.just(to_json(JobResult(outcome=Outcome.PASSED, value="1", held=True)))
messages = st.dictionaries(st.sampled_from(KINDS), values | well_formed, max_size=4)


@st.composite
def streams(draw):
    """What may arrive on a pipe: pairs of whether the line has the key, and its bytes, cut and mixed with noise."""
    lines = []
    for _ in range(draw(st.integers(0, 6))):
        line = json.dumps(draw(messages)).encode()
        if draw(st.integers(0, 4)) == 0:
            line = line[: draw(st.integers(0, len(line)))] + draw(st.binary(max_size=20))
        lines.append((draw(st.integers(0, 5)) > 0, line))
    return lines


def end_of_a_job_that_says(said, folder, monkeypatch) -> JobResult:
    from cot_magic.sandbox import fork, forked
    from cot_magic.sandbox.scratch import Removals
    from cot_magic.sandbox.spare import Started

    def say(job, allow, around, ends):
        for keyed, line in said:
            os.write(ends.result_fd, b"\n" + (ends.key if keyed else b"") + line + b"\n")
        os._exit(0)

    monkeypatch.setattr(forked, "run_job", say)
    job = Job(steps=(JobStep(source="1"),))
    started = Started.fork(job, (), None, scratch=str(folder))
    running = fork.RunningJob(job, started, Removals())
    running.overstepped(0.0)
    while running.collect(running.result_fd):
        wire.readable(running.result_fd, 5)
        running.overstepped(0.0)
    return running.end()


@FEW
@given(said=streams())
def test_a_job_may_say_anything_and_has_one_result(said, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        result = end_of_a_job_that_says(said, tmp_path / "job", patched)
    assert isinstance(result.outcome, Outcome)
    assert from_json(JobResult, json.loads(json.dumps(to_json(result)))) == result
    assert not (tmp_path / "job").exists()


def copy_that_answers(data: bytes):
    """A snapshot whose other end is a process that reads one request and answers with these bytes."""
    from cot_magic.sandbox.snapshot import Snapshot

    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            theirs.recv(1 << 16)
            theirs.sendall(data)
        finally:
            os._exit(0)
    theirs.close()
    return Snapshot(pid, ours, SandboxStatus(available=True), ())


@FEW
@given(said=streams())
def test_a_copy_may_answer_anything_and_no_job_is_without_a_result(said):
    ours = b'{"run": 1, "index": 0, '  # of an answer that is expected
    data = b"".join(b"\n" + (line.replace(b"{", ours, 1) if keyed else line) + b"\n" for keyed, line in said)
    copy = copy_that_answers(data)
    try:
        results = copy.run([Job(steps=(JobStep(source="1"),))] * 2)
        assert len(results) == 2
        assert all(isinstance(result.outcome, Outcome) for result in results)
        copy.run([Job(steps=())])
        pytest.fail("a copy that is gone has run a job")
    except SandboxError as error:
        assert "copy" in str(error)
    finally:
        copy.close()


@given(data=st.binary(max_size=300), size=st.integers(1, 50))
def test_noise_between_messages_costs_none_of_them(data, size):
    whole = wire.pack({"a": 1}) + data + wire.pack({"b": 2})
    lines = wire.Lines()
    found = [
        message for start in range(0, len(whole), size) for message in lines.feed(whole[start : start + size])
    ]
    assert {"a": 1} in found
    assert found[-1] == {"b": 2}


NOISY = """
import os, time
from cot_magic.sandbox import forked
run_job = forked.run_job

def noisy(job, allow, around, ends):
    source = job.steps[0].source
    if not source.startswith("# says "):
        run_job(job, allow, around, ends)
    os.write(ends.result_fd, bytes.fromhex(source.removeprefix("# says ")).replace(b"KEY", ends.key))
    time.sleep(0.05)  # its neighbours begin and end meanwhile
    os._exit(0)

forked.run_job = noisy
"""


@pytest.fixture(scope="module")
def noisy_kernel(kernel):
    kernel.park(NOISY)
    return kernel


@settings(max_examples=15, phases=[Phase.explicit, Phase.generate], deadline=None)
@given(said=st.lists(streams(), min_size=2, max_size=2), noise=st.binary(max_size=200))
def test_neighbours_of_a_job_that_says_anything_go_on(said, noise, noisy_kernel):
    def says(lines) -> bytes:
        return b"".join(b"\n" + (b"KEY" if keyed else b"") + line + b"\n" for keyed, line in lines)

    loud = [job(f"# says {(says(lines) + noise).hex()}") for lines in said]
    results = noisy_kernel.jobs(loud[0], job("sum(range(9))"), loud[1], job("1 / 0"), job("'a' * 3"))
    assert all(isinstance(result.outcome, Outcome) for result in results)
    assert [results[place].value for place in (1, 4)] == ["36", "'aaa'"]
    assert results[3].raised.ename == "ZeroDivisionError"
