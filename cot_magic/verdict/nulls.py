"""Null fixes: a regression test has to fail when what the fix computes is replaced by nothing."""

import ast

from cot_magic.core.case import Case
from cot_magic.core.edits import asserts_something, parsed
from cot_magic.core.experiments import Experiment, replayed
from cot_magic.core.findings import ChallengeKind, EvidenceKind, Fix, RegressionTest, Stage
from cot_magic.core.jobs import Job, JobResult, JobStep, Limits, Outcome
from cot_magic.verdict.links import loaded

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Each null replaces all results at once. One that equals the true result (a count of 0) tells nothing.
_RUN = """
nulls = (None, 0, '', [], {}, ())
survived, tried = [], 0
for null in (*nulls, 'the input'):
    namespace, differs = dict(globals()), False
    for name in NAMES:
        if name not in namespace:
            continue
        true = namespace[name]
        if callable(true) and not isinstance(true, type) or name in CLASSES:
            if null == 'the input':
                namespace[name] = lambda *given, **named: given[0] if given else None
            else:
                namespace[name] = lambda *given, null=null, **named: null
            differs = True
        elif null != 'the input':
            namespace[name] = null
            try:
                differs = differs or type(true) is not type(null) or not (true == null)
            except Exception:
                differs = True
    if not differs:
        continue
    tried += 1
    try:
        waits = eval(compile(SOURCE, '<test>', 'exec', FLAGS), namespace)
        AWAIT
    except BaseException:
        continue
    survived.append(repr(null))
(tried, survived)
"""


def null_fixes(
    case: Case, fix: Fix, test: RegressionTest, *, limits: Limits, allow: tuple[str, ...]
) -> tuple[Experiment | None, str]:
    """The experiment that runs the test on null results, or None and why the test shows nothing."""
    tree = parsed(test.source)
    if tree is None or not asserts_something(tree):
        return None, f"{test.name} asserts nothing"
    names, classes = _results(case, fix)
    used = sorted(names & loaded(tree))
    if not used:
        return None, f"{test.name} does not use what the fix changes"
    named = f"NAMES, CLASSES, SOURCE = {used!r}, {sorted(classes)!r}, {test.source!r}\n"
    flags = f"FLAGS = {ast.PyCF_ALLOW_TOP_LEVEL_AWAIT}\n"
    run = _RUN.replace("AWAIT", "await waits" if _awaits(test.source) else "pass")
    steps = (*replayed(case, fix.edits, Stage.AFTER), JobStep(source=named + flags + run))
    experiment = Experiment(
        job=Job(steps=steps, limits=limits, allow=allow),
        kind=EvidenceKind.CHALLENGE,
        about=fix.id,
        code=f"{', '.join(used)} = None, 0, '', [], {{}}, ()\n{test.source}",
        stage=Stage.AFTER,
        test=test.name,
        trial=ChallengeKind.NULLS,
        read=lambda result: _read(result, test.name),
    )
    return experiment, ""


def _awaits(source: str) -> bool:
    """Whether the test awaits something outside functions, as a cell may."""
    try:
        compile(source, "<test>", "exec", dont_inherit=True)
    except SyntaxError:
        return True
    return False


def _results(case: Case, fix: Fix) -> tuple[set[str], set[str]]:
    """The names that the failing cell and the edited cells bind, without imports; and the classes of them."""
    edited = {edit.cell: edit.after for edit in fix.edits}
    sources = {case.cell.id: case.cell.source, **edited}
    names: set[str] = set()
    classes: set[str] = set()
    others = [tree for cell in case.cells if cell.id not in sources and (tree := parsed(cell.source))]
    for source in sources.values():
        tree = parsed(source)
        for node in tree.body if tree is not None else ():
            if isinstance(node, _DEFINITIONS):
                names.add(node.name)
                if isinstance(node, ast.ClassDef):
                    classes.add(node.name)
                continue
            names |= {
                n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            # an item or attribute that is assigned changes the object
            names |= {
                _owner(n)
                for n in ast.walk(node)
                if isinstance(n, ast.Subscript | ast.Attribute) and isinstance(n.ctx, ast.Store | ast.Del)
            } - {""}
            # so does a method whose result nobody uses
            names |= {
                n.value.func.value.id
                for n in ast.walk(node)
                if isinstance(n, ast.Expr)
                and isinstance(n.value, ast.Call)
                and isinstance(n.value.func, ast.Attribute)
                and isinstance(n.value.func.value, ast.Name)
            }
    return names | _reaching(names, others), classes


def _owner(target: ast.expr) -> str:
    """The name of the object that an assignment to `table.loc[rows, 'a']` changes; empty if it has none."""
    node = target
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _reaching(names: set[str], others: list[ast.Module]) -> set[str]:
    """The functions and classes of other cells that use one of the names, or a function that does."""
    definitions = [node for tree in others for node in tree.body if isinstance(node, _DEFINITIONS)]
    found: set[str] = set()
    while more := {node.name for node in definitions if loaded(node) & (names | found)} - found - names:
        found |= more
    return found


def _read(result: JobResult, name: str) -> tuple[bool | None, str]:
    if result.outcome is not Outcome.PASSED or result.value is None:
        return None, result.note or "the cell did not pass"
    try:
        tried, survived = ast.literal_eval(result.value)
    except (ValueError, SyntaxError, TypeError):
        return None, "what was seen cannot be read"
    if survived:
        return False, f"{name} also passes if the result is {survived[0]}, so it shows nothing"
    return (True, "") if tried else (False, f"{name} cannot tell the result from nothing")
