"""The tools in jupyter-mcp-server, which finds them through the entry points `reactor.mcp.extensions`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reactor import PluginManifest
from reactor_mcp_server import McpExtension
from reactor_mcp_server.tools import ToolSpec

from cot_magic import __version__
from cot_magic.agents.server import handlers
from cot_magic.agents.tools import Tools


class CotMagicExtension(McpExtension):  # type: ignore[misc]  # it ships no types
    """The four tools, over the folder in which the server was started."""

    def __init__(self) -> None:
        self._tools = Tools(Path)

    def manifest(self) -> Any:
        """Name and version."""
        return PluginManifest(name="cot-magic", version=__version__)

    def tools(self) -> Sequence[Any]:
        """The tools, as the MCP SDK takes them."""
        return [
            ToolSpec(name=function.__name__, handler=function, description=description)
            for function, description in handlers(self._tools)
        ]
