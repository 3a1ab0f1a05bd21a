"""The tools in a Jupyter server: jupyter-server-mcp finds them through its entry points, jupyter-ai's agents
through jupyter-server-mcp."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal

from cot_magic.agents import tools as words
from cot_magic.agents.answers import ToolAnswer
from cot_magic.agents.tools import Tools
from cot_magic.core.errors import CotError

_NAMES = ("debug_notebook", "debug_cell", "certify_notebook", "explain_evidence")
TOOLS = [f"{__name__}:{name}" for name in _NAMES]
"""What the entry point `jupyter_server_mcp.tools` gives: functions by module and name (0.3 and 0.4)."""


def _root() -> Path:
    """The folder that the server shows; paths of its clients are relative to it."""
    from jupyter_server.serverapp import ServerApp

    return Path(ServerApp.instance().root_dir) if ServerApp.initialized() else Path()


_tools = Tools(_root)


async def debug_notebook(
    path: Annotated[str, words.PATH],
    question: Annotated[str, words.QUESTION] = "",
    intensity: Annotated[Literal["cot", "cot+", "cot++"], words.INTENSITY] = "cot+",
) -> Any:
    return await _result(_tools.debug_notebook(path, question, intensity, _tell))


async def debug_cell(kernel: Annotated[str, words.KERNEL], cell: Annotated[str, words.CELL] = "") -> Any:
    return await _result(_tools.debug_cell(kernel, cell, _tell))


async def certify_notebook(path: Annotated[str, words.PATH]) -> Any:
    return await _result(_tools.certify_notebook(path, _tell))


async def explain_evidence(
    session: Annotated[str, words.SESSION],
    id: Annotated[str, words.EVIDENCE],
) -> Any:
    async def found() -> ToolAnswer:
        return _tools.explain_evidence(session, id)

    return await _result(found())


# what jupyter-server-mcp shows as descriptions
debug_notebook.__doc__ = words.DEBUG_NOTEBOOK
debug_cell.__doc__ = words.DEBUG_CELL
certify_notebook.__doc__ = words.CERTIFY_NOTEBOOK
explain_evidence.__doc__ = words.EXPLAIN_EVIDENCE


async def _tell(steps: int, message: str) -> None:
    from fastmcp.server.dependencies import get_context

    await get_context().report_progress(steps, None, message)


async def _result(answering: Coroutine[Any, Any, ToolAnswer]) -> Any:
    """What FastMCP sends: the answer with its data. Raises its ToolError with the remedy."""
    from fastmcp.exceptions import ToolError
    from fastmcp.tools import ToolResult

    try:
        answer = await answering
    except CotError as error:
        raise ToolError(f"cot-magic: {error}") from None
    return ToolResult(content=answer.text, structured_content=answer.data)
