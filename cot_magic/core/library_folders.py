"""The folders of Python's library and of installed packages, in the form in which file names are compared."""

import site
import sysconfig
from collections.abc import Iterable, Iterator
from types import ModuleType


def starts_of(folders: Iterable[str], path: ModuleType) -> tuple[str, ...]:
    """How the names of all files in these folders begin, after `path.normcase`.

    Parameters
    ----------
    path
        `os.path`, or `posixpath` or `ntpath` for names of another system.
    """
    return tuple({path.join(path.normcase(path.normpath(folder)), "") for folder in folders if folder})


def installed() -> Iterator[str]:
    """The folders of this interpreter."""
    yield from map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib"))
    yield site.getusersitepackages()
