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
MOST_ITEMS = 8  # of one call
LONGEST_DOCS = 4_000
LINES_AROUND = 25  # of a frame's line

_STRING = {"type": "string"}
_NUMBER = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
_FRAME = {
    **_NUMBER,
    "description": "number of a frame, to see its names; null: before the failing cell",
}


def _closed(**properties: Any) -> dict[str, Any]:
    """A schema by the rules for strict tools: all properties are required, and there are no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    return {"type": "array", "items": items, **({"description": description} if description else {})}


def _tool(name: str, description: str, /, **properties: Any) -> dict[str, Any]:
    return {
        "name": name, "description": description, "strict": True, "input_schema": _closed(**properties),
    }  # fmt: skip


_HYPOTHESIS = _closed(
    claim={"type": "string", "description": "the cause, in a sentence; or the id of a known hypothesis (h1)"},
    prediction={"type": "string", "description": "what must be seen if it is so"},
    cell={"type": "string", "description": "label of the cell of the cause; empty for the failing cell"},
    line={**_NUMBER, "description": "line of the cause in that cell"},
    probe={
        "type": "string",
        "description": "code whose last expression says whether the prediction holds",
    },
    frame=_FRAME,
)
_FIX = _closed(
    hypothesis={"type": "string", "description": "id of the hypothesis that it is based on, or a new claim"},
    why={"type": "string", "description": "one sentence"},
    edits=_list(EDIT_SCHEMA, "`find` must occur exactly once in the cell"),
    tests=_list(TEST_SCHEMA, "functions named test_... with asserts"),
)
TOOLS: tuple[Mapping[str, Any], ...] = (
    _tool(
        "hypothesize",
        "State hypotheses and run all their probes at once. Returns what each showed and the verdicts.",
        hypotheses=_list(_HYPOTHESIS),
    ),
    _tool(
        "inspect",
        "Get the values of expressions: names, attributes, items, short calls.",
        expressions=_list(_STRING),
        frame=_FRAME,
    ),
    _tool(
        "run",
        "Run any code and get what it prints and its last value. Never "
        "evidence: a claim is decided by `hypothesize`.",
        code=_STRING,
        frame=_FRAME,
    ),
    _tool(
        "try_fixes",
        "Try rival fixes in one round: for each, run the failing cell and each test, without and with the "
        "edits. One that passes is challenged: is every part needed, do the tests notice an empty result, "
        "does an edit of the same size do something else.",
        fixes=_list(_FIX),
    ),
    _tool(
        "docs",
        "Get signature and documentation of a function, class or module.",
        name={"type": "string", "description": "a dotted name as the notebook writes it, such as pd.merge"},
    ),
    _tool(
        "source",
        "Get the source around the line of a frame of the failure.",
        frame={"type": "integer", "description": "the frame's number"},
    ),
    _tool(
        "history",
        "Get a cell: its source, whether what it defines is up to date, what it printed.",
        cell={"type": "string", "description": "the cell's label"},
    ),
    _tool(
        "explore_schedules",
        "For concurrent code (asyncio, threads): search for an order of its steps in which the cell fails. "
        "With `fix`, search the edited code, starting with the order that failed before.",
        schedules={"type": "integer", "description": "most orders to try"},
        seed={"type": "integer", "description": "seed of the search; usually 0"},
        hypothesis={
            "type": "string",
            "description": "id of the hypothesis that it decides, or empty",
        },
        fix={"type": "string", "description": "id of a fix that was tried, or empty"},
    ),
)
NAMES = tuple(str(tool["name"]) for tool in TOOLS)


def items_of(given: Mapping[str, Any], name: str) -> list[Any]:
    """The list in the arguments; arguments without it are taken for its only item. Raises Misfit if it is
    empty or too long."""
    listed = decoded(given.get(name, [given] if given else []))
    items = listed if isinstance(listed, list) else [listed]
    if not items:
        raise Misfit(f"`{name}` must be a list with at least one item")
    if len(items) > MOST_ITEMS:
        raise Misfit(f"`{name}` has {len(items)} items; at most {MOST_ITEMS} are run at once")
    return items


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
        raise Misfit("an expression must be a single expression; use `run` for more")
    return code.strip()


def free_source(code: str) -> str:
    """Code for free exploration. Raises Misfit if it is not Python."""
    _parsed(bare(code), "the code")
    return bare(code)


def docs_source(name: str) -> str:
    """Code that prints signature and documentation of a dotted name. Raises Misfit for anything else."""
    if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", name.strip()):
        raise Misfit(f"{name[:60]!r} is not a dotted name, such as pd.merge")
    return _DOCS.format(name=name.strip(), most=LONGEST_DOCS)


def lines_source(filename: str, lineno: int) -> str:
    """Code that prints a file's lines around one of them, with their numbers."""
    first, last = max(1, lineno - LINES_AROUND), lineno + LINES_AROUND
    return _LINES.format(filename=filename, before=first - 1, last=last, first=first)


_DOCS = """\
import inspect, pydoc
try:
    documented = {name}
except (NameError, AttributeError):
    documented = pydoc.locate({name!r})
try:
    print({name!r} + str(inspect.signature(documented)))
except (TypeError, ValueError):
    print({name!r} + ": no signature")
print((inspect.getdoc(documented) or "no documentation")[:{most}])"""
_LINES = """\
import linecache
for number, line in enumerate(linecache.getlines({filename!r})[{before}:{last}], {first}):
    print(f"{{number:>5}}  {{line.rstrip()}}")"""


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
