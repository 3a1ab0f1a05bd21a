"""The tools that a model may call, and the checks of its arguments; each error is one line for the model."""

import ast
import re
import warnings
from collections.abc import Mapping
from typing import Any

from cot_magic.core.case import Case
from cot_magic.core.findings import RegressionTest
from cot_magic.core.probes import emptiness
from cot_magic.core.withheld import holds_mask
from cot_magic.reasoners.claude.conversation.answers import EDIT_SCHEMA, TEST_SCHEMA
from cot_magic.reasoners.claude.conversation.cells import Misfit
from cot_magic.reasoners.claude.conversation.lenient import TEST, bare, decoded, named

LONGEST_CODE = 20_000
MOST_TESTS = 4

_CODE = {"type": "string", "description": "Python code"}
_LINE = {
    "anyOf": [{"type": "integer"}, {"type": "null"}],
    "description": "of a new claim: line of the cause in its cell; else null",
}
_FRAME = {
    "anyOf": [{"type": "integer"}, {"type": "null"}],
    "description": "number of a frame of the failure: the code sees the names of that frame as they were "
    "when the cell failed; null for the state before the failing cell",
}


def _tool(name: str, description: str, **properties: Any) -> dict[str, Any]:
    """A tool by the rules for strict ones: all properties are required, and there are no others."""
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"name": name, "description": description, "strict": True, "input_schema": schema}


TOOLS: tuple[Mapping[str, Any], ...] = (
    _tool(
        "run_probe",
        "Test a hypothesis: run code in a throwaway copy of the kernel. The last expression must be True if "
        "the prediction holds and False if it does not. Returns how the run ended.",
        hypothesis={"type": "string", "description": "its id, for example h1; or a new claim, in a sentence"},
        prediction={"type": "string", "description": "of a new claim: what must be seen; else empty"},
        cell={"type": "string", "description": "of a new claim: label of the cell of the cause; else empty"},
        line=_LINE,
        code=_CODE,
        frame=_FRAME,
    ),
    _tool(
        "try_fix",
        "Try a fix: run the failing cell and each test, without and with the edits, in throwaway copies of "
        "the kernel. Nothing of the user's is changed.",
        hypothesis={
            "type": "string",
            "description": "id of the hypothesis that the fix is based on; or a new claim, in a sentence",
        },
        why={"type": "string", "description": "one sentence"},
        edits={
            "type": "array",
            "items": EDIT_SCHEMA,
            "description": "`find` must occur exactly once in the cell",
        },
        tests={"type": "array", "items": TEST_SCHEMA, "description": "functions named test_... with asserts"},
    ),
    _tool(
        "explore_schedules",
        "For concurrent code (asyncio, threads): search for an order of its steps in which the cell fails. "
        "With `fix`, search the edited code, starting with the order that failed before.",
        schedules={"type": "integer", "description": "maximum number of orders to try"},
        seed={"type": "integer", "description": "seed of the search; usually 0"},
        hypothesis={
            "type": "string",
            "description": "id of the hypothesis that such an order would decide, or empty",
        },
        fix={"type": "string", "description": "id of a fix that was tried, for example f1; or empty"},
    ),
    _tool(
        "read_cell",
        "Get the source of a cell of the notebook.",
        cell={"type": "string", "description": "a cell's label"},
    ),
    _tool(
        "inspect_variable",
        "Get the value of one expression in a copy of the kernel: a name, attribute, item or short call.",
        expression={"type": "string"},
        frame=_FRAME,
    ),
)
NAMES = tuple(str(tool["name"]) for tool in TOOLS)


def text_of(given: Mapping[str, Any], name: str) -> str:
    """A required string argument. Raises Misfit if it is missing."""
    value = given.get(name)
    if not isinstance(value, str) or not value.strip():
        others = f"; the arguments were {', '.join(map(str, given))[:200]}" if given else ""
        raise Misfit(f"`{name}` is missing or not a string{others}")
    return bare(value[:LONGEST_CODE])


def whole_number(value: Any) -> int | None:
    """An integer, also one that came as a string; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,9}\s*", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def frame_of(given: Mapping[str, Any], case: Case) -> int | None:
    """The number of the frame in the arguments, or None. Raises Misfit if there is no such frame."""
    value = given.get("frame")
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", "null", "none")):
        return None
    count = len(case.raised.frames) if case.raised is not None else 0
    number = whole_number(value)
    if number is None:
        raise Misfit("`frame` must be an integer or null")
    if not -count <= number < count:
        known = f"frames are numbered 0 to {count - 1}" if count else "the failure has no frames"
        raise Misfit(f"there is no frame {number}: {known}; null is the state before the cell")
    return number


def probe_source(code: str) -> str:
    """The code as a probe. Raises Misfit if running it cannot show anything."""
    code = bare(code)
    tree = _parsed(code, "the probe")
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        raise Misfit("the last line of a probe must be an expression that is True or False")
    if reason := emptiness(code, strict=True):
        raise Misfit(f"{reason}; make it look at the notebook's values or code")
    return code


def expression_source(code: str) -> str:
    """The code as a single expression. Raises Misfit for anything else."""
    tree = _parsed(code.strip(), "the expression")
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        raise Misfit("`expression` must be a single expression; use run_probe for more")
    return code.strip()


def tests_of(given: Any) -> tuple[RegressionTest, ...]:
    """A model's tests, each with a call of it at the end. Raises Misfit for one that cannot run."""
    listed = decoded(given)
    if listed is None or listed == "":
        return ()
    if isinstance(listed, str | Mapping):
        listed = [listed]
    if not isinstance(listed, list):
        raise Misfit("`tests` must be a list")
    found: dict[str, RegressionTest] = {}
    for item in listed[:MOST_TESTS]:
        if not isinstance(item, str | Mapping):
            raise Misfit("a test is an object with `name` and `source`")
        source = {"source": item} if isinstance(item, str) else named(item, TEST)
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
        raise Misfit("a test must be one function named test_...")
    function = functions[0]
    if isinstance(function, ast.AsyncFunctionDef):
        raise Misfit(f"{function.name} must be a plain function, not async")
    arguments = function.args
    if arguments.args or arguments.posonlyargs or arguments.kwonlyargs:
        raise Misfit(f"{function.name} must take no arguments: it is called directly, without fixtures")
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
        raise Misfit(f"{what} contains a withheld value, which is not available: rewrite it without")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the code is the model's, not the user's
            tree = compile(code, "<model>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise Misfit(f"{what} is not valid Python: {reason}{line}") from None
    assert isinstance(tree, ast.Module)
    return tree
