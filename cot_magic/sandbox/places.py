"""Whose code a file is: that of the library and of packages, or the person's."""

import functools
import site
import sys
import sysconfig

_FOLDERS = tuple(
    {
        path.rstrip("/") + "/"
        for path in (
            *(sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
            site.getusersitepackages(),
            *(path for path in sys.path if path.rstrip("/").endswith(("site-packages", "dist-packages"))),
        )
        if path
    }
)
_OURS = __file__.rpartition("/")[0].rpartition("/")[0] + "/"
_COMPILED = (".pyx", ".pxi", ".pxd")  # Cython names its frames by these files, which are not installed


@functools.lru_cache(maxsize=4096)
def of_a_library(filename: str) -> bool:
    """Whether code of that file belongs to Python, to an installed package or to cot-magic."""
    return filename.startswith((*_FOLDERS, _OURS, "<frozen ", "<built-in>")) or filename.endswith(_COMPILED)
