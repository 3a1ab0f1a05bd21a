"""What cells printed, displayed and warned of, as far as IPython still knows it: bounded and redacted."""

from collections.abc import Iterator, Sequence
from typing import Any

from cot_magic.capture.lineage.history import History
from cot_magic.capture.secrets.redactor import Redactor, bounded
from cot_magic.core.case import CellId

MOST_CELLS = 8
LONGEST_OUTPUT = 800  # characters of one cell
MOST_ITEMS = 50


def outputs(
    shell: Any, history: History, cells: Sequence[CellId], redactor: Redactor
) -> tuple[tuple[CellId, str], ...]:
    """Cell and output of the latest run of each cell that has one, at most `MOST_CELLS`, in this order.

    The strings that IPython keeps since 9.1 are read; nothing is rendered again. Older versions keep only
    what a cell displays as its value.
    """
    found: list[tuple[CellId, str]] = []
    for cell in cells:
        run = history.latest(cell)
        if run is None or len(found) == MOST_CELLS:
            continue
        kept = "".join(_kept(getattr(shell, "history_manager", None), run.count))
        lines = [kept.rstrip()] if kept.strip() else []
        warned = [item for item in run.warned if item.message not in kept]
        lines += [f"{item.category} in line {item.lineno}: {item.message}" for item in warned]
        if lines:
            found.append((cell, bounded(redactor, "\n".join(lines), LONGEST_OUTPUT)))
    return tuple(found)


def _kept(manager: Any, count: int | None) -> Iterator[str]:
    """The strings of an execution: of its streams, and of its values in plain text."""
    if manager is None or count is None:
        return
    by_count = getattr(manager, "outputs", None)
    items = by_count.get(count, ()) if isinstance(by_count, dict) else None
    if items is None:
        shown = getattr(manager, "output_hist_reprs", {}).get(count)
        items = ()
        if type(shown) is str:
            yield f"{shown}\n"
    for item in list(items)[:MOST_ITEMS]:
        bundle = getattr(item, "bundle", None)
        if not isinstance(bundle, dict):
            continue
        parts = bundle.get("stream", bundle.get("text/plain", ""))
        end = "" if "stream" in bundle else "\n"
        for part in list(parts)[:MOST_ITEMS] if isinstance(parts, list) else [parts]:
            if type(part) is str:
                yield part + end
