"""The questions of a lesson, made from a finished session, with their hints and answers."""

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
from cot_magic.core.language import counted_in_words, marked, worded
from cot_magic.core.session import Session
from cot_magic.core.verdict import hung, same_failure
from cot_magic.core.withheld import holds_mask
from cot_magic.lessons.lesson import AnswerChoice, Question, Subject

_SIMPLE = ("int", "float", "str", "bool", "NoneType")
_SIZED = ("list", "tuple", "set", "dict", "range", "bytes")
_LONGEST = 60  # characters of a value that is asked for
_KEYS = 6  # keys of a mapping, or columns of a table, that are asked for
_CHOICES = 6
AGAIN = marked("Nothing is wrong with the code: run again unchanged, the cell would pass.")

Line = tuple[CellId, int]


def questions(session: Session, stated: Sequence[Hypothesis] | None = None) -> tuple[Question, ...]:
    """Return what to ask about a session whose cell failed, in order; the last answer reveals all phases.

    Parameters
    ----------
    stated
        The hypotheses to choose from, those stated before a fix was tried; None for all.
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
    """Return the lines proven to be at fault (by the confirmed cause or a verified fix), with evidence."""
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
    """Return lines whose change makes the cell pass, though they are not proven to be at fault."""
    found: dict[Line, tuple[EvidenceId, ...]] = {}
    for fix in session.fixes:
        judged = session.judge_fix(fix)
        if judged.verdict is FixVerdict.PLAUSIBLE and judged.evidence:
            for line in (line for edit in fix.edits for line in changed_lines(edit)):
                found.setdefault(line, judged.evidence)
    return found


def changed_lines(edit: CellEdit) -> tuple[Line, ...]:
    """Return the lines of the original cell that an edit changes."""
    old, new = edit.before.splitlines(), edit.after.splitlines()
    changed = [(a, max(b, a + 1)) for tag, a, b, _, _ in opcodes(old, new) if tag != "equal"]
    return tuple((edit.cell, place + 1) for a, b in changed for place in range(a, b))


def run_again(session: Session) -> Evidence | None:
    """Return a run of the unchanged cell that failed as in the kernel: running again does not help."""
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
    """Return the case of a session. Raises UsageError if it has none."""
    if session.case is None:
        raise UsageError(worded("this lesson has no failure."))
    return session.case


def cell_numbered(case: Case, number: str | None) -> Cell:
    """Return the cell with that prompt number, else at that index; without a number, the failing cell.

    Raises UsageError if there is none.
    """
    if number is None:
        return case.cell
    cells = (*case.cells, *(item.cell for item in case.lineage), case.cell)
    by_count = [cell for cell in cells if cell.execution_count == int(number)]
    by_place = [cell for cell in cells if cell.execution_count is None and cell.index == int(number)]
    if not by_count and not by_place:
        raise UsageError(
            worded(
                "there is no cell [{number}]: the failing one is {id}.",
                number=number,
                id=case.label(case.cell.id),
            )
        )
    return (by_count or by_place)[-1]


def place(case: Case, line: Line) -> str:
    """Return `line 2 of cell [3]`."""
    return worded("line {number} of {cell}", number=line[1], cell=case.label(line[0]))


# --- the four questions -------------------------------------------------------------------------------------


def _line(session: Session, case: Case, raised: Raised) -> Question:
    known = list(lines_at_fault(session)) or list(lines_that_help(session))
    first = known[0] if known else None
    return Question(
        subject=Subject.LINE,
        text=worded(
            "`{ename}` stopped {id}. Which line is at fault?", ename=raised.ename, id=case.label(case.cell.id)
        ),
        how=worded("`%cot_answer 3` for line 3 of that cell, `%cot_answer [2] 3` for line 3 of cell [2]."),
        meaning=worded(
            "The line at fault is the one that has to change. It may not be the line where "
            "Python stopped: a wrong value is often created earlier than it is used."
        ),
        hints=(
            worded(
                "The last line of the traceback names the error: `{ename}`. The lowest entry in "
                "your own code shows where Python stopped.",
                ename=raised.ename,
            ),
            worded("It is in {cell}.", cell=case.label(first[0]))
            if first is not None
            else worded("Look at each name on that line."),
            worded("Look closely at {line}: `{code}`", line=place(case, first), code=_text_of(case, first))
            if first is not None
            else worded("No run has shown which line it is; the line where Python stopped is a good guess."),
        ),
        answer=place(case, known[0]) if known else "",
    )


def _text_of(case: Case, line: Line) -> str:
    cell = case.cell_by_id(line[0])
    lines = cell.source.splitlines() if cell is not None else []
    return lines[line[1] - 1].strip() if line[1] <= len(lines) else ""


def _value(case: Case, raised: Raised) -> Question | None:
    frame = raised.innermost_in_cells
    deep = "RecursionError" in (raised.ename, *raised.bases)  # its values depend on the recursion limit
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
        text=worded(
            "When Python stops at line {lineno} of {cell}, {asked}",
            lineno=frame.lineno,
            cell=case.label(frame.cell),
            asked=_asking(variable.name, expression),
        ),
        how=worded(
            "as Python code: `%cot_answer 7`, `%cot_answer 'text'`, `%cot_answer ['a', 'b']` (two decimals "
            "are enough)."
            if rounded
            else "as Python code: `%cot_answer 7`, `%cot_answer 'text'`, `%cot_answer ['a', 'b']`."
        ),
        meaning=worded(
            "Say what you expect before you look. Where a value differs from what you "
            "expect, the cause is near."
        ),
        hints=(
            worded(
                "What counts is the value when the cell fails. Which statement assigned `{name}`?",
                name=variable.name,
            ),
            worded("Its type is `{kind}`.", kind=kind),
            worded(
                "As Python code it has {length} and starts with `{start}`.",
                length=_characters(len(text)),
                start=text[: max(1, len(text) // 3)],
            ),
        ),
        short_hints=(
            worded("Which statement assigned `{name}`?", name=variable.name),
            worded("A `{kind}`.", kind=kind),
            worded("It starts with `{text}`.", text=text[: max(1, len(text) // 3)]),
        ),
        answer=worded("`{expression}` is `{text}`", expression=expression, text=text),
        expression=expression,
        frame=raised.frames.index(frame),
        rounded=rounded,
        recorded=text,
    )


def _names_something(expression: str) -> bool:
    """Return whether an expression reads a name of the notebook, so that its value is not obvious."""
    tree = parsed(expression)
    nodes = ast.walk(tree) if tree is not None else ()
    return any(isinstance(node, ast.Name) and not hasattr(builtins, node.id) for node in nodes)


def _asking(name: str, expression: str) -> str:
    """Return what is asked about a name: its value, its keys or columns, or its length."""
    if expression == name:
        return worded("what is the value of `{name}`?", name=name)
    if expression.startswith("len("):
        return worded("how many elements does `{name}` have?", name=name)
    if expression.endswith(".columns)"):
        return worded("which columns does `{name}` have, as a list?", name=name)
    return worded("which keys does `{name}` have, as a list?", name=name)


def _characters(count: int) -> str:
    return counted_in_words("{count} character", "{count} characters", count)


def _asked_for(frame: Frame, missing: str | None) -> tuple[Variable, str, str] | None:
    """Return a value worth asking for: its variable, expression and text. A `missing` name has none."""
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
    choices = [AnswerChoice(text=item.claim, hypothesis=item.id) for item in stated][: _CHOICES - 1]
    again = run_again(session)
    choices += [AnswerChoice(text=worded(AGAIN))] if again is not None else []
    if len(choices) < 2:
        return None
    choices.sort(key=lambda choice: choice.text.casefold())  # so that the order gives nothing away
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
        text=worded("Which explanation is right?"),
        how=worded(
            "`%cot_answer 2` for the second one. To test an idea of your own first, write an "
            "expression that is True if you are right: `%cot_answer len(rows) > 0`."
        ),
        meaning=worded(
            "A testable explanation is called a hypothesis. It makes a prediction, and a run "
            "shows whether the prediction holds."
        ),
        choices=tuple(choices),
        hints=(
            worded("Several may sound right. For each one, ask what would have to be true now."),
            worded("What they predict: {predictions}", predictions=predictions)
            if predictions
            else worded("One of them can be tested by a run."),
            worded("A run confirmed this: {prediction}", prediction=best.prediction)
            if best is not None
            else worded("No run has confirmed any of them."),
        ),
        short_hints=(
            worded("What would have to be true now?"),
            worded("Predicted: {predictions}", predictions=predictions)
            if predictions
            else worded("One can be tested."),
            worded("Confirmed: {prediction}", prediction=best.prediction)
            if best is not None
            else worded("None is confirmed."),
        ),
        answer=best.claim if best is not None else "",
        reveals=(Phase.VALIDATE,),
    )


def _fix(session: Session, case: Case) -> Question:
    fix = session.best_fix
    label = case.label(case.cell.id)
    return Question(
        subject=Subject.FIX,
        text=worded(
            "What is the fix? Your edit runs in a copy of the kernel as it was before "
            "{label}, with the same tests as any other fix.",
            label=label,
        ),
        how=worded(
            "`%cot_answer old -> new` for a piece of code that occurs once, `%cot_answer 3: new line` (or "
            "`[2] 3: new line`) for a line, or `%%cot_answer` with the whole new cell below it."
        ),
        meaning=worded(
            "A good fix is small and removes the cause. Hiding the error leaves the cause in place."
        ),
        hints=_fix_hints(case, fix) if fix is not None else tuple(map(worded, _NO_FIX_HINTS)),
        short_hints=_short_fix_hints(case, fix) if fix is not None else (),
        answer=fix.why if fix is not None else "",
        reveals=(Phase.PLAN, Phase.IMPLEMENT, Phase.CONFIRM),
    )


_NO_FIX_HINTS = (
    marked("Change as little as you can, where the cause is; do not silence the error."),
    marked("No passing fix was found, so there is nothing to point at. What do the values above tell you?"),
    marked("Make a small edit and run it: the error that it raises tells you more."),
)


def _fix_hints(case: Case, fix: Fix) -> tuple[str, ...]:
    lines = [line for edit in fix.edits for line in changed_lines(edit)]
    where = (
        worded("It changes {line}.", line=place(case, lines[0]))
        if lines
        else worded("A cell that has not run yet has to run.")
    )
    return (
        worded(
            "Change as little as you can, where the cause is and not where it shows; do not "
            "silence the error."
        ),
        where,
        _what_changes(fix),
    )


def _short_fix_hints(case: Case, fix: Fix) -> tuple[str, ...]:
    lines = [line for edit in fix.edits for line in changed_lines(edit)]
    where = (
        worded("Look at {line}.", line=place(case, lines[0]))
        if lines
        else worded("Run the cell that has not run.")
    )
    return (worded("A small edit, where the cause is."), where, _what_changes(fix))


def _what_changes(fix: Fix) -> str:
    """Say which part of the code a fix changes, but not what it becomes."""
    for edit in fix.edits:
        old, new = tokens(edit.before), tokens(edit.after)
        for tag, a, b, _, _ in opcodes(old, new):
            if tag in ("replace", "delete"):
                return worded("It changes `{old}`.", old=" ".join(old[a:b])[:80])
            if tag == "insert":
                before = old[a - 1] if a else ""
                return (
                    worded("It adds something after `{before}`.", before=before)
                    if before.strip()
                    else worded("It adds something.")
                )
    return worded("It changes only whitespace or a comment.")
