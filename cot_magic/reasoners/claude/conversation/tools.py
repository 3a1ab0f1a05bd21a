"""The tools that a model may call, and the checks of what it gives them: what is wrong is one line."""

import ast
import re
import warnings
from collections.abc import Mapping
from typing import Any

from cot_magic.core.case import Case
from cot_magic.core.findings import RegressionTest
from cot_magic.core.probes import emptiness
from cot_magic.core.withheld import holds_mask
from cot_magic.reasoners.claude.conversation.answers import EDIT, TEST
from cot_magic.reasoners.claude.conversation.cells import Misfit
from cot_magic.reasoners.claude.conversation.code_text import bare
from cot_magic.reasoners.claude.conversation.field_names import TEST as TEST_NAMES
from cot_magic.reasoners.claude.conversation.field_names import named
from cot_magic.reasoners.claude.conversation.loose_json import decoded

LONGEST_CODE = 20_000
MOST_TESTS = 4

_CODE = {"type": "string", "description": "Python code"}
_FRAME = {
    "type": ["integer", "null"],
    "description": "number of a frame of the failure, whose names the code sees after the cell has run and "
    "failed; null for the state before the failing cell",
}


def _tool(name: str, description: str, required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"name": name, "description": description, "input_schema": schema}


TOOLS: tuple[Mapping[str, Any], ...] = (
    _tool(
        "run_probe",
        "Test a hypothesis: run code in a throw-away copy of the kernel. The last expression has to be True "
        "if the prediction holds and False if it does not. Returns how it ended.",
        ("hypothesis", "code"),
        hypothesis={"type": "string", "description": "id such as h1"},
        code=_CODE,
        frame=_FRAME,
    ),
    _tool(
        "try_fix",
        "Try a fix: runs the failing cell without and with the edits, and each test without and with them, "
        "in throw-away copies. Nothing of the user's is changed.",
        ("hypothesis", "why", "edits"),
        hypothesis={"type": "string", "description": "id of the hypothesis that the fix follows from"},
        why={"type": "string", "description": "one sentence"},
        edits={"type": "array", "items": EDIT, "description": "find has to occur exactly once in the cell"},
        tests={"type": "array", "items": TEST, "description": "functions test_... with asserts"},
    ),
    _tool(
        "explore_schedules",
        "For concurrent code (asyncio, threads): search for an order of its steps in which the cell fails. "
        "With `fix`, search the edited code, beginning with the order that failed before.",
        ("schedules",),
        schedules={"type": "integer", "description": "how many orders to try at most"},
        seed={"type": "integer", "description": "of the search; 0 if left out"},
        hypothesis={"type": "string", "description": "id of the hypothesis that such an order decides"},
        fix={"type": "string", "description": "id of a fix that was tried, such as f1"},
    ),
    _tool(
        "read_cell",
        "The source of a cell of the notebook.",
        ("cell",),
        cell={"type": "string", "description": "a cell's label"},
    ),
    _tool(
        "inspect_variable",
        "The value of one expression in a copy of the kernel: a name, an attribute, an item, a short call.",
        ("expression",),
        expression={"type": "string"},
        frame=_FRAME,
    ),
)
NAMES = tuple(str(tool["name"]) for tool in TOOLS)


def text_of(given: Mapping[str, Any], name: str) -> str:
    """A text that a tool needs. Raises Misfit if it is missing."""
    value = given.get(name)
    if not isinstance(value, str) or not value.strip():
        given_are = f"; given are {', '.join(map(str, given))[:200]}" if given else ""
        raise Misfit(f"`{name}` is missing: it has to be a text{given_are}")
    return bare(value[:LONGEST_CODE])


def whole_number(value: Any) -> int | None:
    """A number, also one that came as text; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,9}\s*", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def frame_of(given: Mapping[str, Any], case: Case) -> int | None:
    """The frame that a tool was given. Raises Misfit if there is none of that number."""
    value = given.get("frame")
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", "null", "none")):
        return None
    count = len(case.raised.frames) if case.raised is not None else 0
    number = whole_number(value)
    if number is None:
        raise Misfit("`frame` has to be a number or null")
    if not -count <= number < count:
        known = f"0 to {count - 1}" if count else "none"
        raise Misfit(f"there is no frame {number}; known are: {known}, or null for the state before the cell")
    return number


def probe_source(code: str) -> str:
    """Code as a probe. Raises Misfit if it cannot show anything."""
    code = bare(code)
    tree = _parsed(code, "the probe")
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        raise Misfit("the last line of a probe has to be an expression that is True or False")
    if reason := emptiness(code, strict=True):
        raise Misfit(f"{reason}; let it look at the values or the code of the notebook")
    return code


def expression_source(code: str) -> str:
    """Code as one expression to look at. Raises Misfit for anything else."""
    tree = _parsed(code.strip(), "the expression")
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        raise Misfit("`expression` has to be one expression; use run_probe for more")
    return code.strip()


def tests_of(given: Any) -> tuple[RegressionTest, ...]:
    """Tests that a model gave, each ending in its own call. Raises Misfit for one that cannot run."""
    listed = decoded(given)
    if listed is None or listed == "":
        return ()
    if isinstance(listed, str | Mapping):
        listed = [listed]
    if not isinstance(listed, list):
        raise Misfit("`tests` has to be a list")
    found: dict[str, RegressionTest] = {}
    for item in listed[:MOST_TESTS]:
        if not isinstance(item, str | Mapping):
            raise Misfit("a test is an object with `name` and `source`")
        source = {"source": item} if isinstance(item, str) else named(item, TEST_NAMES)
        test = _test(text_of(source, "source"))
        found[test.name] = test
    return tuple(found.values())


def _test(source: str) -> RegressionTest:
    tree = _parsed(source, "the test")
    functions = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    if len(functions) != 1:
        raise Misfit("a test is one function named test_...")
    function = functions[0]
    if isinstance(function, ast.AsyncFunctionDef):
        raise Misfit(f"{function.name} has to be a plain function, not async")
    arguments = function.args
    if arguments.args or arguments.posonlyargs or arguments.kwonlyargs:
        raise Misfit(f"{function.name} must take no arguments: it runs by itself, without fixtures")
    called = any(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == function.name
        for node in tree.body
    )
    ending = "" if called else f"\n\n\n{function.name}()\n"
    return RegressionTest(name=function.name, source=f"{source.rstrip()}{ending}")


def _parsed(code: str, what: str) -> ast.Module:
    if holds_mask(code):
        raise Misfit(f"{what} holds a withheld value, which is not known: write it without")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the model's code, which is not the user's
            tree = compile(code, "<model>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise Misfit(f"{what} is no Python that can be parsed: {reason}{line}") from None
    assert isinstance(tree, ast.Module)
    return tree
