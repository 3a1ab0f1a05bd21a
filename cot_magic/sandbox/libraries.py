"""What becomes of libraries in a copy of the kernel: one table, which the check before a copy reads too."""

import importlib.util
import re
import sys
import sysconfig
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Fate(StrEnum):
    """COPIED: works in a copy. BLOCKED: experiments that use it are BLOCKED, never wrong.

    APART: a kernel that uses it is not copied, and experiments run in a new process.
    """

    COPIED = "works in a copy"
    BLOCKED = "blocks the experiment that uses it"
    APART = "is not copied: experiments run in a new process"


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryInCopies:
    """One row: the module by which a library is known, and what of it this is about.

    `why` tells what of it does not survive a fork; empty if all of it does. `threads` is the pattern of the
    names of the threads that it is about, for a library that begins them with its first computation: other
    libraries import it without using it, as statsmodels does polars. `beside` are modules whose import takes
    long too, where it is used.
    """

    module: str
    what: str
    fate: Fate
    why: str = ""
    threads: str = ""
    beside: tuple[str, ...] = ()

    @property
    def top(self) -> str:
        """The name by which it is imported."""
        return self.module.partition(".")[0]

    def is_installed(self) -> bool:
        return importlib.util.find_spec(self.top) is not None


_COPIED = {
    "numpy": "arrays, also those over 64 MB; BLAS with one thread",
    "pandas": "tables",
    "sklearn": "estimators; OpenMP with one thread",
    "matplotlib": "figures",
    "pyarrow": "tables and conversions",
    "sqlite3": "a database in memory",
}
_BLOCKED = {
    "subprocess": ("a program that the kernel started", "its pipes and its end"),
    "concurrent.futures": ("an executor that the kernel made", "its threads"),
    "queue": ("a queue that a thread of the kernel fills", "its thread"),
    "multiprocessing": ("a process that the kernel started", "its pipes and its end"),
    "joblib": ("its worker processes", "its workers"),
    "socket": ("a connection of the kernel", "its connection"),
    "duckdb": ("a database file that the kernel has open", "its file"),
}
_APART = {
    "jax": "the threads of jax",
    "ray": "the connections of ray",
    "grpc._cython.cygrpc": "the threads of grpc",
    "pyspark": "the connections of pyspark",
}
POLARS = LibraryInCopies(
    module="polars",
    what="once it has computed",
    fate=Fate.APART,
    why="the threads of polars",
    threads=r"polars-\d|tokio-rt|async-executor",
)
TENSORFLOW = LibraryInCopies(
    module="tensorflow",
    what="once it has computed",
    fate=Fate.APART,
    why="the threads of tensorflow",
    threads=r"tf_",
    beside=("keras",),
)
TORCH = LibraryInCopies(
    module="torch", what="CUDA, once it is in use", fate=Fate.APART, why="CUDA and its threads"
)
LIBRARIES = (
    *(LibraryInCopies(module=name, what=what, fate=Fate.COPIED) for name, what in _COPIED.items()),
    *(
        LibraryInCopies(module=name, what=what, fate=Fate.BLOCKED, why=why)
        for name, (what, why) in _BLOCKED.items()
    ),
    *(
        LibraryInCopies(module=name, what="once it is imported", fate=Fate.APART, why=why)
        for name, why in _APART.items()
    ),
    POLARS,
    TENSORFLOW,
    TORCH,
)


def why_not_copied() -> str | None:
    """What of the loaded modules does not survive a fork, as a reason; None if all is known to."""
    for row in LIBRARIES:
        loaded = row.fate is Fate.APART and row is not TORCH and row.module in sys.modules
        if loaded and (not row.threads or _run(row.threads)):
            return f"a copy of this kernel could hang: {row.why} do not survive a fork"
    cuda = getattr(sys.modules.get(TORCH.module), "cuda", None)
    if cuda is not None and cuda.is_initialized():
        return "CUDA is in use and does not work in a forked copy"
    return None


def ahead() -> tuple[str, ...]:
    """Modules that a new process imports once, before its jobs, as this kernel has imported them.

    Only libraries of the table that begin no thread before they compute, from where packages are installed:
    nothing is confined there yet.
    """
    names = (
        name
        for row in LIBRARIES
        if row.module in sys.modules and (row.fate is Fate.COPIED or row.threads or row is TORCH)
        for name in (row.top, *row.beside)
    )
    return tuple(name for name in names if name in sys.modules and _is_installed_package(name))


def _is_installed_package(name: str) -> bool:
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    file = getattr(sys.modules[name], "__file__", None)
    return file is not None and any(Path(file).is_relative_to(place) for place in places if place)


def _run(names: str) -> bool:
    """Whether a thread of this process has such a name; one that has just ended has none.

    Also where the system does not tell names of threads.
    """
    tasks, found = Path("/proc/self/task"), []
    if not tasks.is_dir():
        return True
    for task in tasks.iterdir():
        try:
            found.append((task / "comm").read_text())
        except OSError:
            continue
    return any(re.match(names, name) for name in found)


def as_table() -> str:
    """The rows in Markdown."""
    rows = [f"| `{row.top}` | {row.what} | {row.fate} |" for row in LIBRARIES]
    return "\n".join(("| library | of it | in a copy of the kernel |", "|---|---|---|", *rows))
