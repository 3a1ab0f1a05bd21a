"""ANALYZE in words: the error, the code, the values, the order of the cells, chained exceptions."""

import re
from collections.abc import Iterator, Sequence

from cot_magic.core.case import Case, Frame, Freshness, Raised, Variable
from cot_magic.core.facts import NO_FACTS, Facts, for_a_reader
from cot_magic.reasoners.offline.ranking import Suspect

_VALUES = 8  # rows of values, those of the failing expression first
_CUT = 120
MOST_WORDS = 60
"""Of an explanation, the headline and what is below it, before the details."""
LONGEST_HEADLINE = 44  # words
LEAST_WORDS = 8  # of a message
REPEATS = 4  # words in a row that say the same again
_WORDS = re.compile(r"[\w`']+")
_SENTENCES = re.compile(r"(?<=[.?!]) (?=[A-Z`])")

MEANINGS = {
    "SyntaxError": "Python could not parse the cell: something in it is not valid syntax. None of the cell "
    "has run.",
    "IndentationError": "The indentation of a line does not match the lines around it. None of the cell has "
    "run.",
    "NameError": "A name is used that is not defined: it is misspelt, was never defined or imported, or is "
    "defined in a cell that has not run.",
    "UnboundLocalError": "The function assigns to this name somewhere, so Python takes it as a local "
    "variable of the whole function; it was read before a value was assigned to it.",
    "AttributeError": "The object has no attribute or method of that name. Either the name is wrong, or the "
    "object is not of the type that you expect, often `None`.",
    "TypeError": "An operation or function was applied to a value of the wrong type, or a function was "
    "called with the wrong arguments.",
    "KeyError": "The dictionary, DataFrame or set has no such key. Keys must match exactly: spelling, case, "
    "spaces and type (`1` is not `'1'`).",
    "IndexError": "The index is out of range. Indices start at 0, so a list of 3 elements has the indices 0, "
    "1 and 2.",
    "ValueError": "The argument has the right type, but an inappropriate value.",
    "ZeroDivisionError": "A number was divided by zero. The question is where the zero comes from.",
    "ModuleNotFoundError": "No module of that name can be imported: it is misspelt, not installed in this "
    "kernel's environment, or installed under another name.",
    "ImportError": "The module was found, but it does not have the name that is imported from it.",
    "FileNotFoundError": "There is no file of that path; a relative path starts in the kernel's working "
    "directory.",
    "RecursionError": "A function called itself so often that Python stopped it: its base case is missing, "
    "or is never reached.",
    "AssertionError": "An `assert` statement failed: its condition is false. The values on both sides show "
    "the difference.",
    "OverflowError": "The result of an arithmetic operation is too large to be represented.",
    "MemoryError": "An operation ran out of memory.",
    "UnicodeDecodeError": "The bytes were decoded with the wrong encoding.",
    "UnicodeEncodeError": "The string contains a character that this encoding cannot represent.",
    "JSONDecodeError": "The string is not valid JSON at the position in the message.",
    "StopIteration": "`next()` was called on an iterator that has no further items.",
    "RuntimeError": "An error that fits no other category; the message says what went wrong.",
    "KeyboardInterrupt": "The cell was interrupted while it ran. The line shows where it was at that moment.",
    "Timeout": "The cell did not finish in the time allowed. The line shows where it was at that moment.",
    "SystemExit": "`exit()` or `sys.exit()` was called. In a notebook it ends the cell, not the program.",
    "NotImplementedError": "This part of the code is not implemented yet.",
    "PermissionError": "The operating system does not permit this operation.",
    "IsADirectoryError": "The path is a folder, but a file is needed.",
    "ConnectionError": "A connection could not be made, or was closed by the other side.",
    "LookupError": "A key or index was not found.",
    "ArithmeticError": "An arithmetic operation failed.",
    "OSError": "The operating system reported an error; the message says which.",
    "Exception": "The code, or a library that it calls, raised this error.",
}


def facts(
    case: Case, raised: Raised, found: Sequence[Suspect], seen: Facts = NO_FACTS
) -> Iterator[tuple[str, str]]:
    """Each topic with what to read about it, in reading order."""
    lesson = found[0].lesson if found and found[0].suspicion.weight >= 0.5 else ""
    yield "pattern", explanation(raised, lesson, headline(case, raised, found, seen))
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


def explanation(raised: Raised, lesson: str, said: str) -> str:
    """The message, what it means and what to learn, so short that with the headline it is `MOST_WORDS`.

    The lesson is about the mistake, the meaning about the class of the exception: if there is no room for
    both, the lesson stays. Of each, whole sentences are left out, the last ones first; of the meaning, also
    those that the lesson says.
    """
    left = MOST_WORDS - len(said.split()) - 1
    message = _message(raised)
    room = max(left // 2, LEAST_WORDS)
    if len(message.split()) > room:
        message = f"{' '.join(message.split()[:room])}…"
    left -= len(message.split())
    kept: list[str] = []
    for text in filter(None, (lesson, meaning(raised))):
        fitting = ""
        for sentence in _SENTENCES.split(text):
            if kept and _shares_words(sentence, kept[0]):
                continue
            longer = f"{fitting} {sentence}".strip()
            if len(longer.split()) > left:
                break
            fitting = longer
        left -= len(fitting.split())
        kept += [fitting] if fitting else []
    return "\n\n".join([f"**{raised.ename}**: {message}", *reversed(kept)])


def _shares_words(sentence: str, said: str) -> bool:
    """Whether so many words in a row of the sentence have been said that it would repeat them."""
    one, other = (_WORDS.findall(text.lower()) for text in (sentence, said))
    runs = {tuple(other[at : at + REPEATS]) for at in range(len(other) - REPEATS + 1)}
    return any(tuple(one[at : at + REPEATS]) in runs for at in range(len(one) - REPEATS + 1))


def autopsy(facts: Facts) -> str:
    """A list of what was seen in the failed kernel."""
    return "\n".join(f"- {item.text}" for item in for_a_reader(facts))


def headline(case: Case, raised: Raised, found: Sequence[Suspect], seen: Facts = NO_FACTS) -> str:
    """What failed, where, and the likeliest reason; of an assert, both sides with their values first."""
    frame = raised.innermost_in_cells
    where = (
        f"{case.label(frame.cell)}, line {frame.lineno}" if frame is not None else case.label(case.cell.id)
    )
    compared = seen.first("inside.compared") if raised.ename == "AssertionError" else None
    if compared is not None:
        reason = _seen_reason(seen) or next(
            (item.suspicion.claim for item in found if item.hypothesis.names_a_cause), ""
        )
        whole = (
            f"{raised.ename} in {where}: {_few_words(compared.text, LONGEST_HEADLINE - 12)} {reason}".rstrip()
        )
        return _few_words(whole, LONGEST_HEADLINE)
    if found:
        return _few_words(f"{raised.ename} in {where}: {found[0].suspicion.claim}", LONGEST_HEADLINE)
    return _few_words(f"{raised.ename} in {where}: {_message(raised)}", LONGEST_HEADLINE)


def _seen_reason(seen: Facts) -> str:
    """The statement that the autopsy saw making the fault; that a function made it explains little."""
    fact = seen.first("origin.fault")
    return fact.text if fact is not None and fact.value.get("why") != "function" else ""


def _few_words(text: str, most: int) -> str:
    """The text, cut at a word if it is long; code in it that is cut is closed."""
    words = text.split(" ")
    if len(text.split()) <= most:
        return text
    cut = " ".join(words[:most])
    return f"{cut}…{'`' * (cut.count('`') % 2)}"


def bare_claim(case: Case, raised: Raised) -> str:
    """A claim where no rule explains the failure: which code raises it."""
    frame = raised.innermost_in_cells
    if frame is None:
        return f"The cell raises {raised.ename} again if it runs again on the same values."
    code = f"`{frame.line[:80]}` " if frame.line and "`" not in frame.line else ""
    where = f"{case.label(frame.cell)}, line {frame.lineno}"
    return f"The line {code}({where}) raises {raised.ename} again if it runs again on the same values."


def _message(raised: Raised) -> str:
    first = raised.evalue.strip().splitlines()[:1]
    return first[0][:300] if first else "no message"


def _code(case: Case, frame: Frame) -> str:
    text = f"{case.label(frame.cell)}, line {frame.lineno}" + (
        f", in `{frame.function}`" if frame.function != "<module>" else ""
    )
    text = f"{text[0].upper()}{text[1:]}:\n\n```python\n{frame.line}\n```"
    if frame.expression and frame.expression != frame.line:
        text += f"\nThe expression that was being evaluated: `{frame.expression}`."
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
        Freshness.STALE: " **It is stale**: it was edited since it ran, or a cell that it depends on ran "
        "again.",
        Freshness.OUT_OF_ORDER: " **It ran out of order.**",
        Freshness.NOT_RUN: " **It has not run.**",
    }
    rows = [
        f"- {case.label(item.cell.id)} defines "
        f"{joined([f'`{name}`' for name in item.names[:8]])}.{said[item.freshness]}"
        for item in case.lineage
    ]
    return "\n".join(rows)


def _chain(raised: Raised) -> Iterator[str]:
    cause, context = raised.cause, raised.context
    said = (raised.ename, _message(raised))
    if cause is not None and (cause.ename, _message(cause)) == said:
        yield from _chain(cause)  # pandas raises the error of its index again, with the same words
    elif cause is not None:
        yield f"- It was directly caused by **{cause.ename}**: {_message(cause)}"
        yield from _chain(cause)
    elif context is not None:
        yield f"- It was raised while **{context.ename}** was being handled: {_message(context)}"
        yield from _chain(context)
    for member in raised.group:
        yield f"- In the exception group: **{member.ename}**: {_message(member)}"


def meaning(raised: Raised) -> str:
    """The explanation of the class, or of the nearest of its bases."""
    if raised.ename == "AttributeError" and "attribute" not in raised.evalue:
        return MEANINGS["Exception"]
    for name in (raised.ename, *raised.bases):
        if name in MEANINGS:
            return MEANINGS[name]
    return MEANINGS["Exception"]


def joined(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
