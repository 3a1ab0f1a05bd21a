"""The profile of macOS's `sandbox-exec` for one job: what is not allowed in it is refused."""

import os
from collections.abc import Iterable, Iterator, Sequence

from cot_magic.sandbox.bounds import PACKAGES, Bounds, interpreter

PROGRAM = "/usr/bin/sandbox-exec"
OF_THE_SYSTEM = (
    "/System", "/usr", "/bin", "/sbin", "/opt/homebrew", "/opt/local", "/private/etc", "/dev",
    "/private/var/db/timezone", "/private/var/db/dyld", "/Library/Frameworks", "/Library/Fonts",
    "/Library/Developer",
)  # fmt: skip
"""What programs read of the system itself; in it are places that are closed."""
CLOSED_LIBRARIES = ("/Library/Keychains", "/private/var/db/dslocal", "/private/var/root")
READABLE_IN_LIBRARY = ("Fonts", "Python", "Caches/matplotlib", "Caches/fontconfig")
"""Of `~/Library`, where programs keep passwords, cookies and messages: all else in it is closed."""
HEAD = """\
(version 1)
(deny default)
(allow process-info* (target self))
(allow signal (target self))
(allow sysctl-read)
(allow file-read-metadata)
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))
(allow file-read* file-write-data (literal "/dev/null") (literal "/dev/dtracehelper"))
"""


def command(bounds: Bounds, arguments: Sequence[str]) -> list[str]:
    """The command that runs these arguments in the profile."""
    return [PROGRAM, "-p", profile(bounds), *arguments]


def profile(bounds: Bounds) -> str:
    """Its text, in the language of sandbox profiles; a later rule outranks those before it."""
    return HEAD + "".join(f"{line}\n" for line in _rules(bounds) if line)


def _rules(bounds: Bounds) -> Iterator[str]:
    library = os.path.join(os.path.realpath(os.path.expanduser("~")), "Library")
    if bounds.only is None:
        yield "(allow file-read*)"
    else:
        yield _rule("allow file-read*", (*OF_THE_SYSTEM, *bounds.only.whole))
        yield _rule("allow file-read-data", ("/", PACKAGES, *bounds.only.listed), kind="literal")
    yield _rule("deny file-read*", (*CLOSED_LIBRARIES, library, *bounds.closed))
    yield _rule("allow file-read*", (os.path.join(library, name) for name in READABLE_IN_LIBRARY))
    yield _rule("allow file-read*", (*bounds.reopened, *bounds.writable))
    yield _rule("deny file-read*", bounds.closed_again)
    yield _rule("allow file-write*", bounds.writable)
    # `sandbox-exec` becomes the interpreter; without `process-fork` it starts no other process
    programs = bounds.permissions.proc
    yield (
        "(allow process-exec process-fork)"
        if programs
        else _rule("allow process-exec", _interpreters(bounds))
    )
    if bounds.permissions.net:
        yield "(allow network* system-socket)"
        yield "(deny network* (remote unix-socket))"
        yield _rule("allow network-outbound", ("/private/var/run/mDNSResponder",), kind="literal")


def _interpreters(bounds: Bounds) -> tuple[str, ...]:
    """The running one, and those below the folders of its environment: a framework's starts another."""
    return (interpreter(), *bounds.needed)


def _rule(what: str, paths: Iterable[str], *, kind: str = "subpath") -> str:
    """A rule over paths; `subpath` is a path with all that is below it, `literal` the path alone."""
    filters = [f"({kind} {_quoted(path)})" for path in dict.fromkeys(paths)]
    return f"({what} {' '.join(filters)})" if filters else ""  # without a filter it would be for all paths


def _quoted(path: str) -> str:
    """Raises ValueError for a path that no profile can name."""
    if any(sign in path for sign in "\n\r\0"):
        raise ValueError(f"a path with a line break cannot be closed: {path!r}")
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
