"""The cells as a model sees them: labels, sources without secrets, edits mapped back to the real sources."""

import difflib
import re
from collections.abc import Mapping
from typing import Any

from cot_magic.core.case import Case, Cell, CellId, Freshness
from cot_magic.core.findings import CellEdit
from cot_magic.core.withheld import MASK
from cot_magic.reasoners.claude.conversation.lenient import (
    EDIT,
    bare,
    decoded,
    hunks,
    named,
    unfenced,
    unnumbered,
)
from cot_magic.reasoners.claude.conversation.outgoing import LEFT_OUT, Withholder, cut, cut_source

LONGEST_SOURCE = 200_000
LONGEST_SHOWN = 60_000
LONGEST_CHANGE, MOST_CHANGES = 300, 12  # characters of a line, and lines, of an edit that is told


class Misfit(Exception):
    """What a model asked for cannot be done; the message tells the model why, in one line."""


class Cells:
    """The cells of a case under unambiguous labels.

    Parameters
    ----------
    redactor
        Withholds secrets; in edits the masks are replaced by the real values again.
    """

    def __init__(self, case: Case, redactor: Withholder) -> None:
        self._case, self._redact = case, redactor.source
        known = {cell.id: cell for cell in (*case.cells, *(item.cell for item in case.lineage))}
        known[case.cell.id] = case.cell
        self.all: tuple[Cell, ...] = tuple(known.values())
        self._labels: dict[CellId, str] = {}
        for place, cell in enumerate(self.all):
            label = case.label(cell.id)
            taken = label in self._labels.values() or label == "the cell"
            self._labels[cell.id] = f"cell #{place}" if taken else label
        self._shown = {cell.id: redactor.source(cell.source) for cell in self.all}
        self._not_run = {
            item.cell.id: item.freshness for item in case.lineage if item.freshness is Freshness.NOT_RUN
        }

    def label(self, cell_id: CellId | None) -> str:
        """The label of a cell."""
        return self._labels.get(cell_id, "code outside the notebook") if cell_id else "library code"

    def shown(self, cell: Cell) -> str:
        """The source without secrets; only the beginning and the end if it is very long."""
        return cut_source(self._shown[cell.id], LONGEST_SHOWN)

    def diff(self, edit: CellEdit) -> list[str]:
        """What an edit changes, without secrets: the cell's label, then its lines with `-` and `+`."""
        before, after = (self._redact(source).split("\n") for source in (edit.before, edit.after))
        changed = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
        lines = [cut(line, LONGEST_CHANGE, around="") for line in changed if not line.startswith("@@")]
        return [f"{self.label(edit.cell)}:", *lines[:MOST_CHANGES]]

    def find(self, text: Any) -> Cell:
        """The cell with that label or id, also written loosely (`[7]`, `cell 7`). Raises Misfit."""
        wanted = re.sub(r"\s+", " ", str(text if text is not None else "")).strip().lower()
        if wanted in ("", "the cell", "failing", "the failing cell", "failing cell"):
            return self._case.cell
        by_label = {label.lower(): cell_id for cell_id, label in self._labels.items()}
        number = re.fullmatch(r"(?:cell|in)? ?\[?(\d+)\]?:?", wanted)
        for form in (wanted, f"cell {wanted}", f"cell [{number[1]}]" if number else ""):
            found = by_label.get(form)
            if found is not None:
                return self._cell(found)
        if CellId(str(text)) in self._labels:
            return self._cell(CellId(str(text)))
        labels = ", ".join(list(self._labels.values())[-12:])
        raise Misfit(f"there is no {str(text)[:60]!r}; the cells are {labels}")

    def edits(self, given: Any) -> tuple[CellEdit, ...]:
        """A model's edits (a whole `source`, or `find` and `replace`) applied to the real sources.

        Several edits of one cell are applied in order. Raises Misfit for one that does not apply.
        """
        listed = decoded(given)
        listed = (
            [listed] if isinstance(listed, Mapping) or (isinstance(listed, str) and hunks(listed)) else listed
        )
        if not isinstance(listed, list) or not listed:
            raise Misfit("`edits` must be a list with at least one edit")
        after: dict[CellId, str] = {}
        for item in listed[:20]:
            if not isinstance(item, str | Mapping):
                raise Misfit("an edit is an object with `cell` and either `find` and `replace` or `source`")
            edit = {"diff": item} if isinstance(item, str) else named(item, EDIT)
            cell = self.find(edit.get("cell"))
            after[cell.id] = self._edited(cell, after.get(cell.id, self._shown[cell.id]), edit)
        edits = []
        for cell_id, text in after.items():
            cell = self._cell(cell_id)
            source = restored(cell.source, self._shown[cell_id], text)
            if source != cell.source or cell_id in self._not_run:
                edits.append(CellEdit(cell=cell_id, before=cell.source, after=source))
        if not edits:
            raise Misfit("the edits change nothing")
        return tuple(edits)

    def _edited(self, cell: Cell, shown: str, item: Mapping[str, Any]) -> str:
        label = self._labels[cell.id]
        find, replace, source = item.get("find"), item.get("replace"), item.get("source")
        for text in (item.get("diff"), *(() if find else (source, replace))):
            if isinstance(text, str) and (pairs := hunks(text)):
                for old, new in pairs:
                    shown = self._replaced(shown, label, old, new)
                return shown
        if isinstance(source, str) and source.strip() and not find:
            if LEFT_OUT.search(source) and not LEFT_OUT.search(shown):
                raise Misfit(f"part of {label} was left out when it was shown: use `find` and `replace`")
            return _with_first_line(shown, bare(source[:LONGEST_SOURCE]))
        if not isinstance(find, str) or not isinstance(replace, str) or not find:
            raise Misfit(f"the edit of {label} needs `find` and `replace`, or the whole new `source`")
        if find not in shown:  # perhaps in a fence or with line numbers, as models show code
            find, replace = unnumbered(unfenced(find)), unnumbered(unfenced(replace))
        return self._replaced(shown, label, find, replace)

    def _replaced(self, shown: str, label: str, find: str, replace: str) -> str:
        count = shown.count(find) if find else 0
        if count != 1:
            elsewhere = self._only_cell_with(find) if count == 0 else ""
            if elsewhere:
                raise Misfit(f"`find` occurs once in {elsewhere}, not in {label}: name that cell")
            hint = "copy the text exactly" if count == 0 else "include more of the text around it"
            raise Misfit(f"`find` occurs {count} times in {label}, not once: {hint}")
        return shown.replace(find, replace)

    def _only_cell_with(self, find: str) -> str:
        """The label of the only cell in which this occurs, once; "" if there is none such."""
        counts = {cell_id: shown.count(find) for cell_id, shown in self._shown.items() if find in shown}
        return self._labels[next(iter(counts))] if find and list(counts.values()) == [1] else ""

    def _cell(self, cell_id: CellId) -> Cell:
        return next(cell for cell in self.all if cell.id == cell_id)


def restored(real: str, shown: str, after: str) -> str:
    """The edited source with the withheld values restored.

    A line of the shown source is replaced by the real line. In any other line, a mask is replaced if it can
    only mean one value. Raises Misfit if that cannot be decided.
    """
    if shown == real:
        return after
    if not MASK.search(after):
        return after
    blocks = _long_values(real, shown)
    for masked, whole in blocks.items():
        after = after.replace(masked, whole)
    torn = {masked.split("\n")[0] for masked in blocks}  # first lines of masked blocks that were edited
    lines = {line: whole for line, whole in _unchanged_lines(real, shown).items() if line not in torn}
    values = _values(lines)
    return "\n".join(lines.get(line) or _filled(line, values) for line in after.split("\n"))


def _long_values(real: str, shown: str) -> dict[str, str]:
    """The real lines for each mask that covers several lines; those after the first are shown empty."""
    before, masked = real.split("\n"), shown.split("\n")
    found: dict[str, str] = {}
    for first, line in enumerate(masked) if len(before) == len(masked) else ():
        last = place = first
        while MASK.search(line) and (place := place + 1) < len(masked) and not MASK.search(masked[place]):
            if masked[place] != before[place]:
                last = place
            elif masked[place].strip():
                break
        if last > first:
            found["\n".join(masked[first : last + 1])] = "\n".join(before[first : last + 1])
    return found


def _unchanged_lines(real: str, shown: str) -> dict[str, str]:
    """The real line for each shown line with a mask, unless the same shown line has several real ones."""
    pairs: dict[str, set[str]] = {}
    before, masked = real.split("\n"), shown.split("\n")
    if len(before) == len(masked):
        for line, other in zip(masked, before, strict=True):
            if MASK.search(line):
                pairs.setdefault(line, set()).add(other)
    return {line: next(iter(found)) for line, found in pairs.items() if len(found) == 1}


def _values(lines: Mapping[str, str]) -> dict[str, set[str]]:
    """The values that each mask replaces, read line by line."""
    values: dict[str, set[str]] = {}
    for line, other in lines.items():
        masks = MASK.findall(line)
        pattern = "(.*?)".join(re.escape(part) for part in MASK.split(line))
        match = re.fullmatch(pattern, other)
        for place, mask in enumerate(masks, 1):
            if match is not None:
                values.setdefault(mask, set()).add(match[place])
    return values


def _filled(line: str, values: Mapping[str, set[str]]) -> str:
    def value(match: re.Match[str]) -> str:
        found = values.get(match[0], set())
        if len(found) != 1:
            raise Misfit(
                f"the edit changes a line that holds the withheld value {match[0]}: leave that line as it is"
            )
        return next(iter(found))

    return MASK.sub(value, line)


def _with_first_line(shown: str, source: str) -> str:
    """The new source after the comment in place of the magic's line, so that line numbers stay right."""
    first = shown.partition("\n")[0]
    if first.startswith("#%%cot") and not source.startswith("#%%cot"):
        return f"{first}\n{source}"
    return source
