"""Which front end sent the current request, as far as a kernel can tell."""

import os
import sys
from collections.abc import Mapping
from typing import Any

LAB, VSCODE, COLAB, TERMINAL, UNKNOWN = "jupyterlab-like", "vscode", "colab", "terminal", "unknown"


def front_end(shell: Any, environ: Mapping[str, str] = os.environ) -> str:
    """Return `jupyterlab-like`, `vscode`, `colab`, `terminal` or `unknown` (nbclient, papermill, …).

    JupyterLab and Notebook 7 put the id of the cell into the request's metadata; VS Code puts the URI of the
    cell there. VSCODE_PID alone says little, since a server started in a VS Code terminal has it too; it
    counts only if no cell id came. A click on a widget is a comm message without metadata.
    """
    if any(cls.__name__ == "TerminalInteractiveShell" for cls in type(shell).__mro__):
        return TERMINAL
    if "google.colab" in sys.modules:
        return COLAB
    cell_id = request(shell).get("metadata", {}).get("cellId")
    if isinstance(cell_id, str) and cell_id:
        return VSCODE if cell_id.startswith("vscode-") or "://" in cell_id else LAB
    if "VSCODE_PID" in environ:
        return VSCODE
    return LAB if message_type(shell) == "comm_msg" else UNKNOWN


def request(shell: Any) -> dict[str, Any]:
    """Return the message that the kernel is handling; empty if there is none."""
    get_parent = getattr(shell, "get_parent", None)
    found = get_parent() if get_parent is not None else None
    return found if isinstance(found, dict) else {}


def message_type(shell: Any) -> str:
    """Return `execute_request`, `comm_msg`, or an empty string."""
    kind = request(shell).get("header", {}).get("msg_type", "")
    return kind if isinstance(kind, str) else ""
