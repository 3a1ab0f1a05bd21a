"""What a new process may do, where the operating system confines it from its start."""

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from cot_magic.sandbox.near import Readable
from cot_magic.sandbox.permissions import Permissions

PACKAGES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
"""The folder that this package is imported from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """All paths are absolute and real.

    Attributes
    ----------
    writable
        Folders that may be written.
    closed
        Files and folders that must not be read.
    needed
        What the interpreter reads, also inside of `closed`.
    only
        If given, nothing else may be read.
    """

    permissions: Permissions
    writable: tuple[str, ...]
    closed: tuple[str, ...]
    needed: tuple[str, ...]
    only: Readable | None = None

    @property
    def reopened(self) -> tuple[str, ...]:
        """What is needed although it lies in something closed."""
        return tuple(path for path in self.needed if is_within(path, self.closed))

    @property
    def closed_again(self) -> tuple[str, ...]:
        """What is closed although it lies in something reopened."""
        return tuple(path for path in self.closed if is_within(path, self.reopened))


def is_within(path: str, trees: Sequence[str]) -> bool:
    """Whether it is below one of these folders."""
    return any(path.startswith(f"{tree.rstrip('/')}/") for tree in trees)


def bounds(
    permissions: Permissions, writable: Sequence[str], *, connection: str, only: Readable | None = None
) -> Bounds:
    """Those of a job in the folder of this process.

    Parameters
    ----------
    writable
        The folders of the job itself.
    connection
        The connection file of this kernel, or an empty string.
    """
    from cot_magic.sandbox import secret_places  # needs a system with users of POSIX

    closed = {
        *secret_places.of_homes(),
        *secret_places.of_the_system(),
        *secret_places.of_environment(os.environ),
        *secret_places.of_kernels(connection),
        *secret_places.of_project(os.getcwd()),
        *secret_places.of_temporary_files(tempfile.gettempdir()),
    }
    return Bounds(
        permissions=permissions,
        writable=(*_real(writable), *_real(permissions.writable)),
        closed=_real(closed),
        needed=_real((*secret_places.needed(), PACKAGES)),
        only=only,
    )


def interpreter() -> str:
    """The real path of the running interpreter."""
    return os.path.realpath(sys.executable)


def _real(paths: Sequence[str] | set[str]) -> tuple[str, ...]:
    return tuple(sorted({os.path.realpath(path) for path in paths}))
