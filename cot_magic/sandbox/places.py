"""Whose code a file is: that of the library and of packages, or the person's."""

import functools
import os
import sys

from cot_magic.core.library_folders import installed, starts_of

PACKAGES = ("site-packages", "dist-packages")
_OURS = os.path.dirname(os.path.dirname(__file__))
_ON_THE_PATH = (path for path in sys.path if os.path.basename(os.path.normpath(path)) in PACKAGES)
_STARTS = starts_of((*installed(), *_ON_THE_PATH, _OURS), os.path)
_NO_FILE = ("<frozen ", "<built-in>")
_COMPILED = (".pyx", ".pxi", ".pxd")  # Cython names its frames by these files, which are not installed


@functools.lru_cache(maxsize=4096)
def of_a_library(filename: str) -> bool:
    """Whether code of that file belongs to Python, to an installed package or to cot-magic."""
    if filename.startswith(_NO_FILE) or filename.endswith(_COMPILED):
        return True
    return os.path.normcase(filename).startswith(_STARTS)
