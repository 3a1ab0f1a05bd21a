"""Two scripted agents on the same failing notebook: one claims a fix without proof, one uses the tools.

`python tests/agents/scripted_agents.py` prints what each of them says and what the certificate says; docs/agents.md shows it.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from mcp import Client, StdioServerParameters

CELLS = (
    'prices = {"tea": 3, "milk": 2}',
    'total = 2 * prices["Tea"] + prices["milk"]',
    'share = 2 * prices["tea"] / total\nassert share == 0.75',
)
GUESS = CELLS[1].replace('prices["Tea"]', 'prices.get("Tea", 0)')


def write(path: Path, cells: tuple[str, ...]) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)


def claims(path: Path) -> str:
    """The agent without proof: it makes the error message go away, and says that this is a fix."""
    write(path, (CELLS[0], GUESS, CELLS[2]))
    return "Fixed! The KeyError is gone: missing prices now count as 0."


async def proves(client: Client, path: Path) -> tuple[str, str]:
    """The agent with the tools: it applies what was proven. Returns what the tool answered and what it says."""
    found = await client.call_tool("debug_notebook", {"path": path.name})
    data: dict[str, Any] = found.structured_content
    book = nbformat.read(path, as_version=4)
    if data["result"] == "verified":
        for edit in data["fix"]["edits"]:
            book.cells[edit["cell_index"]].source = edit["source"]
        nbformat.write(book, path)
    holds = (await client.call_tool("certify_notebook", {"path": path.name})).structured_content[
        "certificate"
    ]["holds"]
    said = "Fixed, and the certificate holds." if holds else f"Not fixed: the tool says {data['result']}."
    return found.content[0].text, said


async def compare(folder: Path) -> dict[str, str]:
    """Both agents, and what the certificate says of the notebook that each one leaves."""
    options = ["-m", "cot_magic.cli", "mcp", "--root", str(folder), "--reasoner", "offline"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
    server = StdioServerParameters(command=sys.executable, args=options, env=environment)
    write(folder / "claimed.ipynb", CELLS)
    write(folder / "proven.ipynb", CELLS)
    async with Client(server) as client:
        claimed = claims(folder / "claimed.ipynb")
        checked = await client.call_tool("certify_notebook", {"path": "claimed.ipynb"})
        answer, proven = await proves(client, folder / "proven.ipynb")
        held = await client.call_tool("certify_notebook", {"path": "proven.ipynb"})
    return {
        "The agent that claims says": claimed,
        "certify_notebook of its notebook": checked.content[0].text,
        "debug_notebook answers the other agent": answer,
        "The agent that uses the tools says": proven,
        "certify_notebook of its notebook, again": held.content[0].text,
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for title, text in asyncio.run(compare(Path(place))).items():
            print(f"## {title}\n{text}\n")
