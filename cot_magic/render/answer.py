"""The answer above the folds: the change that helps and what shows it; the facts where nothing helps."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cot_magic.core.case import Frame, Variable
from cot_magic.core.edits import parsed
from cot_magic.core.facts import for_a_reader
from cot_magic.core.findings import Fix, FixVerdict, Stage
from cot_magic.core.jobs import SHOWN, Outcome
from cot_magic.core.progress import run_of
from cot_magic.core.question import OpenQuestion, question
from cot_magic.core.session import Session
from cot_magic.core.verdict import Judgement
from cot_magic.render.blocks import OPEN, PLAIN, Block, Code, DiffLine, Row, Rows, Text
from cot_magic.render.diffs import diff_of, shortened
from cot_magic.render.headlines import cause, proof, tells, without_ids
from cot_magic.render.marks import mark_of
from cot_magic.render.safe_text import capitalised, code_span, one_line, phrase, said, sentence, shown

_DIFF_LINES = 16  # of each changed cell; the whole diff is in IMPLEMENT
_FACTS = 4
_OPERANDS = 3
_VALUE = 90  # characters of a value beside its expression
_DOES_WORDS = 6  # of what a choice does
_DOES = 60  # characters of what a choice does; IMPLEMENT has all of them


def answer(session: Session) -> tuple[Block, ...]:
    """Return the blocks of the answer; none before the session has ended, or if the cell passed."""
    if not session.ended or session.case is None or session.result == "no-failure":
        return ()
    if (asked := question(session)) is not None:
        return (*_choices(session, asked), Text(text="To choose: `%cot_answer 1`.", quiet=True))
    fix = session.best_fix
    judged = session.judge_fix(fix) if fix is not None else None
    if (
        fix is not None
        and judged is not None
        and judged.verdict in (FixVerdict.VERIFIED, FixVerdict.PLAUSIBLE)
    ):
        return (*_change(session, fix), _proof(session, fix, judged))
    return (*_place(session), *_facts(session))


def _choices(session: Session, asked: OpenQuestion) -> Iterator[Block]:
    """Yield the change of each choice; the cell, and lines that the choice above removes as well, are shown
    there alone."""
    above: list[DiffLine] = []
    told = session.case.cell.id if session.case is not None else None
    all_do = [phrase(item.does) for item in asked.choices]
    for number, item in enumerate(asked.choices, 1):
        does = told_apart(all_do[number - 1], [*all_do[: number - 1], *all_do[number:]])
        for edit in item.fix.edits:
            case = session.case
            where = f"in {case.label(edit.cell)}, " if case is not None and edit.cell != told else ""
            told = edit.cell
            diff = diff_of(edit, f"{number}: {where}{one_line(does, _DOES)}", 0)
            removed = [line for line in diff.lines if line.sign == "-"]
            if [line.text for line in removed] == [line.text for line in above] and number > 1:
                diff = replace(diff, lines=tuple(line for line in diff.lines if line.sign != "-"))
            above = removed
            yield replace(shortened(diff, _DIFF_LINES), choice=number)


def told_apart(does: str, others: Sequence[str]) -> str:
    """Return the beginning of what a choice does, or of the part in which it differs from what others do."""
    words = does.split(" ")
    if len(words) <= _DOES_WORDS:
        return does
    differs = max((_common(words, other.split(" ")) for other in others), default=0)
    start = max(0, min(differs, len(words) - 1) - 1)
    if differs < _DOES_WORDS:
        return f"{' '.join(words[:_DOES_WORDS])}…"
    end = start + _DOES_WORDS - 1
    return f"{words[0]} …{' '.join(words[start:end])}{'…' * (end < len(words))}"


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two lists have in common at their beginnings."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


def _change(session: Session, fix: Fix) -> Iterator[Block]:
    for edit in fix.edits:
        label = session.case.label(edit.cell) if session.case is not None else "the cell"
        yield shortened(diff_of(edit, label, 0), _DIFF_LINES)


def _proof(session: Session, fix: Fix, judged: Judgement[FixVerdict]) -> Rows:
    """Return what was run, and the first point that is open."""
    rows = [Row(mark=mark_of(judged), claim=sentence(capitalised(proof(session, fix).text)))]
    rows += [
        Row(mark=OPEN, claim=sentence(capitalised(without_ids(session, said(reason)))))
        for reason in judged.reasons[:1]
    ]
    if idle := _idle_value(session, fix):
        rows.append(Row(mark=OPEN, claim=idle))
    return Rows(rows=tuple(rows))


_IDLE = {
    "0": "is 0",
    "0.0": "is 0.0",
    "nan": "is NaN, a missing value",
    "None": "is None",
    "''": "is an empty string",
    "[]": "is an empty list",
    "()": "is an empty tuple",
    "{}": "is an empty dictionary",
    "set()": "is an empty set",
}


def _idle_value(session: Session, fix: Fix) -> str:
    """Return that what the cell shows or makes last is empty, zero or missing with the fix; "" if it is not.

    Such a value may be right, but a person would not see from the verdict that there is nothing in it.
    """
    after = run_of(fix.id, Stage.AFTER, session.evidence)
    tree = parsed(session.case.cell.source) if session.case is not None else None
    if after is None or after.outcome is not Outcome.PASSED or tree is None or not tree.body:
        return ""
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        watched, name = SHOWN, ast.unparse(last.value)
    elif isinstance(last, ast.Assign) and isinstance(last.targets[0], ast.Name):
        watched = name = last.targets[0].id
    else:
        return ""
    of = next((item for item in after.state if item.name == watched), None)
    if of is None:
        return ""
    empty = "has no rows" if of.expression.endswith(".shape") and of.text.startswith("(0,") else ""
    said_of = _IDLE.get(of.text, empty)
    return f"The error is gone, but {code_span(name, 60)} {said_of}: is that right?" if said_of else ""


def _place(session: Session) -> Iterator[Block]:
    raised = session.case.raised if session.case is not None else None
    frame = raised.innermost_in_cells if raised is not None else None
    if frame is not None and frame.line:
        yield Code(source=pointed(frame), language="")


def pointed(frame: Frame) -> str:
    """Return the failing line, a caret under the expression, and each operand's value below its place."""
    line, expression = shown(frame.line, 300), frame.expression or ""
    lines = [line]
    column = line.find(expression) if expression else -1
    if column >= 0 and expression != line:
        lines.append(f"{' ' * column}{'^' * len(expression)}")
    placed = [(line.find(item.name), item) for item in frame.operands if tells(item)]
    found = sorted(((at, item) for at, item in placed if at >= 0), key=lambda pair: -pair[0])[:_OPERANDS]
    lines += [f"{' ' * at}╰─ {_value(item)}" for at, item in found]
    return "\n".join(lines)


def _value(item: Variable) -> str:
    facts = ", ".join(f"{name} {text}" for name, text in item.facts if name in ("shape", "len"))
    text = one_line(item.text, _VALUE)
    return one_line(f"{item.name} = {text}{f' ({facts})' if facts else ''}", 2 * _VALUE)


def _facts(session: Session) -> Iterator[Block]:
    """Yield what was seen in the failed kernel, and what is said of the person's own question."""
    above = cause(session).text
    raised = session.case.raised if session.case is not None else None
    frame = raised.innermost_in_cells if raised is not None else None
    pointed_at = (
        {f"`{item.name}` is " for item in frame.operands if tells(item)} if frame is not None else set()
    )
    facts = [
        item.text
        for item in for_a_reader(session.facts)
        if said(item.text).rstrip(".") not in above and not item.text.startswith(tuple(pointed_at))
    ]
    rows = [Row(mark=PLAIN, claim=sentence(said(text))) for text in facts[:_FACTS]]
    if session.case is not None and session.case.prompt and session.worked_by == "offline":
        rows.append(
            Row(
                mark=OPEN,
                claim=f"You asked: {sentence(phrase(session.case.prompt))} Answering this needs a model.",
            )
        )
    if rows:
        yield Rows(rows=tuple(rows))
