"""cot-magic: the notebook debugger whose every ✓ was executed.

`%load_ext cot_magic`, then `%%cot`, `%%cot+` or `%%cot++` on top of a cell that fails. `cot_magic.last` is
the last Session.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cot_magic.core.session import Session

__all__ = ["__version__", "debug", "explore", "last", "load_ipython_extension", "unload_ipython_extension"]
__version__ = "0.1.0"

last: "Session | None"
explore: Any


def load_ipython_extension(shell: Any) -> None:
    """Register the magics in an IPython shell (called by `%load_ext cot_magic`). Loading twice changes
    nothing."""
    from cot_magic.ipython.extension import load
    from cot_magic.ipython.idle import load_when_idle

    magics = load(shell)
    load_when_idle(lambda: bool(magics.state.running))


def unload_ipython_extension(shell: Any) -> None:
    """Remove everything again (called by `%unload_ext cot_magic`)."""
    from cot_magic.ipython.extension import unload

    unload(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the front-end extension is, for `jupyter labextension develop`."""
    return [{"src": "labextension", "dest": "cot-magic"}]


def debug(source: str, ns: "Mapping[str, Any] | None" = None, *, intensity: str = "cot") -> "Session | None":
    """Run code in a namespace of its own and investigate its failure; None if it passes.

    Parameters
    ----------
    source
        Code as in a cell.
    ns
        Global names for the code; the mapping is not changed.
    intensity
        `cot`, `cot+` or `cot++`.
    """
    from cot_magic.ipython.armed import debug

    return debug(source, ns or {}, intensity=intensity)


def __getattr__(name: str) -> Any:
    if name == "last":
        from cot_magic.run.last_session import LAST

        return LAST.session
    if name == "explore":  # a package that can be called
        from importlib import import_module

        return import_module("cot_magic.explore")
    raise AttributeError(f"module 'cot_magic' has no attribute {name!r}")
