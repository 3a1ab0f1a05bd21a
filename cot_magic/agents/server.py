"""The tools over the Model Context Protocol, with the official SDK: on standard input and output."""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

from cot_magic.agents import tools as words
from cot_magic.agents.answers import ToolAnswer
from cot_magic.agents.processes import LIMIT_S, PLACES, Processes
from cot_magic.agents.tools import Tools
from cot_magic.core.errors import CotError, MissingExtra
from cot_magic.settings import Settings


def serve(root: Path, settings: Settings, *, limit: float | None = None, places: int | None = None) -> None:
    """Serve the four tools on standard input and output until the client goes away.

    Parameters
    ----------
    root
        Notebooks outside of this folder are refused.
    settings
        Those of each call.
    limit, places
        Seconds of one call, and how many run at the same time; None for the defaults.

    Raises MissingExtra without the SDK.
    """
    make, _ = _sdk()
    import anyio

    tools = Tools(lambda: root, Processes(places or PLACES, limit or LIMIT_S), settings)
    server = make("cot-magic", instructions=words.PURPOSE, log_level="ERROR")
    for function, description in handlers(tools):
        server.add_tool(function, description=description)

    async def until_closed() -> None:
        try:
            await server.run_stdio_async()
        finally:
            with anyio.CancelScope(shield=True):
                await tools.processes.close()

    anyio.run(until_closed)


def handlers(tools: Tools) -> Sequence[tuple[Callable[..., Any], str]]:
    """The tools as functions for the SDK, with their descriptions. Raises MissingExtra without the SDK."""
    _, context_class = _sdk()
    from pydantic import Field

    async def debug_notebook(
        context: Any,
        path: Annotated[str, Field(description=words.PATH)],
        question: Annotated[str, Field(description=words.QUESTION)] = "",
        intensity: Annotated[Literal["cot", "cot+", "cot++"], Field(description=words.INTENSITY)] = "cot+",
    ) -> Any:
        progress = _progress(context)
        return await _result(tools.debug_notebook(path, question, intensity, progress))

    async def debug_cell(
        context: Any,
        kernel: Annotated[str, Field(description=words.KERNEL)],
        cell: Annotated[str, Field(description=words.CELL)] = "",
    ) -> Any:
        return await _result(tools.debug_cell(kernel, cell, _progress(context)))

    async def certify_notebook(context: Any, path: Annotated[str, Field(description=words.PATH)]) -> Any:
        return await _result(tools.certify_notebook(path, _progress(context)))

    async def explain_evidence(
        session: Annotated[str, Field(description=words.SESSION)],
        id: Annotated[str, Field(description=words.EVIDENCE)],
    ) -> Any:
        async def found() -> ToolAnswer:
            return tools.explain_evidence(session, id)

        return await _result(found())

    for function in (debug_notebook, debug_cell, certify_notebook):
        function.__annotations__["context"] = context_class  # how the SDK finds that parameter
    return (
        (debug_notebook, words.DEBUG_NOTEBOOK),
        (debug_cell, words.DEBUG_CELL),
        (certify_notebook, words.CERTIFY_NOTEBOOK),
        (explain_evidence, words.EXPLAIN_EVIDENCE),
    )


def _sdk() -> tuple[Any, Any]:
    """The classes of server and context: version 2 of the SDK renamed the first. Raises MissingExtra."""
    for module, server in (("mcp.server.mcpserver", "MCPServer"), ("mcp.server.fastmcp", "FastMCP")):
        try:
            found = import_module(module)
        except ImportError:
            continue
        return getattr(found, server), found.Context
    raise MissingExtra("mcp", "the SDK of the Model Context Protocol (mcp)")


def _progress(context: Any) -> Any:
    async def tell(steps: int, message: str) -> None:
        await context.report_progress(steps, None, message)

    return tell


async def _result(answering: Any) -> Any:
    """What the SDK sends: the answer with its data, or an error of the tool with the remedy."""
    from mcp.types import CallToolResult

    data = None
    try:
        answer: ToolAnswer = await answering
        text, data = answer.text, answer.data
    except CotError as error:
        text = f"cot-magic: {error}"
    # the names of the protocol, which both versions of the SDK take
    content = [{"type": "text", "text": text}]
    return CallToolResult.model_validate(
        {"content": content, "structuredContent": data, "isError": data is None}
    )
