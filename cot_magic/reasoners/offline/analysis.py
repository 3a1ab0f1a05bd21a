"""ANALYZE in words: the error, the code, the values, the order of the cells, the causes behind it."""

from collections.abc import Iterator, Sequence

from cot_magic.core.case import Case, Frame, Freshness, Raised, Variable
from cot_magic.reasoners.offline.ranking import Suspect

_VALUES = 8  # rows of values: those of the failing expression come first
_CUT = 120

MEANINGS = {
    "SyntaxError": "Python could not read the cell: something is written in a way that the language "
    "does not know. "
    "Nothing of the cell has run.",
    "IndentationError": "The spaces at the beginning of a line do not fit the lines around it. Nothing "
    "of the cell "
    "has run.",
    "NameError": "A name was used that does not exist at that moment: it is misspelt, was never "
    "defined or imported, "
    "or is defined in a cell that has not run.",
    "UnboundLocalError": "A function assigns this name somewhere, so Python takes it for a local "
    "variable of the "
    "whole function, and it was read before that assignment happened.",
    "AttributeError": "The object has no attribute or method of that name. Either the name is wrong, "
    "or the object is "
    "of another type than you expect, often `None`.",
    "TypeError": "An operation got a value of a type that it does not work with, or a function was "
    "called with the "
    "wrong arguments.",
    "KeyError": "The dictionary, table or set has no such key. Keys must match exactly: spelling, "
    "capitals, spaces and "
    "type (`1` is not `'1'`).",
    "IndexError": "The position lies outside of the sequence. Positions count from 0, so a list of 3 "
    "has 0, 1 and 2.",
    "ValueError": "The value has the right type, but the operation cannot work with this value.",
    "ZeroDivisionError": "Something was divided by zero. The question is where the zero comes from.",
    "ModuleNotFoundError": "No module of that name can be imported: it is misspelt, not installed in "
    "this kernel's "
    "environment, or installed under another name.",
    "ImportError": "The module was found, but it does not have the name that was to be imported from it.",
    "FileNotFoundError": "No file has that path, seen from the folder in which the kernel works.",
    "RecursionError": "A function called itself so often that Python stopped it: the case that ends "
    "the calls is "
    "missing, or is never reached.",
    "AssertionError": "A check that the code makes itself did not hold. The values on both sides tell "
    "what is "
    "different from what was expected.",
    "OverflowError": "The result of a calculation is too large for the type of number.",
    "MemoryError": "The computer could not give the memory that was asked for.",
    "UnicodeDecodeError": "The bytes were read as text in an encoding that they are not written in.",
    "UnicodeEncodeError": "The text holds a character that the encoding cannot write.",
    "JSONDecodeError": "The text is not valid JSON at the position that the message names.",
    "StopIteration": "`next()` was asked for one more item than there were.",
    "RuntimeError": "Something was done at a moment at which it is not allowed; the message says what.",
    "KeyboardInterrupt": "The cell was stopped while it ran. The line shows where it was at that moment.",
    "Timeout": "The cell did not come to an end in the time allowed. The line shows where it was at "
    "that moment.",
    "SystemExit": "`exit()` or `sys.exit()` was called. In a notebook it ends the cell, not the program.",
    "NotImplementedError": "The code says itself that this part is still to be written.",
    "PermissionError": "The operating system does not allow this access.",
    "IsADirectoryError": "A file was expected, and the path is a folder.",
    "ConnectionError": "The other side of a connection could not be reached, or ended it.",
    "LookupError": "What was looked up is not there.",
    "ArithmeticError": "A calculation has no result.",
    "OSError": "The operating system refused what was asked of it; the message says why.",
    "Exception": "The code, or a library that it calls, gave up with this message.",
}


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


def meaning(raised: Raised) -> str:
    """The text for the class, or for the nearest of its bases."""
    for name in (raised.ename, *raised.bases):
        if name in MEANINGS:
            return MEANINGS[name]
    return MEANINGS["Exception"]


def joined(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
