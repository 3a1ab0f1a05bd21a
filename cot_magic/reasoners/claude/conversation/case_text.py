"""The case as text for a model: bounded, without secrets, each piece marked as data."""

import hashlib
from collections.abc import Iterator, Sequence

from cot_magic.core.case import Case, Cell, Frame, Freshness, Raised, Variable
from cot_magic.reasoners.claude.conversation.bounds import cut
from cot_magic.reasoners.claude.conversation.cells import Cells, Withholder

SOURCES = 60_000  # characters of cells that are sent; the others can be read on request
NAMES = 80  # global names that are told
LINE = 400
_FRESHNESS = {
    Freshness.STALE: ", stale: edited since it ran, or something it depends on ran again",
    Freshness.OUT_OF_ORDER: ", ran out of order",
    Freshness.NOT_RUN: ", has not run",
}


class Marked:
    """Marks texts of the notebook as data, under a key that the data cannot hold.

    Who wrote the notebook could work out the key, which has to be the same for the same case, so it is taken
    out of what is marked.
    """

    def __init__(self, case: Case, redactor: Withholder) -> None:
        material = "\0".join((case.cell.source, *(cell.source for cell in case.cells), repr(case.raised)))
        self.key = hashlib.sha256(material.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        self.redact = redactor.text

    def data(self, what: str, text: str, *, redacted: bool = False) -> str:
        """The text without secrets between its marks."""
        shown = clean(text if redacted else self.redact(text)).replace(self.key, "·" * len(self.key))
        named = " ".join(what.replace(self.key, "").split())
        return f"[data {self.key}: {named}]\n{shown}\n[end {self.key}]"


def clean(text: str) -> str:
    """The text as UTF-8 can carry it: lone surrogates as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def case_text(case: Case, cells: Cells, marked: Marked) -> str:
    """Everything that is sent about the case at first."""
    parts = [f"The case. Data stands between the marks of the key {marked.key}."]
    label = cells.label(case.cell.id)
    if case.raised is None:
        parts.append(f"{label} ran without raising; the user asks about it.")
    else:
        # a class may be named anyhow
        name = case.raised.ename if case.raised.ename.isidentifier() else "an exception"
        parts.append(f"{label} raised {name}.")
        parts.append(marked.data("the exception", "\n".join(_raised(case.raised, cells))))
    if case.prompt:
        parts.append(f"What the user says about it:\n{marked.data('words of the user', case.prompt)}")
    parts += _sources(case, cells, marked)
    if case.raised is not None and case.raised.frames:
        parts.append(marked.data("frames, outermost first", "\n".join(_frames(case.raised, cells))))
    if case.namespace:
        lines = [_variable(item) for item in case.namespace[:NAMES]]
        parts.append(marked.data("global names after the failure", "\n".join(lines)))
    environment = case.environment
    packages = ", ".join(f"{name} {version}" for name, version in environment.packages)
    parts.append(f"Python {environment.python} on {environment.platform}. {packages}".strip())
    return "\n\n".join(parts)


def _raised(raised: Raised, cells: Cells, depth: int = 0) -> Iterator[str]:
    yield f"{raised.qualname or raised.ename}: {raised.evalue}"
    yield from (f"note: {note}" for note in raised.notes)
    if raised.syntax is not None:
        line = cut(raised.syntax.text.rstrip(), LINE)
        yield f"line {raised.syntax.lineno}, column {raised.syntax.offset}: {line}"
    if raised.subject is not None:
        yield f"the operation failed on: {_variable(raised.subject)}"
        keys = raised.subject.keys or raised.subject.members
        if keys:
            yield f"what it has: {', '.join(keys)[:2000]}"
    if depth < 3:
        for word, other in (("caused by", raised.cause), ("while handling", raised.context)):
            if other is not None:
                yield from (f"{word}: {line}" for line in _raised(other, cells, depth + 1))
        for part in raised.group:
            yield from (f"in the group: {line}" for line in _raised(part, cells, depth + 1))


def _sources(case: Case, cells: Cells, marked: Marked) -> Iterator[str]:
    """The failing cell, the cells that it depends on, and others as far as there is room."""
    names = {item.cell.id: item for item in case.lineage}
    order: Sequence[Cell] = (
        case.cell,
        *(item.cell for item in case.lineage if item.cell.id != case.cell.id),
        *(cell for cell in cells.all if cell.id != case.cell.id and cell.id not in names),
    )
    room, left = SOURCES, []
    for cell in order:
        source = cells.shown(cell)
        if len(source) > room and cell.id != case.cell.id:
            left.append(cells.label(cell.id))
            continue
        room -= len(source)
        what = f"source of {cells.label(cell.id)}"
        if cell.id == case.cell.id:
            what += ", the failing cell" if case.raised is not None else ", the cell asked about"
        if cell.id in names:
            item = names[cell.id]
            what += f", gives {', '.join(item.names)}{_FRESHNESS.get(item.freshness, '')}"
        yield marked.data(what, source, redacted=True)
    if left:
        yield f"Cells that can be read with read_cell: {', '.join(left)}."


def _frames(raised: Raised, cells: Cells) -> Iterator[str]:
    skipped = 0
    for place, frame in enumerate(raised.frames):
        if frame.cell is None and 3 <= place < len(raised.frames) - 3:
            skipped += 1
            continue
        where = cells.label(frame.cell) if frame.cell is not None else frame.filename
        yield f"frame {place}: {frame.function} in {where}, line {frame.lineno}: {cut(frame.line, LINE)}"
        if frame.cell is not None:
            yield from _values(frame)
    if skipped:
        yield f"({skipped} frames of libraries are left out)"


def _values(frame: Frame) -> Iterator[str]:
    if frame.expression:
        yield f"  was evaluating: {cut(frame.expression, LINE)}"
    seen = set()
    for item in (*frame.operands, *frame.variables):
        if item.name not in seen:
            seen.add(item.name)
            yield f"  {_variable(item)}"


def _variable(item: Variable) -> str:
    facts = "; ".join(f"{name}: {text}" for name, text in item.facts if name != "head")
    keys = f"; keys: {', '.join(item.keys)}"[:LINE] if item.keys else ""
    line = f"{item.name} = {item.text}  ({item.type}{'; ' + facts if facts else ''}{keys})"
    return line if len(line) <= 2 * LINE else line[: 2 * LINE] + "…"
