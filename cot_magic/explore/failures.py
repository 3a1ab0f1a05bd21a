"""What a run raised, as a value: the class and the innermost frame of the user's code."""

import functools
import site
import sysconfig
from types import TracebackType

from cot_magic.explore.decisions import Failure

_LIBRARIES = tuple(
    {
        path.rstrip("/") + "/"
        for path in (
            sysconfig.get_path("stdlib"),
            sysconfig.get_path("platstdlib"),
            sysconfig.get_path("purelib"),
            sysconfig.get_path("platlib"),
            site.getusersitepackages(),
        )
        if path
    }
)
_GENERATED = ("<string>", "<stdin>")  # methods of named tuples and dataclasses
_OURS = __file__.rpartition("/")[0].rpartition("/")[0] + "/"


@functools.lru_cache(maxsize=4096)
def of_the_user(filename: str) -> bool:
    """Whether code of that file is the user's: not the standard library's, an installed package's or ours."""
    return filename not in _GENERATED and not filename.startswith((*_LIBRARIES, _OURS, "<frozen "))


def failure_of(error: BaseException) -> Failure:
    """The failure as a value."""
    place: TracebackType | None = None
    entry = error.__traceback__
    while entry is not None:
        if of_the_user(entry.tb_frame.f_code.co_filename):
            place = entry
        entry = entry.tb_next
    try:
        text = str(error)[:500]
    except Exception as broken:  # the user's own __str__
        text = f"(its text cannot be had: {type(broken).__name__})"
    if place is None:
        return Failure(ename=type(error).__name__, evalue=text)
    code = place.tb_frame.f_code
    return Failure(
        ename=type(error).__name__,
        evalue=text,
        filename=code.co_filename,
        lineno=place.tb_lineno,
        function=code.co_name,
    )
