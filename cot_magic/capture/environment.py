"""Where a failure happened: Python, platform, and versions of the packages that the case involves."""

import functools
import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Environment, Raised

MOST_PACKAGES = 20
_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]([^/\\.]+)")


def environment(raised: Raised | None, imported: Iterable[str], redactor: Redactor) -> Environment:
    """The environment of a case, except the front end, which only the caller knows.

    Parameters
    ----------
    imported
        Top-level names of the modules that the failing cell and its lineage import.
    """
    modules = dict.fromkeys([*(_modules_of(raised) if raised is not None else ()), *imported])
    return Environment(
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.release()} {platform.machine()}",
        cwd=redactor.text(_working_directory()),
        packages=tuple(_versions(modules))[:MOST_PACKAGES],
    )


def _modules_of(raised: Raised) -> Iterator[str]:
    """Top-level modules with code in the traceback, innermost first."""
    for frame in reversed(raised.frames):
        if match := _INSTALLED.search(frame.filename):
            yield match[1]
    for linked in (raised.cause, raised.context, *raised.group):
        if linked is not None:
            yield from _modules_of(linked)


def _versions(modules: Iterable[str]) -> Iterator[tuple[str, str]]:
    for module in modules:
        if module in sys.stdlib_module_names or module not in sys.modules:
            continue
        version = _version(module)
        if version is not None:
            yield module, version


def _version(module: str) -> str | None:
    try:
        return importlib.metadata.version(module)
    except importlib.metadata.PackageNotFoundError:
        names = _distributions().get(module)  # `sklearn` belongs to scikit-learn
        return importlib.metadata.version(names[0]) if names else None


@functools.cache
def _distributions() -> dict[str, list[str]]:
    return {name: list(found) for name, found in importlib.metadata.packages_distributions().items()}


def _working_directory() -> str:
    try:
        here = os.getcwd()
    except FileNotFoundError:
        return "<deleted>"
    home = os.path.expanduser("~")
    if here == home or here.startswith(home.rstrip(os.sep) + os.sep):
        return "~" + here[len(home.rstrip(os.sep)) :]
    return here
