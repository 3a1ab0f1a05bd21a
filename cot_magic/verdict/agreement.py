"""Agreement: where another operation takes the place of the one that failed, both have to give the same.

That is tried on inputs on which the old one works.
"""

import ast
import copy

from cot_magic.core.case import Case
from cot_magic.core.challenges import NOT_COMPARED
from cot_magic.core.edits import parsed
from cot_magic.core.experiments import Experiment
from cot_magic.core.findings import ChallengeKind, EvidenceKind, Fix, Stage
from cot_magic.core.jobs import Inspection, Job, JobResult, JobStep, Limits, Outcome
from cot_magic.core.meaning import same_operation
from cot_magic.core.not_kept import without_points
from cot_magic.core.shifts import Symptom
from cot_magic.verdict.alike import LIKE
from cot_magic.verdict.links import Counterpart, counterpart, links, operands

MOST_INPUTS = 60
# Runs in the frame of the failure: OLD and NEW are expressions, NAMES the operands that are varied.
_RUN = (
    LIKE
    + """
import copy
def _same(one, other):
    if hasattr(one, 'equals'):
        return type(one) is type(other) and one.equals(other)
    if hasattr(one, 'shape') or hasattr(other, 'shape'):
        numpy = __import__('numpy')
        return numpy.shape(one) == numpy.shape(other) and bool(numpy.all(numpy.equal(one, other)))
    return bool(one == other) or (one != one and other != other)
def _value(code, space):
    found = eval(code, space)
    return list(found) if hasattr(found, '__next__') else found
_space = {**globals(), **LITERALS}
for _line in BROUGHT:
    exec(_line, _space)
_old, _new = (compile(text, '<expression>', 'eval') for text in (OLD, NEW))
_agreed, _unlike = 0, ''
_inputs = [{name: value} for name in NAMES if name in _space for value in _like(_space[name])]
for _input in _inputs[:MOST]:
    if APART and any(APART in value for value in _input.values() if type(value) is str):
        continue  # the old one reads it as a number that it is not
    try:
        _true = _value(_old, {**_space, **copy.deepcopy(_input)})
        _again = _value(_old, {**_space, **copy.deepcopy(_input)})
        if not _same(_true, _again):
            continue
    except Exception:
        continue
    try:
        _seen = _value(_new, {**_space, **copy.deepcopy(_input)})
        if _same(_true, _seen):
            _agreed += 1
            continue
        _seen = repr(_seen)
    except Exception as error:
        if list(_input.values())[0] in ([3, 1, 2], ['b', 'a']):
            continue  # of another kind than what the new one is for
        _seen = type(error).__name__
    _unlike = f'{_seen[:60]} instead of {repr(_true)[:60]} for {repr(_input)[1:60]}'.replace(chr(10), ' ')
    break
def _nothing(found):
    if found is None or found is False or isinstance(found, complex) or (type(found) is int and found == -1):
        return True
    if isinstance(found, float):
        return found != found or found in (float('inf'), float('-inf'))
    return hasattr(found, '__len__') and not len(found)
if OF_VALUES and not _unlike:
    try:
        _seen = _value(_new, dict(_space))
        if _nothing(_seen):
            _unlike = f'it gives {_seen!r:.60} where the old one fails'
    except Exception:
        pass  # on the failing values neither of them works by itself
(_agreed, _unlike)
"""
)
_NOTHING = ast.Module(body=[], type_ignores=[])
_OF_VALUES = {"ValueError", "LookupError", "ArithmeticError"}


def agreement(case: Case, fix: Fix, *, limits: Limits, allow: tuple[str, ...]) -> Experiment | None:
    """The experiment that compares both operations; None where the same one is still done, or the old one was
    not found."""
    found = links(case)
    if not found or case.raised is None:
        return None
    item = counterpart(case, found[-1], fix.edits)
    if item.node is None or not _another(case, item):
        return None
    if any(isinstance(node, ast.Await | ast.Yield) for node in ast.walk(item.node)):
        return None  # in the frame of the failure it cannot be evaluated
    frames = case.raised.frames
    place = next((n for n in reversed(range(len(frames))) if frames[n].cell == item.link.cell), 0)
    before = with_its_item(item.link.source, item.link.node, item.node)
    old, new = ast.unparse(before), ast.unparse(item.node)
    names = sorted(operands(case, before) | operands(case, item.node))
    literals = _literals(before, item.node)
    varied = [*names, *literals.values()]
    sources = [_lifted(node, literals) for node in (before, item.node)]
    read_anew = without_points(
        parsed(item.link.source) or _NOTHING, parsed(item.source) or _NOTHING, Symptom.of(case.raised)
    )
    given = (
        f"APART = {'.' if read_anew else ''!r}\n"
        f"OLD, NEW, NAMES, MOST = {sources[0]!r}, {sources[1]!r}, {varied!r}, {MOST_INPUTS}\n"
        f"OF_VALUES = {bool(_OF_VALUES & set(case.raised.bases))}\n"
        f"BROUGHT, LITERALS = {_brought(item)!r}, { {name: text for text, name in literals.items()}!r}\n"
    )
    return Experiment(
        job=Job(
            steps=(JobStep(source=case.cell.source, cell=case.cell.id),),
            inspect=Inspection(source=given + _RUN, frame=place),
            limits=limits,
            allow=allow,
            copies_folder=True,
        ),
        kind=EvidenceKind.CHALLENGE,
        about=fix.id,
        code=f"{old}\n{new}",
        stage=Stage.AFTER,
        trial=ChallengeKind.AGREEMENT,
        read=lambda result: _read(result, new),
    )


def with_its_item(source: str, old: ast.expr, new: ast.expr) -> ast.expr:
    """The old operation with the item that is taken of its result, if the new one takes that before: in place
    of `f(x)["a"]` there is `f(x["a"])`."""
    place = (old.lineno, old.col_offset, old.end_lineno, old.end_col_offset)
    taken = {ast.dump(node.slice) for node in ast.walk(new) if isinstance(node, ast.Subscript)}
    tree = parsed(source)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant | ast.List):
            whole = node.value
            at = (whole.lineno, whole.col_offset, whole.end_lineno, whole.end_col_offset)
            if at == place and ast.dump(node.slice) in taken:
                return node
    return old


def _another(case: Case, item: Counterpart) -> bool:
    """Whether a function that is there is not called any more, but another one, or on something else."""
    assert item.node is not None
    raised = case.raised
    if raised is None or (
        {"NameError", "ImportError", "AttributeError"} & {raised.ename, *raised.bases}
        and "'NoneType'" not in raised.evalue
    ):
        return False
    old, new = item.link.node, item.node
    if isinstance(old, ast.Subscript) and isinstance(new, ast.Call):
        return True  # what was an item is computed
    if not isinstance(old, ast.Call) or ast.dump(new) == ast.dump(old.func):
        return False  # a value that is no function is not called any more
    if _same_call(old, new):
        if any(isinstance(part, ast.Starred) for part in _given(new)):
            return False  # one value becomes several
        given = set(map(ast.unparse, _given(new)))
        return any(
            ast.unparse(part) not in given
            for part in _given(old)
            if not isinstance(part, ast.Constant | ast.Starred)
        )
    gone, come = _called(old) - _called(new) or {_callee(old)}, _called(new) - _called(old)
    return any(not any(same_operation(name, word) for word in come) for name in gone)


def _literals(old: ast.expr, new: ast.expr) -> dict[str, str]:
    """Names for the strings that both operations have."""
    one, other = (
        {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        for tree in (old, new)
    )
    return {text: f"_text_{number}" for number, text in enumerate(sorted(one & other))}


def _lifted(tree: ast.expr, literals: dict[str, str]) -> str:
    """The source of an expression with names in place of the strings."""
    nodes = list(ast.walk(tree))
    of_f_strings = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    memo: dict[int, ast.AST] = {
        id(node): ast.Name(id=literals[node.value], ctx=ast.Load())
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in literals
        if id(node) not in of_f_strings
    }
    return ast.unparse(copy.deepcopy(tree, memo))


def _same_call(old: ast.Call, new: ast.expr) -> bool:
    """Whether both call the same function, whatever with."""
    return isinstance(new, ast.Call) and _callee(old) == _callee(new) and not _called(old) - _called(new)


def _given(call: ast.expr) -> list[ast.expr]:
    """The arguments of a call, and the object whose method it calls."""
    if not isinstance(call, ast.Call):
        return []
    return [*call.args, *([call.func.value] if isinstance(call.func, ast.Attribute) else [])]


def _called(tree: ast.AST) -> set[str]:
    return {_callee(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def _callee(node: ast.AST) -> str:
    """The name of the function or method that an expression calls, "" if it is no call."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)


def _brought(item: Counterpart) -> list[str]:
    """The imports and functions of the edited source that were not there before."""
    old, new = parsed(item.link.source), parsed(item.source)
    known = {ast.dump(node) for node in ast.walk(old)} if old is not None else set()
    return [
        ast.unparse(node)
        for node in (new.body if new is not None else ())
        if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef) and ast.dump(node) not in known
    ]


def _read(result: JobResult, new: str) -> tuple[bool | None, str]:
    if result.outcome is not Outcome.PASSED or result.value is None:
        return None, result.note or "it could not be tried on other inputs"
    try:
        agreed, unlike = ast.literal_eval(result.value)
    except (ValueError, SyntaxError, TypeError):
        return None, "what was seen cannot be read"
    if unlike:
        return False, f"`{new[:60]}` is another operation: {unlike}"
    return True, f"they agree on {agreed} inputs on which the old one works" if agreed else NOT_COMPARED
