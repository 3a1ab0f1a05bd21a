"""What the confinement or a lost resource caused is told apart from a failure of the code."""

import errno
import os
import socket
import sqlite3

import pytest

from cot_magic.sandbox.blocked import NO_INPUT, why_blocked

WITHHELD = frozenset({"API_KEY"})


def why(error: BaseException, *, net: bool = False) -> str | None:
    return why_blocked(error, net=net, withheld=WITHHELD)


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied", "out.csv"),
        OSError(errno.EPERM, "Operation not permitted"),
        OSError(errno.EROFS, "Read-only file system"),
        OSError(errno.EFBIG, "File too large"),
        OSError(errno.EBADF, "Bad file descriptor"),
        MemoryError(),
        BrokenPipeError(),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        socket.gaierror(-3, "Temporary failure in name resolution"),
        RuntimeError("Task got Future attached to a different loop"),
        RuntimeError("can't start new thread"),
        OSError("out of pty devices"),
        sqlite3.OperationalError("database is locked"),
        sqlite3.OperationalError("disk I/O error"),
        sqlite3.OperationalError("attempt to write a readonly database"),
        KeyError("API_KEY"),
        EOFError(NO_INPUT),
        RuntimeError(f"login failed: {NO_INPUT}"),
    ],
)
def test_the_copy_is_the_cause(error):
    assert why(error)


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file", "data.csv"),
        IsADirectoryError(errno.EISDIR, "Is a directory"),
        KeyError("OTHER"),
        KeyError(("API_KEY", [])),
        TimeoutError(),
        ValueError("I/O operation on closed file"),
        sqlite3.OperationalError("no such table: t"),
        RuntimeError("asyncio.run() cannot be called from a running event loop"),
        EOFError("EOF when reading a line"),
    ],
)
def test_the_code_is_the_cause(error):
    assert why(error) is None


def test_a_cause_anywhere_in_the_chain_counts():
    try:
        try:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except PermissionError as error:
            raise ValueError("cannot save") from error
    except ValueError as error:
        assert why(error)
    assert why(ExceptionGroup("two", [ValueError(), ExceptionGroup("one", [MemoryError()])]))


def test_a_chain_that_bites_its_tail_ends():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert why(one) is None


def test_a_refused_connection_is_the_codes_own_where_the_network_is_open():
    refused = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    assert why(refused, net=True) is None
    assert why(ConnectionResetError(errno.ECONNRESET, "reset"), net=True)


def test_an_exception_whose_text_raises_is_no_reason():
    class Bad(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert why(Bad()) is None
