"""Tests that call the guilty function on the smallest input that fails, and on a neighbour of that input."""

import ast
import json
import math
from collections.abc import Generator, Iterator
from typing import Any

from cot_magic.core.case import Case
from cot_magic.core.edits import parsed
from cot_magic.core.events import Reply, Screen, Step, screen
from cot_magic.core.facts import Facts
from cot_magic.core.findings import Fix, RegressionTest

MARK = "cot-small "
SECONDS = 2.0
LONGEST = 200  # characters of a call, and of what it gives
DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def small_test(case: Case, fix: Fix, facts: Facts) -> Generator[Step, Reply, RegressionTest | None]:
    """A test of the function of the person's that failed, with what it gives once the fix is made.

    None if the autopsy found no small input that can be written down, if the call needs more than literals,
    or if the function still fails or gives nothing that can be written down.
    """
    calls = _calls(case, facts)
    if not calls:
        return None
    edits = {edit.cell: edit.after for edit in fix.edits}
    sources = [edits[cell.id] for cell in case.cells if cell.id in edits and cell.id != case.cell.id]
    sources.append(edits.get(case.cell.id, case.cell.source))
    order = {"definitions": [text for source in sources for text in _definitions(source)], "calls": calls}
    reply = yield from screen(Screen(source=_source(order), seconds=SECONDS))
    given = _answers(reply.output) if reply is not None else {}
    lines = [f"assert {call} == {given[call]}" for call in calls if call in given]
    if calls[0] not in given:
        return None
    name = f"test_{calls[0].partition('(')[0].strip('_')}_on_the_smallest_input_that_failed"
    body = "\n".join(f"    {line}" for line in lines)
    return RegressionTest(name=name, source=f"def {name}():\n{body}\n\n\n{name}()\n")


def _calls(case: Case, facts: Facts) -> list[str]:
    """The call with the smallest input, and with that input twice over if it can be."""
    fact = facts.first("smallest.input")
    value = fact.value if fact is not None else {}
    match value:
        case {"operation": str(operation), "expression": str(expression), "code": str(code)} if code:
            found = [_call(case, operation, expression, text) for text in (code, _twice(code))]
            return [call for call in found if call and len(call) <= LONGEST] if found[0] else []
    return []


def _call(case: Case, operation: str, expression: str, code: str) -> str:
    """The operation with the code in place of the expression; "" unless it is a call of a function of the
    notebook with literals."""
    try:
        call = ast.parse(operation, mode="eval").body
        wanted, new = ast.dump(ast.parse(expression, mode="eval").body), ast.parse(code, mode="eval").body
    except (SyntaxError, ValueError):
        return ""
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and code):
        return ""
    if call.func.id not in _functions(case):
        return ""
    call.args = [new if ast.dump(item) == wanted else item for item in call.args]
    for word in call.keywords:
        word.value = new if ast.dump(word.value) == wanted else word.value
    try:
        for item in (*call.args, *(word.value for word in call.keywords)):
            ast.literal_eval(item)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return ""
    return ast.unparse(call)


def _functions(case: Case) -> set[str]:
    trees = [parsed(cell.source) for cell in (*case.cells, case.cell)]
    return {
        node.name
        for tree in trees
        if tree is not None
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def _twice(code: str) -> str:
    """Code of the sequence twice over; "" if it is no sequence, or an empty one."""
    value = ast.literal_eval(code)
    return repr(value * 2) if isinstance(value, str | list | tuple) and value else ""


def _definitions(source: str) -> Iterator[str]:
    tree = parsed(source)
    for node in tree.body if tree is not None else ():
        if isinstance(node, DEFINITIONS):
            yield ast.unparse(node)


def _source(order: dict[str, Any]) -> str:
    return (
        "from cot_magic.reasoners.offline.small_calls import answer as __cot_answer__\n"
        f"__cot_answer__(globals(), {json.dumps(order)!r})"
    )


def answer(namespace: dict[str, Any], order: str) -> None:
    """In the copy: make the definitions, evaluate each call twice, and print what can be written down.

    What is raised there ends the copy; what was printed before stays.
    """
    wanted = json.loads(order)
    for text in wanted["definitions"]:
        exec(text, namespace)  # noqa: S102 - in a confined copy
    for call in wanted["calls"]:
        one, other = (eval(call, namespace) for _ in range(2))  # noqa: S307 - in a confined copy
        if plain(one) and repr(one) == repr(other):
            print(f"\n{MARK}{json.dumps([call, repr(one)])}", flush=True)


def plain(value: Any) -> bool:
    """Whether the value can be written down, and equals what is then read."""
    if isinstance(value, float) and not math.isfinite(value):
        return False
    try:
        return len(repr(value)) <= LONGEST and bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return False


def _answers(output: str) -> dict[str, str]:
    """What each call gave; what does not have our form is left out, since the person's code may print too."""
    found: dict[str, str] = {}
    for line in output.splitlines():
        if not line.startswith(MARK):
            continue
        try:
            data = json.loads(line.removeprefix(MARK))
        except (ValueError, RecursionError):
            continue
        match data:
            case [str(call), str(text)] if _literal(text):
                found[call] = text
    return found


def _literal(text: str) -> bool:
    """Whether it is one literal on one line, and thus safe to put into a test."""
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return False
    return "\n" not in text and len(text) <= LONGEST
