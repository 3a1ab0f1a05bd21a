"""What `%load_ext cot_magic` and `%unload_ext cot_magic` do."""

from typing import Any

from cot_magic.ipython.kernel_state import KernelState
from cot_magic.ipython.magics import Magics
from cot_magic.notebook.bridge import Bridge


def load(shell: Any) -> Magics:
    """Register the magics in an IPython shell and return them; loading twice changes nothing."""
    magics: Magics | None = getattr(shell, "_cot_magics", None)
    if magics is None:
        magics = shell._cot_magics = Magics(KernelState(shell=shell, bridge=Bridge(shell)))
        magics.register()
    return magics


def unload(shell: Any) -> None:
    """Remove everything again."""
    magics: Magics | None = getattr(shell, "_cot_magics", None)
    if magics is not None:
        magics.unregister()
        shell._cot_magics = None
