"""Tells exceptions caused by the confinement or a lost resource from those of the code itself."""

import dis
import errno
import os
import re
import types
from collections.abc import Collection, Iterator

from cot_magic.sandbox.lost import CREDENTIALS, LostResources
from cot_magic.sandbox.places import of_a_library

FORBIDDEN = {errno.EPERM, errno.EACCES, errno.EROFS}
LIMITED = {errno.EFBIG, errno.EMFILE, errno.ENOSPC, errno.EDQUOT, errno.ENOMEM}
LOST = {errno.EBADF, errno.ENOTSOCK, errno.ENOTCONN, errno.EPIPE, errno.ENOTTY, errno.ENXIO}
LOST_TEXTS = (
    "different loop",
    "different event loop",
    "attached to a different",
    "out of pty devices",
    "can't start new thread",
)
NO_INPUT = "`input()` is not available in a sandboxed copy"
DATABASE_TEXTS = ("database is locked", "disk i/o error", "readonly database", "unable to open database")
REFUSED_TEXTS = tuple(os.strerror(number) for number in sorted(FORBIDDEN))
NOT_NEAR = (
    "experiments of a model read only the notebook's folder, the interpreter and files that the notebook uses"
)
LOST_TEXT = os.strerror(errno.EBADF)
WAITING = ("Empty", "Full", "BrokenBarrierError")  # of `queue` and `threading`
DATABASE = "open database"
NETWORK = ("connect", "bind", "sendto", "look up", "fetch")
RAISING = {dis.opmap["RAISE_VARARGS"], dis.opmap["RERAISE"]}
MOST_LINKS = 50


def why_blocked(
    error: BaseException,
    *,
    net: bool,
    withheld: frozenset[str],
    lost: LostResources | None = None,
    attempts: Collection[str] = (),
    near: bool = False,
) -> str | None:
    """Why this exception, or one in its chain, says nothing about the code; None if the code raised it.

    Parameters
    ----------
    lost
        What the copy has lost. Without it, any error that could come from a lost resource counts as one.
    attempts
        What the code tried to do outside the copy, in the words of `effects`.
    near
        Whether only what the notebook uses may be read.
    """
    for link in chain(error):
        if lost is not None and raised_by_the_person(link):
            reason = _of_an_assert(link, lost)
        else:
            reason = _reason(link, net=net, withheld=withheld, lost=lost, attempts=attempts)
        if reason is not None:
            closed = near and isinstance(link, PermissionError) and not _was_written(link, attempts)
            return f"{reason}: {NOT_NEAR}" if closed else reason
    return None


def _was_written(error: OSError, attempts: Collection[str]) -> bool:
    """Whether the file of this error was one to write."""
    name = os.path.basename(str(error.filename or ""))
    return not name or any(name in attempt for attempt in attempts)


def raised_by_the_person(error: BaseException) -> bool:
    """Whether a `raise` or `assert` outside of libraries made it: then it is the code's own error."""
    entry = _innermost(error)
    return entry is not None and not of_a_library(entry.tb_frame.f_code.co_filename) and _by_statement(entry)


def _by_statement(entry: types.TracebackType) -> bool:
    """Whether the instruction that failed is a `raise`; else the interpreter or a C function failed."""
    code = entry.tb_frame.f_code.co_code
    return 0 <= entry.tb_lasti < len(code) and code[entry.tb_lasti] in RAISING


def _innermost(error: BaseException) -> types.TracebackType | None:
    entry = error.__traceback__
    while entry is not None and entry.tb_next is not None:
        entry = entry.tb_next
    return entry


def _of_an_assert(error: BaseException, lost: LostResources) -> str | None:
    """An assert about a thread or a program that the copy does not have (`assert worker.is_alive()`)."""
    used = lost.used_by(error) if isinstance(error, AssertionError) else None
    return gone(used) if used else None


def gone(what: str) -> str:
    """The words for a lost resource."""
    return f"it uses a resource of the kernel that a copy does not have ({what})"


def chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, its causes, contexts and group members, each once, at most 50."""
    todo, seen = [error], set[int]()
    while todo and len(seen) < MOST_LINKS:
        link = todo.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        todo.extend(found for found in (link.__context__, link.__cause__) if found is not None)
        if isinstance(link, BaseExceptionGroup):
            todo.extend(link.exceptions)


def _reason(
    error: BaseException,
    *,
    net: bool,
    withheld: frozenset[str],
    lost: LostResources | None,
    attempts: Collection[str],
) -> str | None:
    if isinstance(error, MemoryError):
        return None if _exceeds_the_machine(error) else "it exceeded the copy's memory limit"
    text = _text(error)
    if NO_INPUT in text:
        return NO_INPUT
    key = error.args[0] if isinstance(error, KeyError) and error.args else None
    if type(key) is str and key in withheld and _of_the_environment(error):
        return f"the environment variable {key} is withheld from sandboxed copies"
    found = next((part for part in LOST_TEXTS if part in text), None)
    if found is not None:
        return gone(found)
    if isinstance(error, OSError) and (reason := _reason_of_os(error, net=net, lost=lost, attempts=attempts)):
        return reason
    if type(error).__module__ in ("sqlite3", "_sqlite3"):
        writes = lost is None or bool(lost.files) or any(word.startswith(DATABASE) for word in attempts)
        if writes and any(part in text.lower() for part in DATABASE_TEXTS):
            return f"a sandboxed copy cannot write to the database ({text[:100]})"
    return None if lost is None else _reason_of_loss(error, text, lost)


def _reason_of_os(
    error: OSError, *, net: bool, lost: LostResources | None, attempts: Collection[str]
) -> str | None:
    number = error.errno
    if number in FORBIDDEN:
        return f"not permitted in a sandboxed copy ({_text(error)[:200]})"
    if number in LIMITED:
        return f"it exceeded a limit of the copy ({_text(error)[:200]})"
    if number in LOST or isinstance(error, BrokenPipeError | ConnectionResetError | ConnectionAbortedError):
        used = "" if lost is None else lost.used_by(error, files=True)
        if used is None:
            return None
        if used == CREDENTIALS:
            return f"not permitted in a sandboxed copy ({used})"
        return f"the kernel's open files and connections do not work in a copy ({_text(error)[:200]})"
    of_names = type(error).__name__ in ("gaierror", "herror")
    if not net and (isinstance(error, ConnectionError) or of_names):
        tried = lost is None or of_names or any(word.startswith(NETWORK) for word in attempts)
        return f"a sandboxed copy has no network ({_text(error)[:200]})" if tried else None
    return None


def _reason_of_loss(error: BaseException, text: str, lost: LostResources) -> str | None:
    """What an error of a C library, a wait that nobody ends, or the use of a lost resource tells."""
    entry = _innermost(error)
    if entry is not None and not _by_statement(entry):
        if any(part in text for part in REFUSED_TEXTS):
            return f"not permitted in a sandboxed copy ({text[:200]})"
        if lost.kernel_pid and re.search(rf"\bPID {lost.kernel_pid}\b", text):
            return f"the kernel holds what it needs ({text[:200]})"
        if LOST_TEXT in text and (lost.files or lost.descriptors) and not isinstance(error, OSError):
            return f"the kernel's open files and connections do not work in a copy ({text[:200]})"
    if lost.threads and (isinstance(error, TimeoutError) or type(error).__name__ in WAITING):
        return gone("a thread")
    used = lost.used_by(error)
    return gone(used) if used else None


def _of_the_environment(error: BaseException) -> bool:
    """Whether `os.environ` raised it, as far as is known."""
    entry = _innermost(error)
    return entry is None or entry.tb_frame.f_code.co_filename in (os.__file__, "<frozen os>")


def _exceeds_the_machine(error: MemoryError) -> bool:
    """Whether an array was asked for that is larger than the memory of the machine: so it fails anywhere."""
    size = getattr(error, "_total_size", None)
    return type(size) is int and size > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _text(error: BaseException) -> str:
    """The message; empty if the `__str__` of a user's class raises."""
    try:
        return str(error)
    except Exception:
        return ""
