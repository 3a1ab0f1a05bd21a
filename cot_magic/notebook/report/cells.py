"""Cells of a report, as values and as the JSON of a notebook: ids from content, outputs as recorded."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from cot_magic.core.findings import Phase
from cot_magic.render.blocks import Block, Section, State
from cot_magic.render.markdown import body
from cot_magic.render.safe_text import visible

RAISES = "raises-exception"
IGNORE_OUTPUT = "nbval-ignore-output"
SKIP = "nbval-skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """Text written to standard output."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The repr of the last expression."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An exception with the lines of its traceback."""

    ename: str
    evalue: str
    traceback: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture as the last expression: the source of one `<svg>` element."""

    svg: str


Output: TypeAlias = Printed | Value | Failed | Drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCell:
    """One cell of a report.

    Attributes
    ----------
    ran
        Whether its outputs are of a recorded run, so that nbval compares them (unless a tag says otherwise).
        A cell that did not run has no execution count and no outputs.
    role
        The purpose of the cell, kept in its `metadata.cot`: `data`, `lineage`, `failing`, `kit`, `witness`,
        `picture`, `probe`, `state`, `fix` or `test`.
    """

    source: str
    markdown: bool = False
    tags: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    ran: bool = False
    role: str = ""


def text_cell(*parts: str) -> ReportCell:
    """Return a Markdown cell with the parts that are not empty, separated by blank lines."""
    return ReportCell(source="\n\n".join(part.rstrip() for part in parts if part.strip()), markdown=True)


def as_markdown(*blocks: Block) -> str:
    """Return blocks as Markdown."""
    return body(Section(phase=Phase.CONFIRM, state=State.DONE, blocks=blocks))


def merged(cells: Iterable[ReportCell]) -> list[ReportCell]:
    """Return the cells with consecutive Markdown cells joined and empty ones left out."""
    found: list[ReportCell] = []
    for cell in cells:
        if cell.markdown and not cell.source.strip():
            continue
        if cell.markdown and found and found[-1].markdown:
            found[-1] = text_cell(found[-1].source, cell.source)
        else:
            found.append(cell)
    return found


def as_json(cells: Sequence[ReportCell]) -> list[dict[str, Any]]:
    """Return the cells as JSON data, notebook format 4.5."""
    made: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    count = 0
    for cell in cells:
        digest = hashlib.sha256(f"{cell.role}\0{cell.source}".encode("utf-8", "surrogatepass")).hexdigest()[
            :12
        ]
        seen[digest] = seen.get(digest, 0) + 1
        cell_id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        data: dict[str, Any] = {"id": cell_id, "metadata": _metadata(cell), "source": _lines(cell.source)}
        if cell.markdown:
            made.append({"cell_type": "markdown", **data})
            continue
        count += 1
        number = count if cell.ran else None
        outputs = [_output(output, count) for output in cell.outputs] if cell.ran else []
        made.append({"cell_type": "code", "execution_count": number, "outputs": outputs, **data})
    return made


def _metadata(cell: ReportCell) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if cell.tags:
        found["tags"] = list(cell.tags)
    if cell.role:
        found["cot"] = {"role": cell.role}
    return found


def _output(output: Output, count: int) -> dict[str, Any]:
    match output:
        case Printed():
            return {"output_type": "stream", "name": "stdout", "text": _lines(visible(output.text))}
        case Value():
            return _result({"text/plain": _lines(output.text)}, count)
        case Drawn():
            plain = ["<IPython.core.display.SVG object>"]
            return _result({"image/svg+xml": _lines(output.svg), "text/plain": plain}, count)
        case Failed():
            lines = [visible(line) for line in output.traceback]
            return {
                "output_type": "error",
                "ename": output.ename,
                "evalue": output.evalue,
                "traceback": lines,
            }


def _result(data: dict[str, list[str]], count: int) -> dict[str, Any]:
    return {"output_type": "execute_result", "execution_count": count, "data": data, "metadata": {}}


def _lines(text: str) -> list[str]:
    """Return a string as notebooks store it: a list of lines, split only at line feeds."""
    lines = text.split("\n")
    return [*(f"{line}\n" for line in lines[:-1]), *([lines[-1]] if lines[-1] else [])]
