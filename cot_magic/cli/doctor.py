"""What works on this machine: the parts that a debugger needs, each tried rather than assumed."""

import importlib.util
import sys
from dataclasses import dataclass
from importlib.metadata import version


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part: whether it is there, what was seen, and whether one can do without it."""

    what: str
    good: bool
    detail: str
    optional: bool = False


def examine() -> tuple[Finding, ...]:
    """Try each part. Takes a second or so: the confinement is tried in a throw-away copy of this process."""
    return (_python(), _packages(), _sandbox(), _kernel(), _model(), _front_end(), _ruff())


def _python() -> Finding:
    return Finding(what="Python", good=sys.version_info >= (3, 11), detail=sys.version.split()[0])


def _packages() -> Finding:
    names = ("ipython", "ipykernel", "ipywidgets", "nbformat", "nbclient", "anthropic")
    return Finding(what="packages", good=True, detail=", ".join(f"{name} {version(name)}" for name in names))


def _sandbox() -> Finding:
    from cot_magic.sandbox.machine import probe

    status = probe()
    detail = status.reason or "copies of the kernel are confined by Landlock and seccomp"
    if not status.available:
        detail += "; fixes will be shown as UNVERIFIED"
    return Finding(what="sandbox", good=status.available, detail=detail, optional=True)


def _model() -> Finding:
    """Where a credential comes from; none is read, and nothing is asked."""
    from cot_magic.reasoners.claude.messages.client import address_of
    from cot_magic.reasoners.claude.messages.credentials import credential_source
    from cot_magic.settings import DEFAULT_MODEL

    source = credential_source()
    if source is None:
        detail = "no credential found, so the offline reasoner works; set ANTHROPIC_API_KEY to ask a model"
        return Finding(what="model", good=False, detail=detail, optional=True)
    detail = f"{DEFAULT_MODEL} at {address_of('anthropic')}, credential: {source} (not tried)"
    return Finding(what="model", good=True, detail=detail)


def _kernel() -> Finding:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Finding(what="kernel python3", good=False, detail="not found: pip install ipykernel")
    return Finding(what="kernel python3", good=True, detail=spec.display_name)


def _front_end() -> Finding:
    """The extension of JupyterLab and Notebook 7, as a server of this environment would find it."""
    import json
    from pathlib import Path

    from jupyter_core.paths import jupyter_path

    what, here = "front-end extension", version("cot-magic")
    found = (Path(folder) / "cot-magic" / "package.json" for folder in jupyter_path("labextensions"))
    package = next((path for path in found if path.is_file()), None)
    if package is None:
        detail = "not found: pip install cot-magic where the Jupyter server runs; cells go in by %cot_insert"
        return Finding(what=what, good=False, detail=detail, optional=True)
    there = json.loads(package.read_text(encoding="utf-8"))["version"]
    if there != here:
        detail = f"version {there}, but cot-magic is {here}: install the same version for the server"
        return Finding(what=what, good=False, detail=detail, optional=True)
    return Finding(what=what, good=True, detail=f"version {there} in {package.parent.parent}")


def _ruff() -> Finding:
    found = importlib.util.find_spec("ruff") is not None
    detail = (
        "reviews of passing cells include its diagnostics" if found else "pip install 'cot-magic[review]'"
    )
    return Finding(what="ruff", good=found, detail=detail, optional=True)
