"""Evidence as text for a model: what ran, how it ended, what it printed; bounded."""

from collections.abc import Sequence

from cot_magic.core.findings import Evidence, EvidenceKind
from cot_magic.core.jobs import Outcome
from cot_magic.reasoners.claude.conversation.bounds import cut
from cot_magic.reasoners.claude.conversation.cells import Cells

LONGEST = 6_000  # characters of one result
OUTPUT = 1_500  # characters of what one run printed
NOTHING_RAN = (
    "nothing ran: there is no copy of the kernel, or the time for experiments is spent. This is no evidence."
)


def evidence_text(evidence: Sequence[Evidence], cells: Cells) -> str:
    """All runs that answered one request, each in a few lines."""
    if not evidence:
        return NOTHING_RAN
    return cut("\n".join(_run(item, cells) for item in evidence), LONGEST)


def _run(item: Evidence, cells: Cells) -> str:
    lines = [f"{item.id}: {_what(item)}: {_ending(item)}"]
    if item.raised is not None:
        frame = item.raised.innermost_in_cells
        where = (
            f" at {cells.label(frame.cell)}, line {frame.lineno}: {cut(frame.line, 400)}"
            if frame is not None
            else ""
        )
        lines.append(f"  raised {item.raised.ename}: {cut(item.raised.evalue, 600)}{where}")
    if item.output:
        lines.append(f"  output: {cut(item.output, OUTPUT)}")
    if item.state:
        values = "; ".join(f"{state.expression} == {cut(state.text, 200)}" for state in item.state[:12])
        lines.append(f"  values after it: {values}")
    lines += [f"  tried to {effect}" for effect in item.effects[:5]]
    if item.note:
        lines.append(f"  note: {item.note}")
    return "\n".join(lines)


def _what(item: Evidence) -> str:
    match item.kind:
        case EvidenceKind.PROBE:
            return "value" if item.held is None and item.about == "look" else f"probe of {item.about}"
        case EvidenceKind.FIX:
            return f"cell {item.stage} {item.about}"
        case EvidenceKind.TEST:
            return f"{item.test} {item.stage} {item.about}"
        case EvidenceKind.SCHEDULE:
            return f"schedules of {item.about or 'the cell'}"


def _ending(item: Evidence) -> str:
    if item.kind is EvidenceKind.PROBE and item.outcome is Outcome.PASSED and item.about != "look":
        return {True: "the prediction held", False: "the prediction failed", None: "neither true nor false"}[
            item.held
        ]
    return item.outcome.lower().replace("_", " ")
