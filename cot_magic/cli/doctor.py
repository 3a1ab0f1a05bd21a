"""`cot-magic doctor`: what works on this machine; each part is tried rather than assumed."""

import argparse
import importlib.util
import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from cot_magic.cli.exit_codes import NO_FAILURE, OUR_ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One part: whether it works, what was found, and whether it is optional."""

    what: str
    good: bool
    detail: str
    optional: bool = False


def add_parser(commands: Any) -> None:
    """Add the command to `cot-magic`."""
    parser = commands.add_parser("doctor", help="check what works on this machine, and how to fix the rest")
    parser.add_argument(
        "--attack",
        action="store_true",
        help="try to get out of the confinement in hundreds of ways, and count",
    )
    parser.set_defaults(run=doctor_command)


def doctor_command(given: argparse.Namespace) -> int:
    """Print a line for each part, or for each attempt that was not held."""
    if given.attack:
        return attack()
    found = examine()
    for item in found:
        print(f"{'ok  ' if item.good else 'miss'}  {item.what}: {item.detail}")
    return NO_FAILURE if all(item.good or item.optional for item in found) else OUR_ERROR


def attack() -> int:
    """Make the attempts, as root also as an ordinary user, and end with one line of figures.

    Nothing outside a throw-away folder is touched, unless the confinement fails.
    """
    from cot_magic.sandbox.attacks import suite
    from cot_magic.sandbox.attacks.attack import AttackEnding
    from cot_magic.sandbox.machine import probe

    status = probe()
    if not status.available:
        print(f"nothing was tried, as nothing would run here: {status.reason}")
        return OUR_ERROR
    attacked = suite.attack_all()
    for part in attacked:
        for result in part.results:
            if result.ending is not AttackEnding.HELD:
                print(f"{result.ending}  {result.kind}: {result.name}, as {part.user}: {result.shown}")
    print(f"{status.reason}; {suite.figures(attacked)}")
    return NO_FAILURE if suite.is_held(attacked) else OUR_ERROR


def examine() -> tuple[Requirement, ...]:
    """Try each part. Takes about a second: the confinement is tried in a throw-away copy of this process."""
    return (_python(), _packages(), _sandbox(), _kernel(), _model(), _front_end(), _ruff())


def _python() -> Requirement:
    return Requirement(what="Python", good=sys.version_info >= (3, 11), detail=sys.version.split()[0])


def _packages() -> Requirement:
    names = ("ipython", "ipykernel", "ipywidgets", "nbformat", "nbclient", "anthropic")
    return Requirement(
        what="packages", good=True, detail=", ".join(f"{name} {version(name)}" for name in names)
    )


def _sandbox() -> Requirement:
    from cot_magic.sandbox.machine import probe

    status = probe()
    if status.available:
        from cot_magic.sandbox import landlock
        from cot_magic.sandbox.confine import SCOPES_SINCE

        detail = f"{status.reason} and seccomp, tried in a copy"
        if landlock.abi() < SCOPES_SINCE:
            detail += f"; `--allow proc` is refused, as it needs Landlock {SCOPES_SINCE}"
    else:
        detail = f"{status.reason}; fixes will be shown as UNVERIFIED"
    return Requirement(what="sandbox", good=status.available, detail=detail, optional=True)


def _model() -> Requirement:
    """Where a credential comes from; it is not read, and nothing is sent."""
    from cot_magic.reasoners.claude.messages.client import address_of
    from cot_magic.reasoners.claude.messages.credentials import credential_source
    from cot_magic.settings import DEFAULT_MODEL

    source = credential_source()
    if source is None:
        detail = "no credential found: the offline reasoner is used; set ANTHROPIC_API_KEY to ask a model"
        return Requirement(what="model", good=False, detail=detail, optional=True)
    detail = f"{DEFAULT_MODEL} at {address_of('anthropic')}, credential: {source} (not tried)"
    return Requirement(what="model", good=True, detail=detail)


def _kernel() -> Requirement:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Requirement(what="kernel python3", good=False, detail="not found: pip install ipykernel")
    return Requirement(what="kernel python3", good=True, detail=spec.display_name)


def _front_end() -> Requirement:
    """The extension of JupyterLab and Notebook 7, as a server of this environment would find it."""
    import json
    from pathlib import Path

    from jupyter_core.paths import jupyter_path

    what, here = "front-end extension", version("cot-magic")
    found = (Path(folder) / "cot-magic" / "package.json" for folder in jupyter_path("labextensions"))
    package = next((path for path in found if path.is_file()), None)
    if package is None:
        detail = "not found: pip install cot-magic where the Jupyter server runs; until then use %cot_insert"
        return Requirement(what=what, good=False, detail=detail, optional=True)
    there = json.loads(package.read_text(encoding="utf-8"))["version"]
    if there != here:
        detail = f"version {there}, but cot-magic is {here}: install the same version for the server"
        return Requirement(what=what, good=False, detail=detail, optional=True)
    return Requirement(what=what, good=True, detail=f"version {there} in {package.parent.parent}")


def _ruff() -> Requirement:
    found = importlib.util.find_spec("ruff") is not None
    detail = (
        "reviews of passing cells include its diagnostics" if found else "pip install 'cot-magic[review]'"
    )
    return Requirement(what="ruff", good=found, detail=detail, optional=True)
