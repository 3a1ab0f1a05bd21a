"""The questions of a lesson, made from a finished session: what is asked, its hints, and what it reveals."""

import ast
import builtins
from collections.abc import Sequence
from dataclasses import replace

from cot_magic.core.case import Case, Cell, CellId, Frame, Raised, Variable
from cot_magic.core.edits import opcodes, parsed, tokens
from cot_magic.core.errors import UsageError
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixVerdict,
    Hypothesis,
    HypothesisVerdict,
    Phase,
    Stage,
)
from cot_magic.core.jobs import Outcome
from cot_magic.core.session import Session
from cot_magic.core.verdict import hung, same_failure
from cot_magic.core.withheld import holds_mask
from cot_magic.lessons.lesson import Choice, Question, Subject

_SIMPLE = ("int", "float", "str", "bool", "NoneType")
_SIZED = ("list", "tuple", "set", "dict", "range", "bytes")
_LONGEST = 60  # characters of a value that can be asked for
_KEYS = 6  # of a mapping or table whose keys can be asked for
_CHOICES = 6
AGAIN = "Nothing is wrong with the code: run once more, unchanged, the cell would pass."

Line = tuple[CellId, int]


def questions(session: Session, stated: Sequence[Hypothesis] | None = None) -> tuple[Question, ...]:
    """What to ask about a session whose cell failed, in order; at the end all phases are revealed.

    Parameters
    ----------
    stated
        The hypotheses to choose from: those that were stated before a fix was tried. All if None.
    """
    case = session.case
    if case is None or case.raised is None:
        return ()
    asked = [_line(session, case, case.raised)]
    value = _value(case, case.raised)
    asked += [value] if value is not None else []
    asked[-1] = replace(asked[-1], reveals=(Phase.ANALYZE,))
    hypothesis = _hypothesis(session, session.hypotheses if stated is None else stated)
    if hypothesis is not None:
        asked.append(hypothesis)
    else:
        asked[-1] = replace(asked[-1], reveals=(Phase.ANALYZE, Phase.VALIDATE))
    return (*asked, _fix(session, case))


# --- what the evidence says ---------------------------------------------------------------------------------


def lines_at_fault(session: Session) -> dict[Line, tuple[EvidenceId, ...]]:
    """Lines that are proven to be at fault, with the evidence: those of the confirmed cause and of verified
    fixes."""
    found: dict[Line, tuple[EvidenceId, ...]] = {}
    cause = session.root_cause
    if cause is not None and cause.lineno is not None and session.case is not None:
        judged = session.judge(cause.id)
        found[(cause.cell or session.case.cell.id, cause.lineno)] = judged.evidence
    for fix in session.fixes:
        judged_fix = session.judge_fix(fix)
        if judged_fix.verdict is FixVerdict.VERIFIED and judged_fix.evidence:
            for line in (line for edit in fix.edits for line in changed_lines(edit)):
                found.setdefault(line, judged_fix.evidence)
    return found


def lines_that_help(session: Session) -> dict[Line, tuple[EvidenceId, ...]]:
    """Lines with a change of which the cell passes, though it is not proven that they are at fault."""
    found: dict[Line, tuple[EvidenceId, ...]] = {}
    for fix in session.fixes:
        judged = session.judge_fix(fix)
        if judged.verdict is FixVerdict.PLAUSIBLE and judged.evidence:
            for line in (line for edit in fix.edits for line in changed_lines(edit)):
                found.setdefault(line, judged.evidence)
    return found


def changed_lines(edit: CellEdit) -> tuple[Line, ...]:
    """The lines of the cell as it was that an edit changes."""
    old, new = edit.before.splitlines(), edit.after.splitlines()
    changed = [(a, max(b, a + 1)) for tag, a, b, _, _ in opcodes(old, new) if tag != "equal"]
    return tuple((edit.cell, place + 1) for a, b in changed for place in range(a, b))


def run_again(session: Session) -> Evidence | None:
    """A run of the unchanged cell that failed as in the kernel: it shows that running again does not help."""
    raised = session.case.raised if session.case is not None else None
    return next(
        (
            item
            for item in session.evidence
            if item.kind is EvidenceKind.FIX
            and item.stage is Stage.BEFORE
            and item.outcome is Outcome.RAISED
            and same_failure(raised, item.raised)
        ),
        None,
    )


def case_of(session: Session) -> Case:
    """The case of a session. Raises UsageError if it has none."""
    if session.case is None:
        raise UsageError("this lesson knows no failure.")
    return session.case


def cell_numbered(case: Case, number: str | None) -> Cell:
    """The cell of that prompt number, else at that place of the notebook; without a number the failing one.

    Raises UsageError if there is none.
    """
    if number is None:
        return case.cell
    cells = (*case.cells, *(item.cell for item in case.lineage), case.cell)
    by_count = [cell for cell in cells if cell.execution_count == int(number)]
    by_place = [cell for cell in cells if cell.execution_count is None and cell.index == int(number)]
    if not by_count and not by_place:
        raise UsageError(f"no cell [{number}] is known: the failing one is {case.label(case.cell.id)}.")
    return (by_count or by_place)[-1]


def place(case: Case, line: Line) -> str:
    """`line 2 of cell [3]`."""
    return f"line {line[1]} of {case.label(line[0])}"


# --- the four questions -------------------------------------------------------------------------------------


def _line(session: Session, case: Case, raised: Raised) -> Question:
    known = list(lines_at_fault(session)) or list(lines_that_help(session))
    first = known[0] if known else None
    return Question(
        subject=Subject.LINE,
        text=f"`{raised.ename}` stopped {case.label(case.cell.id)}. Which line is at fault?",
        how="`%cot_answer 3` for line 3 of that cell, `%cot_answer [2] 3` for line 3 of cell [2].",
        meaning="The line at fault is the one that has to change. It need not be the one where Python "
        "stopped: a wrong value is often made earlier than it is used.",
        hints=(
            f"The last line of the traceback tells what kind of error it is: `{raised.ename}`. The lowest "
            "line that is code of yours tells where Python stopped.",
            f"It is in {case.label(first[0])}." if first is not None else "Look at each name on that line.",
            f"Look closely at {place(case, first)}: `{_text_of(case, first)}`"
            if first is not None
            else "No run has shown which line it is; the one where Python stopped is a good guess.",
        ),
        answer=" or ".join(place(case, line) for line in known[:1]),
    )


def _text_of(case: Case, line: Line) -> str:
    cell = case.cell_by_id(line[0])
    lines = cell.source.splitlines() if cell is not None else []
    return lines[line[1] - 1].strip() if line[1] <= len(lines) else ""


def _value(case: Case, raised: Raised) -> Question | None:
    frame = raised.innermost_in_cells
    deep = "RecursionError" in (raised.ename, *raised.bases)  # its values depend on how deep the stack may be
    if frame is None or raised.syntax is not None or deep or hung(case):
        return None
    missing = raised.name if "NameError" in (raised.ename, *raised.bases) else None
    found = _asked_for(frame, missing)
    if found is None:
        return None
    variable, expression, text = found
    rounded = variable.type == "float" and expression == variable.name
    kind = variable.type if expression == variable.name else "list" if expression[:5] == "list(" else "int"
    return Question(
        subject=Subject.VALUE,
        text=f"When Python stops at line {frame.lineno} of {case.label(frame.cell)}, "
        f"{_asking(variable.name, expression)}",
        how="as Python code: `%cot_answer 7`, `%cot_answer 'text'`, `%cot_answer ['a', 'b']`"
        + (" (two decimals are enough)." if rounded else "."),
        meaning="Say what you expect before you look. Where your picture of the values and the values "
        "themselves differ, there the cause is near.",
        hints=(
            "The value at the moment of the failure counts. Which statement gave "
            f"`{variable.name}` its value?",
            f"It is a `{kind}`.",
            f"Written as Python code it has {_characters(len(text))} and begins with "
            f"`{text[: max(1, len(text) // 3)]}`.",
        ),
        answer=f"`{expression}` is `{text}`",
        expression=expression,
        frame=raised.frames.index(frame),
        rounded=rounded,
        recorded=text,
    )


def _names_something(expression: str) -> bool:
    """Whether an expression reads a name of the notebook, so that its value cannot be read from itself."""
    tree = parsed(expression)
    nodes = ast.walk(tree) if tree is not None else ()
    return any(isinstance(node, ast.Name) and not hasattr(builtins, node.id) for node in nodes)


def _asking(name: str, expression: str) -> str:
    """What is asked of a name: its value, its keys or columns, or how long it is."""
    if expression == name:
        return f"which value does `{name}` have?"
    if expression.startswith("len("):
        return f"how many elements does `{name}` have?"
    what = "columns" if expression.endswith(".columns)") else "keys"
    return f"which {what} does `{name}` have, as a list?"


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count} characters"


def _asked_for(frame: Frame, missing: str | None) -> tuple[Variable, str, str] | None:
    """A value worth asking for: its variable, the expression that has it, and its text; not of a name that is
    missing."""
    candidates = [
        item
        for item in (*frame.operands, *frame.variables)
        if _names_something(item.name) and item.name != missing
    ]
    for variable in candidates:
        short = len(variable.text) <= _LONGEST and not holds_mask(variable.text)
        if variable.type in _SIMPLE and short:
            return variable, variable.name, variable.text
    for variable in candidates:
        if not 0 < len(variable.keys) <= _KEYS or any(map(holds_mask, variable.keys)):
            continue
        text = f"[{', '.join(variable.keys)}]"
        if variable.type == "dict":
            return variable, f"list({variable.name})", text
        if variable.type.endswith(".DataFrame"):
            return variable, f"list({variable.name}.columns)", text
    for variable in candidates:
        length = dict(variable.facts).get("len")
        if variable.type in _SIZED and length is not None and length.isdigit():
            return variable, f"len({variable.name})", length
    return None


def _hypothesis(session: Session, stated: Sequence[Hypothesis]) -> Question | None:
    choices = [Choice(text=item.claim, hypothesis=item.id) for item in stated][: _CHOICES - 1]
    again = run_again(session)
    choices += [Choice(text=AGAIN)] if again is not None else []
    if len(choices) < 2:
        return None
    choices.sort(key=lambda choice: choice.text.casefold())  # so that the order tells nothing
    confirmed = [
        item for item in session.hypotheses if session.judge(item.id).verdict is HypothesisVerdict.CONFIRMED
    ]
    predictions = " ".join(
        f"({number}) {item.prediction}"
        for number, choice in enumerate(choices, 1)
        for item in session.hypotheses
        if item.id == choice.hypothesis
    )
    best = session.root_cause or (confirmed[0] if confirmed else None)
    return Question(
        subject=Subject.HYPOTHESIS,
        text="Which explanation holds?",
        how="`%cot_answer 2` for the second one. To test an idea of your own first, write a check that is "
        "True if it is right: `%cot_answer len(rows) > 0`.",
        meaning="An explanation that can be tested is called a hypothesis. It predicts something, and a run "
        "shows whether that is so.",
        choices=tuple(choices),
        hints=(
            "More than one can sound right. For each, ask what would have to be true now if it were so.",
            f"What they predict: {predictions}" if predictions else "One of them can be tested by a run.",
            f"What a run has borne out: {best.prediction}"
            if best is not None
            else "No run has confirmed any of them.",
        ),
        answer=best.claim if best is not None else "",
        reveals=(Phase.VALIDATE,),
    )


def _fix(session: Session, case: Case) -> Question:
    fix = session.best_fix
    label = case.label(case.cell.id)
    return Question(
        subject=Subject.FIX,
        text=f"What is the fix? Your edit runs in a copy of the kernel from before {label}, with the same "
        "tests as any other fix.",
        how="`%cot_answer old -> new` for a piece of code that occurs once, `%cot_answer 3: new line` (or "
        "`[2] 3: new line`) for a line, or `%%cot_answer` with the whole new cell below it.",
        meaning="A good fix removes the cause and is small. One that only hides the error leaves the cause "
        "in place.",
        hints=_fix_hints(case, fix) if fix is not None else _NO_FIX_HINTS,
        answer=fix.why if fix is not None else "",
        reveals=(Phase.PLAN, Phase.IMPLEMENT, Phase.CONFIRM),
    )


_NO_FIX_HINTS = (
    "Change as little as you can, where the cause is; do not silence the error.",
    "No fix was found that passes, so there is nothing to point at: what do the values above tell?",
    "Make a small edit and let it run: what it raises then tells more.",
)


def _fix_hints(case: Case, fix: Fix) -> tuple[str, ...]:
    lines = [line for edit in fix.edits for line in changed_lines(edit)]
    where = f"It is made on {place(case, lines[0])}." if lines else "A cell has to run that has not run yet."
    return (
        "Change as little as you can, where the cause is and not where it shows; do not silence the error.",
        where,
        _what_changes(fix),
    )


def _what_changes(fix: Fix) -> str:
    """The part of the code that a fix changes, without what it becomes."""
    for edit in fix.edits:
        old, new = tokens(edit.before), tokens(edit.after)
        for tag, a, b, _, _ in opcodes(old, new):
            if tag in ("replace", "delete"):
                return f"What changes there is `{' '.join(old[a:b])[:80]}`."
            if tag == "insert":
                before = old[a - 1] if a else ""
                return f"Something is added after `{before}`." if before.strip() else "Something is added."
    return "The edit changes the layout or a comment alone."
