"""A session's fix and tests as new cells; their first lines say what was and was not proven."""

import ast
import re
from typing import Any

from cot_magic.core.case import CellRole, NewCell
from cot_magic.core.findings import CellEdit, Fix, RegressionTest
from cot_magic.core.session import Session
from cot_magic.render.safe_text import one_line

_COT_COMMENT = re.compile(r"\A\s*#%%cot\+{0,2}(?:[ \t][^\n]*)?(?:\n|\Z)")
_MAGIC_LINE = re.compile(r"\A%%[^\n]*(?:\n|\Z)")
_OLD_MARK = re.compile(r"\A# cot fix \([^\n]*\n")
_LONG = 200  # characters of a comment


def fix_cells(session: Session) -> tuple[NewCell, ...]:
    """Return one cell for each edit of the best fix, in notebook order: the whole new source.

    A comment on top gives the verdict, and names the cell if it is not the failing one. Empty without a fix.
    """
    fix = session.best_fix
    if fix is None:
        return ()
    edits = sorted(fix.edits, key=lambda edit: _place(session, edit))
    last = len(edits) - 1
    return tuple(
        NewCell(source=_fix_source(session, fix, edit, last=place == last), role=CellRole.FIX)
        for place, edit in enumerate(edits)
    )


def test_cells(session: Session) -> tuple[NewCell, ...]:
    """Return one cell for each regression test of the best fix, ending with a call of the test.

    A test that passes without the fix, or raises with it, shows nothing and is left out.
    """
    fix = session.best_fix
    if fix is None:
        return ()
    views = (view for view in session.tests_of(fix.id) if not view.shows_nothing)
    return tuple(NewCell(source=_called(view.test), role=CellRole.TEST) for view in views)


test_cells.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test where it is imported


def metadata(cell: NewCell, session_id: str) -> dict[str, Any]:
    """Return the metadata of an inserted cell: its tag, and the session that it comes from."""
    return {"tags": [f"cot-{cell.role.value}"], "cot": {"session": session_id, "role": cell.role.value}}


def marked(source: str, label: str, why: str) -> str:
    """Return the source with a comment on top, below a cell magic; it replaces one of an earlier fix."""
    magic = _MAGIC_LINE.match(source)
    top = magic.group() if magic is not None else ""
    rest = _OLD_MARK.sub("", source[len(top) :])
    return f"{top}{label}{one_line(why, _LONG)}\n{rest}"


def _place(session: Session, edit: CellEdit) -> int:
    """Return the index of the edited cell among the known ones; an unknown one comes last."""
    known = [cell.id for cell in session.case.cells] if session.case is not None else []
    return known.index(edit.cell) if edit.cell in known else len(known)


def _fix_source(session: Session, fix: Fix, edit: CellEdit, *, last: bool) -> str:
    judged = session.judge_fix(fix)
    case = session.case
    elsewhere = case is not None and edit.cell != case.cell.id
    target = f" for {case.label(edit.cell)}" if case is not None and elsewhere else ""
    comments = [f"# cot fix ({judged.verdict.value.lower()}){target}: {one_line(fix.why, _LONG)}"]
    if judged.reasons:
        open_points = "; ".join(one_line(reason, _LONG) for reason in judged.reasons)
        comments.append(f"# not proven: {open_points}")
    if case is not None and last and all(item.cell != case.cell.id for item in fix.edits):
        comments.append(f"# then run {case.label(case.cell.id)} again")
    source = _COT_COMMENT.sub("", edit.after, count=1)
    magic = _MAGIC_LINE.match(source)  # `%%time` must stay the first line
    head = f"{magic.group().rstrip()}\n" if magic is not None else ""
    body = source[magic.end() :] if magic is not None else source
    return head + "\n".join([*comments, body]).rstrip()


def _called(test: RegressionTest) -> str:
    """Return the test with a call of it at the end: a cell that only defines it would check nothing."""
    source = test.source.rstrip()
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    calls = {
        node.value.func.id
        for node in tree.body
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
    }
    defined = any(isinstance(node, ast.FunctionDef) and node.name == test.name for node in tree.body)
    return f"{source}\n\n\n{test.name}()" if defined and test.name not in calls else source
