"""What works on this machine: each part is tried rather than assumed, and each lack names its remedy."""

import importlib.util
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("ipython", "ipykernel", "ipywidgets", "nbformat", "nbclient", "anthropic")
_FRONT_ENDS = {"jupyterlab": "JupyterLab", "notebook": "Notebook", "nbclassic": "nbclassic"}
_BY_SECCOMP = {  # first version of Landlock that refuses it: what seccomp refuses before that
    3: "emptying files",
    4: "TCP",
    5: "commands to devices",
    6: "signals and abstract sockets",
}
_NOT_COVERED = (
    "not covered: reading what is neither a credential nor hidden, CPU and memory up to the limits, names in "
    "closed folders, what --allow lifts (SECURITY.md)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One part of what cot-magic needs or uses.

    Attributes
    ----------
    what
        Its name.
    good
        Whether it works.
    detail
        What was found; never a value that is secret.
    remedy
        What to do where it does not work; "" where nothing is to be done.
    optional
        Whether cot-magic is of use without it.
    """

    what: str
    good: bool
    detail: str
    remedy: str = ""
    optional: bool = False


Check = Callable[[], Iterator[Requirement]]


def checkup() -> tuple[Requirement, ...]:
    """Try each part. Takes about a second: the confinement is tried in a throw-away copy of this process."""
    checks: dict[str, Check] = {
        "Python": _python,
        "platform": _platform,
        "packages": _packages,
        "sandbox": _sandbox,
        "kernels": _kernels,
        "front ends": _front_ends,
        "front-end extension": _extension,
        "credentials": _credentials,
        "libraries and forks": _libraries,
        "extras": _extras,
    }
    found = [part for what, check in checks.items() for part in tried(what, check)]
    return (*found, *_consequences(found))


def tried(what: str, check: Check) -> tuple[Requirement, ...]:
    """The parts that a check found, or one that says that it could not be made, and why."""
    try:
        return tuple(check())
    except Exception as error:  # a broken installation must not hide what the other checks find
        why = f"could not be checked: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        remedy = "install cot-magic again: pip install --force-reinstall cot-magic"
        return (Requirement(what=what, good=False, detail=why, remedy=remedy),)


def _python() -> Iterator[Requirement]:
    good = sys.version_info >= (3, 11)
    remedy = "" if good else "use Python 3.11 or later"
    yield Requirement(what="Python", good=good, detail=sys.version.split()[0], remedy=remedy)


def _platform() -> Iterator[Requirement]:
    good = sys.platform == "linux"
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    detail = f"{platform.system()} {platform.release()}, {platform.machine()}, {cores} cores"
    remedy = (
        "" if good else "run the kernel on Linux (a container, WSL 2, a server) for fixes that are verified"
    )
    yield Requirement(what="platform", good=good, detail=detail, remedy=remedy, optional=True)


def _packages() -> Iterator[Requirement]:
    found, missing = [], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    detail = ", ".join([*found, *(f"no {name}" for name in missing)])
    remedy = f"pip install {' '.join(missing)}" if missing else ""
    yield Requirement(what="packages", good=not missing, detail=detail, remedy=remedy)


def _sandbox() -> Iterator[Requirement]:
    from cot_magic.sandbox.machine import probe

    status = probe()
    if not status.available:
        remedy = "Linux 5.13 or later with Landlock (CONFIG_LSM or lsm= names landlock) and seccomp"
        yield Requirement(what="sandbox", good=False, detail=status.reason, remedy=remedy, optional=True)
        yield _new_processes()
        return
    from cot_magic.sandbox import landlock
    from cot_magic.sandbox.confine import SCOPES_SINCE

    level = landlock.abi()
    yield Requirement(what="sandbox", good=True, detail=f"{status.reason} and seccomp, tried in a copy")
    left = [name for first, name in _BY_SECCOMP.items() if level < first]
    detail = f"seccomp refuses in place of Landlock: {', '.join(left)}; " if left else ""
    yield Requirement(what="confinement", good=True, detail=f"{detail}{_NOT_COVERED}")
    if level < SCOPES_SINCE:
        detail = f"`--allow proc` is refused: it needs Landlock {SCOPES_SINCE}"
        yield Requirement(
            what="programs in copies", good=False, detail=detail, remedy="Linux 6.12 or later", optional=True
        )


def _new_processes() -> Requirement:
    from cot_magic.sandbox.new_process import means_for
    from cot_magic.sandbox.permissions import Permissions

    means = means_for(Permissions())
    if isinstance(means, str):
        remedy = "bubblewrap, on Linux" if sys.platform == "linux" else ""
        return Requirement(what="new processes", good=False, detail=means, remedy=remedy, optional=True)
    detail = f"{means.name}, tried: experiments run in new processes, after the cells above"
    return Requirement(what="new processes", good=True, detail=detail)


def _kernels() -> Iterator[Requirement]:
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager().get_all_specs()
    if "python3" not in specs:
        yield Requirement(
            what="kernel python3", good=False, detail="not found", remedy="pip install ipykernel"
        )
    for name, found in sorted(specs.items()):
        spec = found["spec"]
        language, program = spec.get("language", ""), (spec.get("argv") or [""])[0]
        if language.lower() not in ("python", "ipython"):
            detail = f"{spec.get('display_name', name)}: {language or 'no language'}; cot-magic runs Python"
            yield Requirement(what=f"kernel {name}", good=False, detail=detail, optional=True)
        elif os.path.isabs(program) and not os.access(program, os.X_OK) and name != "python3":
            remedy = f"jupyter kernelspec remove {name}, and install it again"
            detail = f"its interpreter {program} does not exist"
            yield Requirement(what=f"kernel {name}", good=False, detail=detail, remedy=remedy, optional=True)
        else:
            yield Requirement(what=f"kernel {name}", good=True, detail=spec.get("display_name", name))


def _front_ends() -> Iterator[Requirement]:
    found = []
    for package, name in _FRONT_ENDS.items():
        try:
            found.append(f"{name} {version(package)}")
        except PackageNotFoundError:
            continue
    detail = ", ".join(found) if found else "none here"
    remedy = "" if found else "pip install jupyterlab, unless a front end elsewhere uses this kernel"
    yield Requirement(what="front ends", good=bool(found), detail=detail, remedy=remedy, optional=True)


def _extension() -> Iterator[Requirement]:
    """The extension of JupyterLab and Notebook 7, as a server of this environment would find it."""
    import json
    from pathlib import Path

    from jupyter_core.paths import jupyter_path

    what, here = "front-end extension", version("cot-magic")
    found = (Path(folder) / "cot-magic" / "package.json" for folder in jupyter_path("labextensions"))
    package = next((path for path in found if path.is_file()), None)
    if package is None:
        remedy = "pip install cot-magic where the Jupyter server runs; until then use %cot_insert"
        yield Requirement(what=what, good=False, detail="not found", remedy=remedy, optional=True)
        return
    there = json.loads(package.read_text(encoding="utf-8"))["version"]
    good = there == here
    detail = f"version {there} in {package.parent.parent}" + ("" if good else f", but cot-magic is {here}")
    remedy = "" if good else "install the same version for the server"
    yield Requirement(what=what, good=good, detail=detail, remedy=remedy, optional=True)


def _credentials() -> Iterator[Requirement]:
    """Where credentials come from; they are not read, and nothing is sent."""
    from cot_magic.reasoners.claude.messages.client import address_of
    from cot_magic.reasoners.claude.messages.credentials import (
        PLATFORMS,
        credential_source,
        what_is_missing,
    )
    from cot_magic.settings import DEFAULT_MODEL

    sources = {name: credential_source(name) for name in PLATFORMS}
    for name, source in sources.items():
        if source is not None:
            address = f" at {address_of(name)}" if name == "anthropic" else ""
            detail = f"{DEFAULT_MODEL}{address}, credential: {source} (not tried)"
            yield Requirement(what=f"model ({name})", good=True, detail=detail)
    if not any(sources.values()):
        detail = "no credential found: the offline reasoner is used"
        yield Requirement(
            what="model", good=False, detail=detail, remedy=what_is_missing("anthropic"), optional=True
        )


def _libraries() -> Iterator[Requirement]:
    """What becomes of the installed libraries in a copy of the kernel."""
    from cot_magic.sandbox.libraries import LIBRARIES, Fate

    installed = [row for row in LIBRARIES if row.is_installed()]
    for fate in (Fate.COPIED, Fate.BLOCKED):
        found = "; ".join(f"{row.top}: {row.what}" for row in installed if row.fate is fate)
        if found:
            yield Requirement(what=f"libraries: {fate}", good=True, detail=found)
    apart = [row for row in LIBRARIES if row.fate is Fate.APART]
    for row in (row for row in apart if row.is_installed()):
        detail = (
            f"{row.why} do not survive a fork: a kernel that uses it ({row.what}) is not copied; experiments "
            "run in a new process, after the cells above"
        )
        remedy = "keep the cells above a failing one short, or import it below that cell"
        yield Requirement(what=row.top, good=False, detail=detail, remedy=remedy, optional=True)
    if not any(row.is_installed() for row in apart):
        names = ", ".join(sorted(row.top for row in apart))
        detail = f"none installed of those that do not survive a fork: {names}"
        yield Requirement(what="libraries and forks", good=True, detail=detail)


def _extras() -> Iterator[Requirement]:
    for module, what, gives, extra in (
        ("ruff", "ruff", "reviews of passing cells include its diagnostics", "review"),
        ("dask.distributed", "dask", "sweeps and searches run on a cluster", "cluster"),
        ("mcp", "mcp", "agents can use cot-magic", "mcp"),
        ("pytest", "pytest", "pytest --cot debugs failing tests", ""),
    ):
        top = module.partition(".")[0]
        good = importlib.util.find_spec(top) is not None and importlib.util.find_spec(module) is not None
        remedy = "" if good else f"pip install 'cot-magic[{extra}]'" if extra else f"pip install {what}"
        detail = gives if good else "not installed"
        yield Requirement(what=what, good=good, detail=detail, remedy=remedy, optional=True)


def _consequences(found: list[Requirement]) -> Iterator[Requirement]:
    """What follows: one line for each thing that a person may want to do."""
    good = {part.what for part in found if part.good}
    confined, kernel = "sandbox" in good, "kernel python3" in good
    apart = "new processes" in good
    for what, works, yes, no in (
        (
            "fixes in copies",
            (confined or apart) and kernel,
            "are run before they are shown, and can be verified",
            "are shown as UNVERIFIED: nothing can be run in a copy",
        ),
        ("certificates, the guard, pytest --cot", confined, "work", "do not work: they need confined copies"),
        ("cot-magic run and sweep", kernel, "work", "do not work: they need a kernel"),
    ):
        yield Requirement(what=what, good=works, detail=yes if works else no, optional=True)
