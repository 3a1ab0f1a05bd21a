"""Regression tests from the state after a fix: values of names, results of calls, asserts of the cell
itself."""

import ast
import re
from collections.abc import Iterator, Sequence
from textwrap import indent

from cot_magic.core.case import Case
from cot_magic.core.edits import parsed
from cot_magic.core.findings import CellEdit, Evidence, Fix, RegressionTest
from cot_magic.core.jobs import SHOWN, StateItem
from cot_magic.reasoners.offline import source as src

_ASSERTS = 6  # in one test: enough to determine a result, few enough to read
_STATEMENTS = 20  # in a test that makes its own objects
_ITERATORS = (
    "generator",
    "list_iterator",
    "map",
    "filter",
    "zip",
    "enumerate",
    "reversed",
    "itertools.count",
)
_LONG = 300  # longer reprs are not readable
_UNEQUAL = ("nan", "inf")
_ATOMS = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Constant)


def regression_tests(case: Case, fix: Fix, after: Evidence) -> tuple[RegressionTest, ...]:
    """Tests that should fail without the fix and pass with it; at most three.

    The cell's own asserts come first, as they are independent. Then what the fixed cell computed: by calling
    the function again where the fix does not change the call, else by the values of its names.
    """
    edits = {edit.cell: edit for edit in fix.edits}
    edit = edits.get(case.cell.id)
    source = edit.after if edit is not None else case.cell.source
    tree = parsed(source)
    if tree is None:
        return ()
    unchanged = set(case.cell.source.splitlines())
    stem = _stem(case, tree)
    tests = []
    stateful = _stateful(case)
    if body := list(_from_the_start(source, tree, unchanged, stateful)):
        tests.append(_written(f"{stem}_keeps_its_asserts", body))
    elif lines := list(_own_asserts(source, tree, unchanged, stateful)):
        tests.append(_test(f"{stem}_keeps_its_asserts", lines))
    lines = [*_calls(source, tree, unchanged, after), *_values(source, tree, unchanged, after, fix.edits)]
    if lines:
        tests.append(_test(f"{stem}_gives_what_was_seen", lines))
    shown = [*_shown(source, tree, unchanged, after), *_printed(source, tree, unchanged, after)]
    if shown and lines and not set(shown) & set(lines):
        tests.append(
            _test(f"{stem}_shows_what_was_seen", shown)
        )  # the names may have been bound before it failed
    return tuple(tests)


def _test(name: str, lines: Sequence[str]) -> RegressionTest:
    return _written(name, list(dict.fromkeys(lines[:_ASSERTS])))


def _written(name: str, statements: Sequence[str]) -> RegressionTest:
    body = "\n".join(indent(text, "    ") for text in statements)
    return RegressionTest(name=f"test_{name}", source=f"def test_{name}():\n{body}\n\n\ntest_{name}()\n")


def _stem(case: Case, tree: ast.Module) -> str:
    """The name for the test: the function that failed, else the first name that the cell assigns."""
    frame = case.raised.innermost_in_cells if case.raised is not None else None
    if frame is not None and frame.function.isidentifier():
        return frame.function.strip("_") or "cell"
    names = [name for node in tree.body for name in sorted(src.bound_names(node))]
    words = re.findall(r"[a-z0-9]+", names[0].lower()) if names else []
    return "_".join(words) or "cell"


def _stateful(case: Case) -> set[str]:
    """The names of objects that a call may change: of the notebook's own classes, and iterators."""
    frames = case.raised.frames if case.raised is not None else ()
    known = [*case.namespace, *(item for frame in frames for item in frame.variables)]
    return {item.name for item in known if item.type.startswith("__main__.") or item.type in _ITERATORS}


def _changed_by(node: ast.AST, stateful: set[str]) -> set[str]:
    """Those of these objects whose methods the code calls, or that it takes items of with `next`."""
    found = set()
    for item in ast.walk(node):
        match item:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                found.add(name)
            case ast.Call(func=ast.Name(id="next"), args=[ast.Name(id=name), *_]):
                found.add(name)
    return found & stateful


def _own_asserts(source: str, tree: ast.Module, unchanged: set[str], stateful: set[str]) -> Iterator[str]:
    """Asserts at the top level that call something, so that running them again tests the code again."""
    for node in tree.body:
        if not isinstance(node, ast.Assert) or _changed_by(node, stateful):
            continue
        if any(isinstance(item, ast.Call) for item in ast.walk(node.test)):
            text = src.text_of(source, node)
            if "\n" not in text and text in unchanged:
                yield text


def _from_the_start(source: str, tree: ast.Module, unchanged: set[str], stateful: set[str]) -> Iterator[str]:
    """If asserts change objects that the cell makes: all statements from where it makes the first one to the
    last assert, since these asserts hold only once."""
    asserts = [place for place, node in enumerate(tree.body) if isinstance(node, ast.Assert)]
    changed = {name for place in asserts for name in _changed_by(tree.body[place], stateful)}
    made = [
        place
        for place, node in enumerate(tree.body)
        if isinstance(node, ast.Assign) and changed & src.bound_names(node)
    ]
    if not made or any(place < made[0] for place in asserts) or asserts[-1] - made[0] >= _STATEMENTS:
        return
    statements = tree.body[made[0] : asserts[-1] + 1]
    texts = [src.text_of(source, node) for node in statements]
    if not _reads_its_own_later(statements) and all(
        line in unchanged for text in texts for line in text.splitlines()
    ):
        yield from texts


def _reads_its_own_later(statements: Sequence[ast.stmt]) -> bool:
    """Whether a name is read before they bind it: in a function it would be unbound there."""
    later = {name for node in statements for name in src.bound_names(node)}
    for node in statements:
        names = [item for item in ast.walk(node) if isinstance(item, ast.Name)]
        read = {item.id for item in names if isinstance(item.ctx, ast.Load)}
        if isinstance(node, ast.For):  # its variable is bound before its body reads it
            read -= {item.id for item in ast.walk(node.target) if isinstance(item, ast.Name)}
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            read.add(node.target.id)
        if read & later:
            return True
        later -= src.bound_names(node)
    return False


def _calls(source: str, tree: ast.Module, unchanged: set[str], after: Evidence) -> Iterator[str]:
    """`name = f(…)` with literal arguments, and a single `print(f(…))` whose output is known: the call
    again."""
    state = {item.expression: item for item in after.state if item.literal and len(item.text) <= _LONG}
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    prints = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _called(node.value) == "print"
    ]
    for node in tree.body:
        if src.text_of(source, node) not in unchanged:
            continue
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target = node.targets[0]
            item = state.get(target.id) if isinstance(target, ast.Name) else None
            if item is not None and _called(node.value) in defined and _plain(node.value):
                yield f"assert {src.text_of(source, node.value)} == {item.text}"
    if len(prints) == 1 and len(prints[0].args) == 1 and not prints[0].keywords:
        argument, printed = prints[0].args[0], after.output.strip("\n")
        told = bool(printed) and "\n" not in printed and len(printed) <= _LONG
        own = isinstance(argument, ast.Call) and _called(argument) in defined and _plain(argument)
        if told and own and src.text_of(source, prints[0]) in unchanged:
            yield f"assert str({src.text_of(source, argument)}) == {printed!r}"


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _plain(call: ast.Call) -> bool:
    """Whether all arguments are literals, so that the call is the same every time."""
    for argument in (*call.args, *(item.value for item in call.keywords)):
        try:
            ast.literal_eval(argument)
        except (ValueError, TypeError):
            return False
    return True


def _values(
    source: str, tree: ast.Module, unchanged: set[str], after: Evidence, edits: Sequence[CellEdit]
) -> Iterator[str]:
    """The values of the names that the cell assigns; if it assigns none, what it shows, else what it uses."""
    assigned = {name for node in tree.body for name in src.bound_names(node)}
    for edit in edits:
        other = parsed(edit.after)
        assigned |= (
            {name for node in other.body for name in src.bound_names(node)} if other is not None else set()
        )
    items = [item for item in after.state if _tellable(item)]
    own = [item for item in items if item.name in assigned]
    shown = (
        [] if own else [*_shown(source, tree, unchanged, after), *_printed(source, tree, unchanged, after)]
    )
    yield from shown
    for item in own or (() if shown else items):
        yield f"assert {item.expression} == {item.text}"


def _shown(source: str, tree: ast.Module, unchanged: set[str], after: Evidence) -> Iterator[str]:
    """The value of the expression in which the cell ends, if the fix does not change it."""
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return
    text = src.text_of(source, last.value)
    if text not in unchanged:
        return
    operand = text if isinstance(last.value, _ATOMS) else f"({text})"
    for item in after.state:
        if item.name == SHOWN and item.literal and len(item.text) <= _LONG and item.text not in _UNEQUAL:
            yield f"assert {item.expression.replace(SHOWN, operand, 1)} == {item.text}"


def _printed(source: str, tree: ast.Module, unchanged: set[str], after: Evidence) -> Iterator[str]:
    """What each `print(…)` that is unchanged printed, where each printed one line and nothing else did."""
    calls = [
        node.value for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    prints = [call for call in calls if _called(call) == "print"]
    lines = after.output.splitlines()
    everywhere = sum(isinstance(node, ast.Name) and node.id == "print" for node in ast.walk(tree))
    if not len(prints) == len(lines) == everywhere:
        return
    for call, line in zip(prints, lines, strict=True):
        texts = [src.text_of(source, argument) for argument in call.args]
        starred = any(isinstance(argument, ast.Starred) for argument in call.args)
        told = texts and not call.keywords and not starred and len(line) <= _LONG
        if not told or src.text_of(source, call) not in unchanged:
            continue
        if len(texts) == 1:
            yield f"assert str({texts[0]}) == {line!r}"
        else:
            yield f"assert ' '.join(map(str, [{', '.join(texts)}])) == {line!r}"


def _tellable(item: StateItem) -> bool:
    """Whether `expression == text` is valid Python and tells something."""
    if not item.literal or len(item.text) > _LONG or item.name.startswith("_"):
        return False
    try:
        ast.parse(f"assert {item.expression} == {item.text}")
    except (SyntaxError, ValueError):
        return False
    return item.text not in _UNEQUAL
