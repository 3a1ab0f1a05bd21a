"""Tells exceptions caused by the confinement or a lost resource from those of the code itself."""

import errno
from collections.abc import Iterator

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
MOST_LINKS = 50


def why_blocked(error: BaseException, *, net: bool, withheld: frozenset[str]) -> str | None:
    """Why this exception, or one in its chain, says nothing about the code; None if the code raised it."""
    for link in chain(error):
        reason = _reason(link, net=net, withheld=withheld)
        if reason is not None:
            return reason
    return None


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


def _reason(error: BaseException, *, net: bool, withheld: frozenset[str]) -> str | None:
    if isinstance(error, MemoryError):
        return "it exceeded the copy's memory limit"
    text = _text(error)
    if NO_INPUT in text:
        return NO_INPUT
    key = error.args[0] if isinstance(error, KeyError) and error.args else None
    if type(key) is str and key in withheld:
        return f"the environment variable {key} is withheld from sandboxed copies"
    lost = next((part for part in LOST_TEXTS if part in text), None)
    if lost is not None:
        return f"it uses a resource of the kernel that a copy does not have ({lost})"
    of_sqlite = type(error).__module__ in ("sqlite3", "_sqlite3")
    if of_sqlite and any(part in text.lower() for part in DATABASE_TEXTS):
        return f"a sandboxed copy cannot write to the database ({text[:100]})"
    return _reason_of_os(error, net=net) if isinstance(error, OSError) else None


def _reason_of_os(error: OSError, *, net: bool) -> str | None:
    number = error.errno
    if number in FORBIDDEN:
        return f"not permitted in a sandboxed copy ({_text(error)[:200]})"
    if number in LIMITED:
        return f"it exceeded a limit of the copy ({_text(error)[:200]})"
    if number in LOST or isinstance(error, BrokenPipeError | ConnectionResetError | ConnectionAbortedError):
        return f"the kernel's open files and connections do not work in a copy ({_text(error)[:200]})"
    if not net and (isinstance(error, ConnectionError) or type(error).__name__ in ("gaierror", "herror")):
        return f"a sandboxed copy has no network ({_text(error)[:200]})"
    return None


def _text(error: BaseException) -> str:
    """The message; empty if the `__str__` of a user's class raises."""
    try:
        return str(error)
    except Exception:
        return ""
