"""Cells that leave nothing that a test could look at: what they show is all they do."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Case
from cot_magic.core.edits import parsed
from cot_magic.core.findings import Evidence, Fix
from cot_magic.core.jobs import SHOWN


def shows_all(case: Case | None, fix: Fix, after: Evidence, before: Evidence | None = None) -> bool:
    """Whether the fixed cell binds no name from the first change on, and all changes showed their results.

    `print(items['apple'])` raised before and printed after: no test in another cell could say more, as it
    would have to contain the fixed code itself. Output of other statements says nothing about the fix: what
    the cell printed until it failed, `before`, does not count.
    """
    if case is None or len(fix.edits) != 1 or fix.edits[0].cell != case.cell.id:
        return False
    old, new = parsed(fix.edits[0].before), parsed(fix.edits[0].after)
    if new is None:
        return False
    known = {ast.dump(node) for node in old.body} if old is not None else set[str]()
    changed = [node for node in new.body if ast.dump(node) not in known]
    # what comes before ran as it is now, and failed nowhere
    since = new.body[new.body.index(changed[0]) :] if changed else []
    if any(_leaves(ast.Module(since, []))):
        return False
    shown = after.output.removeprefix(before.output if before is not None else "")
    return bool(changed) and all(_shows(node, node is new.body[-1], after, shown) for node in changed)


def _shows(node: ast.stmt, is_last: bool, after: Evidence, printed: str) -> bool:
    """Whether the run showed the result of this statement; what is printed to a file is not shown."""
    if not isinstance(node, ast.Expr):
        return False
    call = node.value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print":
        to_a_file = any(word.arg == "file" for word in call.keywords)
        return bool(call.args) and bool(printed.strip()) and not to_a_file
    return is_last and any(item.name == SHOWN and item.literal for item in after.state)


def _leaves(tree: ast.Module) -> Iterator[bool]:
    """Whether each node binds, changes or removes something; targets of comprehensions are gone later."""
    passing = {
        id(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.comprehension)
        for name in ast.walk(node.target)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            yield not isinstance(node.ctx, ast.Load) and id(node) not in passing
        else:
            yield isinstance(node, _BINDING)


_BINDING = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom),
    *(ast.Assert, ast.Match),
)
