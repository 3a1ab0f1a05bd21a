"""The filter answers each system call as its table says, on both machines: run by an interpreter of BPF."""

import errno
import fcntl
import os
import platform
import struct
import sys
import termios

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


def answer(code: bytes, arch: int, number: int, *arguments: int) -> str | int:
    """What the filter does to a call: allow it, kill the process, or the errno that it returns."""
    fields, value, place = {0: number, 4: arch}, 0, 0
    for index, argument in enumerate((*arguments, *(0,) * (6 - len(arguments)))):
        fields[16 + 8 * index], fields[20 + 8 * index] = argument & 0xFFFFFFFF, argument >> 32 & 0xFFFFFFFF
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
            case 0x54:
                value &= operand
            case 0x45:
                place += if_true if value & operand else if_false
            case _:
                raise AssertionError(operation)


class Filter:
    def __init__(self, machine: str, *, net: bool = False, proc: bool = False, landlock_abi: int = 6) -> None:
        self.code = seccomp.program(net=net, proc=proc, pid=PID, landlock_abi=landlock_abi)
        self.arch, self.column = seccomp.AUDIT_ARCH[machine], MACHINES[machine]

    def __call__(self, numbers: seccomp.Numbers, *arguments: int) -> str | int:
        number = numbers[self.column]
        assert number is not None
        return answer(self.code, self.arch, number, *arguments)

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
    for numbers in (seccomp.PRLIMIT, seccomp.SCHED_SETAFFINITY):
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


def test_a_file_is_not_emptied_by_opening_it_to_read(machine):
    job = Filter(machine)
    flags = [
        os.O_RDONLY,
        os.O_RDONLY | os.O_TRUNC,
        os.O_ACCMODE | os.O_TRUNC,
        os.O_WRONLY | os.O_TRUNC,
        os.O_RDWR | os.O_CREAT | os.O_TRUNC,
    ]
    expected = [ALLOWED, errno.EPERM, errno.EPERM, ALLOWED, ALLOWED]  # Landlock looks at those that write
    assert [job(seccomp.OPENAT, 0, 0, flag) for flag in flags] == expected
    if seccomp.OPEN[MACHINES[machine]] is not None:
        assert [job(seccomp.OPEN, 0, flag) for flag in flags] == expected
    assert job(seccomp.OPENAT2) == errno.ENOSYS


def test_commands_on_a_descriptor_look_and_do_not_reach_others(machine):
    job, net = Filter(machine), Filter(machine, net=True)
    commands = {
        fcntl.F_GETFL: ALLOWED,
        fcntl.F_SETFD: ALLOWED,
        fcntl.F_SETLK: ALLOWED,
        fcntl.F_DUPFD_CLOEXEC: ALLOWED,
    }
    commands |= dict.fromkeys(
        (fcntl.F_SETOWN, fcntl.F_SETSIG, 15, fcntl.F_SETLEASE, fcntl.F_NOTIFY, fcntl.F_ADD_SEALS), errno.EPERM
    )
    assert {command: job(seccomp.FCNTL, 3, command) for command in commands} == commands
    looks = [termios.TCGETS, termios.TIOCGWINSZ, termios.FIONREAD, termios.FIONBIO]
    changes = [
        termios.TIOCSTI,
        termios.TCSETS,
        0x40086602,
        0x40049409,
        0x8912,
    ]  # flags of a file, a clone, interfaces
    assert [job(seccomp.IOCTL, 0, command) for command in looks] == [ALLOWED] * 4
    assert [job(seccomp.IOCTL, 0, command) for command in changes] == [errno.EPERM] * 5
    assert [net(seccomp.IOCTL, 0, command) for command in (0x8912, 0x8980, 0x88FF, termios.TCGETS, termios.TIOCSTI)] == [
        ALLOWED, errno.EPERM, errno.EPERM, ALLOWED, errno.EPERM
    ]  # fmt: skip


def test_no_socket_signals_another_process(machine):
    net = Filter(machine, net=True)
    assert [net(seccomp.IOCTL, 0, command) for command in (0x8901, 0x8902, 0x8903)] == [
        errno.EPERM, errno.EPERM, ALLOWED
    ]  # fmt: skip
    assert {net(seccomp.FCNTL, 3, command) for command in (8, 10, 15)} == {errno.EPERM}


def test_a_pair_of_sockets_reaches_its_other_end_alone(machine):
    job = Filter(machine)
    kinds = [(1, 1), (1, 1 | 0x80000), (1, 2), (1, 5), (30, 1)]
    assert [job(seccomp.SOCKETPAIR, *kind) for kind in kinds] == [ALLOWED, ALLOWED, *[errno.EPERM] * 3]
    assert job(seccomp.SENDTO, 3, 1, 1, 0, 0) == ALLOWED
    assert {job(seccomp.SENDTO, 3, 1, 1, 0, address) for address in (1, 1 << 32)} == {errno.EPERM}


def test_another_machine_has_no_filter(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert seccomp.column() is None
    with pytest.raises(OSError, match="riscv64"):
        seccomp.program(net=False, proc=False, pid=PID, landlock_abi=6)


def test_the_limit_of_core_dumps_can_be_read_and_not_set(machine):
    job, pointer = Filter(machine), 0x7F00_0000_0000  # its lower half is 0
    for given in (pointer, pointer + 8, 8):
        assert job(seccomp.PRLIMIT, 0, seccomp.RLIMIT_CORE, given, 0) == errno.EPERM
        assert job(seccomp.SETRLIMIT, seccomp.RLIMIT_CORE, given) == errno.EPERM
    assert job(seccomp.PRLIMIT, 0, seccomp.RLIMIT_CORE, 0, pointer) == ALLOWED
    assert job(seccomp.PRLIMIT, PID + 1, 7, 0, pointer) == errno.EPERM
    assert job(seccomp.PRLIMIT, 0, 7, pointer, 0) == job(seccomp.SETRLIMIT, 7, pointer) == ALLOWED


def test_shared_memory_is_small_and_private_memory_as_large_as_the_limit(machine):
    job = Filter(machine)
    for flags in seccomp.SHARED_ANONYMOUS:
        assert job(seccomp.MMAP, 0, seccomp.SHARED_BYTES, 3, flags | 0x4000) == ALLOWED
        for size in (seccomp.SHARED_BYTES + 1, 1 << 32):
            assert job(seccomp.MMAP, 0, size, 3, flags) == errno.EPERM
    assert job(seccomp.MMAP, 0, 1 << 33, 3, 0x22) == ALLOWED  # private
    assert job(seccomp.MMAP, 0, 1 << 33, 3, 1) == ALLOWED  # of a file


def test_a_file_gets_no_room_without_its_size(machine):
    job = Filter(machine)
    modes = (0, 1, 3, 0x10, 0x20)
    assert [job(seccomp.FALLOCATE, 3, mode) for mode in modes] == [ALLOWED, *[errno.EOPNOTSUPP] * 4]


def test_no_thread_has_files_of_its_own(machine):
    job = Filter(machine)
    flags = (0x3D0F00, 0x3D0F00 & ~0x400, 0x3D0F00 & ~0x200)
    assert [job(seccomp.CLONE, flag) for flag in flags] == [ALLOWED, errno.EPERM, errno.EPERM]
    assert [job(seccomp.CLOSE_RANGE, 3, 9, flag) for flag in (0, 4, 2, 6)] == [
        ALLOWED,
        ALLOWED,
        *[errno.EPERM] * 2,
    ]


@pytest.mark.parametrize("proc", [False, True])
def test_a_job_hides_nothing_and_makes_no_rules(machine, proc):
    job = Filter(machine, proc=proc)
    options = (4, (1 << 32) | 4, 59, 62, 67, 1)
    assert {job(seccomp.PRCTL, option) for option in options} == {errno.EPERM}
    assert [job(seccomp.PRCTL, option) for option in (3, 15, 16, 38)] == [ALLOWED] * 4
    assert job.all(seccomp.LANDLOCK) == {errno.EOPNOTSUPP}


def test_commands_of_a_later_linux_are_refused(machine):
    job = Filter(machine)
    assert {job(seccomp.FCNTL, 3, command) for command in (1031, 1039, 1040, 2000)} == {errno.EPERM}
