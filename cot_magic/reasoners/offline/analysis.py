"""ANALYZE in words: the error, the code, the values, the order of the cells, the causes behind it."""

from collections.abc import Iterator, Sequence

from cot_magic.core.case import Case, Frame, Freshness, Raised, Variable
from cot_magic.reasoners.offline.patterns import joined, meaning
from cot_magic.reasoners.offline.ranking import Suspect

_VALUES = 8  # rows of values: those of the failing expression come first
_CUT = 120


def facts(case: Case, raised: Raised, found: Sequence[Suspect]) -> Iterator[tuple[str, str]]:
    """Topics and texts, in the order in which they are read."""
    lesson = found[0].lesson if found and found[0].suspicion.weight >= 0.5 else ""
    yield (
        "pattern",
        f"**{raised.ename}**: {_message(raised)}\n\n{meaning(raised)}" + (f"\n\n{lesson}" if lesson else ""),
    )
    frame = raised.innermost_in_cells
    if frame is not None:
        yield "code", _code(case, frame)
        if rows := values(raised, frame):
            yield "values", "\n".join(rows)
    if calls := [item for item in raised.frames if item.cell is not None][:-1]:
        path = " → ".join(
            f"{case.label(item.cell)} line {item.lineno} (`{item.function}`)" for item in calls[-6:]
        )
        yield "calls", f"Called from {path}."
    if text := lineage(case):
        yield "lineage", text
    if chain := list(_chain(raised)):
        yield "chained", "\n".join(chain)
    for note in raised.notes:
        yield "note", note


def headline(case: Case, raised: Raised, found: Sequence[Suspect]) -> str:
    """One sentence: what failed where, and the likeliest reason."""
    frame = raised.innermost_in_cells
    where = (
        f"{case.label(frame.cell)}, line {frame.lineno}" if frame is not None else case.label(case.cell.id)
    )
    if found:
        return f"{raised.ename} in {where}: {found[0].suspicion.claim}"
    return f"{raised.ename} in {where}: {_message(raised)}"


def bare_claim(case: Case, raised: Raised) -> str:
    """Where no rule explains the failure: which code raises it, with the values it has."""
    frame = raised.innermost_in_cells
    if frame is None:
        return f"The cell raises {raised.ename} again when it runs again on these values."
    code = f"`{frame.line[:80]}` " if frame.line and "`" not in frame.line else ""
    where = f"{case.label(frame.cell)}, line {frame.lineno}"
    return f"The line {code}({where}) raises {raised.ename} again when it runs again on these values."


def _message(raised: Raised) -> str:
    first = raised.evalue.strip().splitlines()[:1]
    return first[0][:300] if first else "no message"


def _code(case: Case, frame: Frame) -> str:
    text = f"{case.label(frame.cell)}, line {frame.lineno}" + (
        f", in `{frame.function}`" if frame.function != "<module>" else ""
    )
    text = f"{text[0].upper()}{text[1:]}:\n\n```python\n{frame.line}\n```"
    if frame.expression and frame.expression != frame.line:
        text += f"\nThe part that was running: `{frame.expression}`."
    return text


def values(raised: Raised, frame: Frame) -> list[str]:
    """Rows of a list: names with type and value at the failing frame, those of the expression first."""
    shown: dict[str, Variable] = {}
    if raised.subject is not None and raised.subject.name:
        shown[raised.subject.name] = raised.subject
    for variable in (*frame.operands, *frame.variables):
        if variable.type not in ("module", "function", "type", "builtin_function_or_method"):
            shown.setdefault(variable.name, variable)
    rows = []
    for name, variable in list(shown.items())[:_VALUES]:
        extra = "".join(
            f", {key} {value}" for key, value in variable.facts if key in ("shape", "len", "dtypes")
        )
        text = variable.text if len(variable.text) <= _CUT else variable.text[: _CUT - 1] + "…"
        rows.append(f"- `{name}` is `{text}` (`{variable.type}`{extra})")
    return rows


def lineage(case: Case) -> str:
    """The cells that the failing one depends on; stale and out-of-order ones are marked."""
    said = {
        Freshness.FRESH: "",
        Freshness.STALE: " **It is stale**: it was edited, or something it depends on ran again after it.",
        Freshness.OUT_OF_ORDER: " **It ran out of order** with the notebook's page.",
        Freshness.NOT_RUN: " **It has not run.**",
    }
    rows = [
        f"- {case.label(item.cell.id)} gives "
        f"{joined([f'`{name}`' for name in item.names[:8]])}.{said[item.freshness]}"
        for item in case.lineage
    ]
    return "\n".join(rows)


def _chain(raised: Raised) -> Iterator[str]:
    cause, context = raised.cause, raised.context
    if cause is not None:
        yield f"- It was raised because of **{cause.ename}**: {_message(cause)}"
        yield from _chain(cause)
    elif context is not None:
        yield f"- It was raised while **{context.ename}** was handled: {_message(context)}"
        yield from _chain(context)
    for member in raised.group:
        yield f"- In the group: **{member.ename}**: {_message(member)}"
