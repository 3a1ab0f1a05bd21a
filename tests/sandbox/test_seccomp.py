"""The filter answers each system call as its table says, on both machines: run by an interpreter of BPF."""

import errno
import platform
import struct
import sys

import pytest

if sys.platform != "linux":
    pytest.skip("needs Linux", allow_module_level=True)

from cot_magic.sandbox import seccomp

PID = 4321
ALLOWED, KILLED = "allowed", "killed"
MACHINES = {"x86_64": 0, "aarch64": 1}


@pytest.fixture(params=MACHINES)
def machine(request, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: request.param)
    return request.param


def answer(code: bytes, arch: int, number: int, first: int = 0) -> str | int:
    """What the filter does to a call: allow it, kill the process, or the errno that it returns."""
    fields, value, place = {0: number, 4: arch, 16: first & 0xFFFFFFFF}, 0, 0
    while True:
        operation, if_true, if_false, operand = struct.unpack_from("HBBI", code, 8 * place)
        place += 1
        match operation:
            case 0x20:
                value = fields[operand]
            case 0x06:
                return {0x7FFF0000: ALLOWED, 0x80000000: KILLED}.get(operand, operand & 0xFFFF)
            case 0x15:
                place += if_true if value == operand else if_false
            case 0x35:
                place += if_true if value >= operand else if_false
            case 0x45:
                place += if_true if value & operand else if_false
            case _:
                raise AssertionError(operation)


class Filter:
    def __init__(self, machine: str, *, net: bool = False, proc: bool = False, landlock_abi: int = 6) -> None:
        self.code = seccomp.program(net=net, proc=proc, pid=PID, landlock_abi=landlock_abi)
        self.arch, self.column = seccomp.AUDIT_ARCH[machine], MACHINES[machine]

    def __call__(self, numbers: seccomp.Numbers, first: int = 0) -> str | int:
        number = numbers[self.column]
        assert number is not None
        return answer(self.code, self.arch, number, first)

    def all(self, table: dict[str, seccomp.Numbers]) -> set[str | int]:
        return {self(numbers) for numbers in table.values() if numbers[self.column] is not None}


def test_what_is_denied_is_refused_and_what_is_pretended_succeeds(machine):
    job = Filter(machine)
    assert job.all(seccomp.DENIED) == job.all(seccomp.PROCESSES) == {errno.EPERM}
    assert job.all(seccomp.PRETENDED) == {0}
    assert job((39, 172)) == ALLOWED  # getpid


def test_unknown_calls_are_refused_and_calls_of_another_machine_kill(machine):
    job = Filter(machine)
    unknown = [seccomp.NEWEST_KNOWN + 1, 0x40000000 + 41, seccomp.CLONE3[0]]
    assert {answer(job.code, job.arch, number) for number in unknown} == {errno.ENOSYS}
    assert answer(job.code, 0x40000003, 39) == KILLED  # i386
    assert job((seccomp.NEWEST_KNOWN, seccomp.NEWEST_KNOWN)) == ALLOWED


def test_a_job_starts_threads_and_signals_itself_only(machine):
    job = Filter(machine)
    assert (job(seccomp.CLONE, 0x3D0F00), job(seccomp.CLONE, 17)) == (ALLOWED, errno.EPERM)
    for numbers in seccomp.SIGNALLING:
        answers = [job(numbers, pid) for pid in (PID, 1, 0, -1)]
        assert answers == [ALLOWED, errno.EPERM, errno.EPERM, errno.EPERM]
    for numbers in seccomp.ON_A_PROCESS:
        assert [job(numbers, pid) for pid in (PID, 0, 1)] == [ALLOWED, ALLOWED, errno.EPERM]
    assert (job(seccomp.PRCTL, 1), job(seccomp.PRCTL, 15)) == (errno.EPERM, ALLOWED)


def test_what_the_person_allows_opens_that_and_no_more(machine):
    net, proc, none = Filter(machine, net=True), Filter(machine, proc=True), Filter(machine)
    assert {net(seccomp.DENIED[name]) for name in seccomp.NETWORK} == {ALLOWED}
    assert [net(seccomp.SOCKET, family) for family in (2, 10, 16, 1, 38)] == [ALLOWED] * 3 + [errno.EPERM] * 2
    assert {job(seccomp.SOCKET, 2) for job in (proc, none)} == {errno.EPERM}
    assert proc.all(seccomp.PROCESSES) == {ALLOWED}
    assert (proc(seccomp.CLONE, 17), proc(seccomp.CLONE, 0x10000000)) == (ALLOWED, errno.EPERM)
    for job in (net, proc):
        assert job(seccomp.DENIED["ptrace"]) == job(seccomp.DENIED["setsid"]) == errno.EPERM


def test_truncate_is_refused_where_landlock_does_not_restrict_it(machine):
    assert Filter(machine, landlock_abi=2)(seccomp.TRUNCATE) == errno.EPERM
    assert Filter(machine, landlock_abi=3)(seccomp.TRUNCATE) == ALLOWED


def test_another_machine_has_no_filter(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert seccomp.column() is None
    with pytest.raises(OSError, match="riscv64"):
        seccomp.program(net=False, proc=False, pid=PID, landlock_abi=6)
