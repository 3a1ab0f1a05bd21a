"""Tells an exception that the confinement or a lost resource caused from one that is the code's own."""

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
    "nobody can be asked for input in a copy",
)
DATABASE_TEXTS = ("database is locked", "disk i/o error", "readonly database", "unable to open database")
MOST_LINKS = 50


def why_blocked(error: BaseException, *, net: bool, withheld: frozenset[str]) -> str | None:
    """Why this exception, or one that it came from, says nothing about the code; None if it is its own."""
    for link in chain(error):
        reason = _reason(link, net=net, withheld=withheld)
        if reason is not None:
            return reason
    return None


def chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, its causes, contexts and members, each once, at most 50."""
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
        return "it reached the memory limit of the copy"
    text = _text(error)
    if isinstance(error, EOFError) and LOST_TEXTS[-1] in text:
        return "it asks for input, and nobody can answer in a copy"
    key = error.args[0] if isinstance(error, KeyError) and error.args else None
    if type(key) is str and key in withheld:
        return f"it needs the environment variable {key}, which is withheld from copies"
    lost = next((part for part in LOST_TEXTS if part in text), None)
    if lost is not None:
        return f"it needs something of the kernel that a copy does not have ({lost})"
    of_sqlite = type(error).__module__ in ("sqlite3", "_sqlite3")
    if of_sqlite and any(part in text.lower() for part in DATABASE_TEXTS):
        return f"a copy cannot write to the database ({text[:100]})"
    return _reason_of_os(error, net=net) if isinstance(error, OSError) else None


def _reason_of_os(error: OSError, *, net: bool) -> str | None:
    number = error.errno
    if number in FORBIDDEN:
        return f"a copy is not permitted to do this ({_text(error)[:200]})"
    if number in LIMITED:
        return f"it reached a limit of the copy ({_text(error)[:200]})"
    if number in LOST or isinstance(error, BrokenPipeError | ConnectionResetError | ConnectionAbortedError):
        return f"a file or connection of the kernel cannot be used in a copy ({_text(error)[:200]})"
    if not net and (isinstance(error, ConnectionError) or type(error).__name__ in ("gaierror", "herror")):
        return f"a copy has no network ({_text(error)[:200]})"
    return None


def _text(error: BaseException) -> str:
    """The message; that of a user's class may be code of the user, whose own failure is no reason."""
    try:
        return str(error)
    except Exception:
        return ""
