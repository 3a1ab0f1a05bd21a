"""Conversions: does a call that a fix puts around a value keep the items of that value, and their order?"""

import ast
import copy
from collections.abc import Iterator, Sequence

from cot_magic.core.case import Case
from cot_magic.core.edits import parsed
from cot_magic.core.experiments import Experiment
from cot_magic.core.findings import CellEdit, ChallengeKind, EvidenceKind, Fix, Stage
from cot_magic.core.jobs import Inspection, Job, JobResult, JobStep, Limits, Outcome
from cot_magic.verdict.links import links, operands

_DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.Tuple)
_COMPUTED = (ast.Call, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_VALUE = "_value"
_WORDS = (
    ("broadcast",),
    ("integer", "indices"),
    ("invalid literal", "could not convert"),
)  # of a message: a number of values; a whole number; a text that is no number
_COUNTED = "len"  # of what is a number of items: `range(len(rows))`
# Runs in the frame of the failure. INNER is what was there, OUTER the same with the call around `_value`;
# ALONE says that nothing else is in the call, so that other values can be put in.
_RUN = """
def _items(value):
    if isinstance(value, (str, bytes)):
        return value
    try:
        return list(value)
    except TypeError:
        return None
def _kept(value, found):
    had, has = _items(value), _items(found)
    if has is None:
        return False
    if hasattr(found, 'iloc') and hasattr(found, 'columns'):
        return len(found) == len(value)  # the items are its rows
    if isinstance(has, str):
        return all(str(item) in has for item in had)
    return len(had) == len(has) and all(str(one) in str(other) for one, other in zip(had, has))
def _as_long(value, found):
    return not hasattr(found, '__len__') or len(found) == len(value)
def _all_named(value, found):
    return not isinstance(found, dict) or len(found) == len(value)
def _tried(value, kept):
    try:
        found = eval(_outer, {**globals(), '_value': value})
        if type(found).__name__ == 'generator':
            found = list(found)  # what it does with an item, it does now
        return '' if kept(value, found) else f'{found!r:.60} for {value!r:.60}'
    except Exception:
        return ''  # it is not made for such values
def _numbers(value):
    kind = getattr(getattr(value, 'dtype', None), 'kind', '')
    return type(value) in (int, float, complex) or kind in tuple('iufc')
def _changed(value):
    try:
        found = eval(_outer, {**globals(), '_value': value})
        if BROADCAST and getattr(found, 'size', 1) != getattr(value, 'size', 1):
            return f'{found!r:.60} for {value!r:.60}'
        plain = type(value) in (int, float) and type(found) in (int, float) and not INTEGER
        if not plain and type(found) is not type(value):
            return ''
        if getattr(found, 'shape', 0) != getattr(value, 'shape', 0):
            return ''
        same = (found == value) | ((found != found) & (value != value))
        return '' if (same.all() if hasattr(same, 'all') else same) else f'{found!r:.60} for {value!r:.60}'
    except Exception:
        return ''  # it is no value by itself
def _always(value):
    if getattr(getattr(value, 'dtype', None), 'kind', '') == 'b':
        others = value | True, value & False
    elif getattr(getattr(value, 'dtype', None), 'kind', '') in tuple('iuf'):
        others = value * 0 + 1, value * 0
    else:
        return ''
    try:
        seen = [bool(eval(_outer, {**globals(), '_value': other})) for other in others]
    except Exception:
        return ''  # it has no truth value either
    return f'is {seen[0]} whatever the values are' if seen[0] is seen[1] else ''
def _are_truths(value):
    plain = type(value) in (list, tuple) and len(value) and all(type(item) is bool for item in value)
    return plain or getattr(getattr(value, 'dtype', None), 'kind', '') == 'b'
def _as_places(value):
    try:
        found = eval(_outer, {**globals(), '_value': value})
    except Exception:
        return ''  # it is no value by itself
    kind = getattr(getattr(found, 'dtype', None), 'kind', '')
    return f'makes places of truth values: {found!r:.60}' if kind in ('i', 'u') else ''
def _result(value):
    return eval(_outer, {**globals(), '_value': value})
def _renamed(key):
    try:
        found = _result(key)
    except Exception as error:
        found = type(error).__name__
    same = type(found) is type(key) and found == key
    return '' if same else f'does not find the key {key!r:.40} any more: it asks for {found!r:.40}'
def _made_one(one, other):
    try:
        same = _result(one) == _result(other)
    except Exception:
        return ''  # it is not made for such values
    return f'makes one of {one!r} and {other!r}' if same else ''
_outer = compile(OUTER, '<expression>', 'eval')
_lost = ''
try:
    _given = eval(INNER)
except Exception:
    _given = None  # it is no value of this frame
_table = hasattr(_given, 'iloc')
if _table and len(_given):
    for _value in (_given, _given.iloc[[*range(len(_given))][::-1] + [0]])[: 1 + ALONE]:
        _lost = _lost or _tried(_value, _as_long)
elif not hasattr(_given, '__iter__') or type(_given) in (str, bytes, dict) or hasattr(_given, 'shape'):
    pass
else:
    if type(_given) in (list, tuple):
        _lost = _tried(_given, _all_named)
    for _value in ([3, 1, 2, 1, 0, 5], ['b', '', 'a', 'b']) if ALONE else ():
        _lost = _lost or _tried(_value, _kept)
_lost = 'does not keep the items: it gives ' + _lost if _lost else ''
if not _lost and KEYS:
    try:
        _keys = list(eval(KEYS))[:500]
    except Exception:
        _keys = []  # it is no mapping of this frame
    _lost = _lost or next(filter(None, map(_renamed, _keys)), '')
if not _lost and UNHASHABLE:
    _alike = [(['a', 'bc'], ['ab', 'c']), (['a', 'b'], ['b', 'a']), (['a', 'a'], ['a'])]
    _lost = next(filter(None, (_made_one(*_pair) for _pair in _alike)), '')
if not _lost and _numbers(_given) and (_other := _changed(_given)):
    _lost = 'changes the values: it gives ' + _other
if not _lost and NUMBER and type(_given) is str:
    try:
        _other = eval(_outer, {**globals(), '_value': _given})
    except Exception:
        _other = None
    _digits = [''.join(filter(str.isdigit, _text)) for _text in (_given, _other) if type(_text) is str]
    if len(set(_digits)) > 1:
        _lost = f'leaves out digits: it gives {_other!r:.60} for {_given!r:.60}'
if not _lost and INDEX and _are_truths(_given):
    _lost = _as_places(_given)
if not _lost and TRUTH:
    _lost = _always(_given)
_lost.replace(chr(10), ' ')
"""


def conversions(case: Case, fix: Fix, *, limits: Limits, allow: tuple[str, ...]) -> list[Experiment]:
    """The experiments that put other values into the calls which the fix adds around values."""
    if case.raised is None or case.raised.syntax is not None:
        return []
    frames = case.raised.frames
    broadcast, integer, number = (any(word in case.raised.evalue for word in words) for words in _WORDS)
    unhashable, truth = (word in case.raised.evalue for word in ("unhashable", "truth value"))
    index = "IndexError" in (case.raised.ename, *case.raised.bases)
    found = []
    for edit in fix.edits:
        place = next((n for n in reversed(range(len(frames))) if frames[n].cell == edit.cell), None)
        if place is None:
            continue
        for inner, outer in wrapped(edit, of_truth=truth):
            others = operands(case, ast.parse(outer, mode="eval").body) - {_VALUE}
            if others - operands(case, ast.parse(inner, mode="eval").body) and not broadcast:
                continue  # what is made of more than one value need not keep the items of one
            given = f"INNER, OUTER, ALONE = {inner!r}, {outer!r}, {not others}\n"
            given += f"KEYS, UNHASHABLE, TRUTH = {_container(case, inner)!r}, {unhashable}, {truth}\n"
            given += f"INDEX = {index}\n"
            source = f"{given}BROADCAST, INTEGER, NUMBER = {broadcast}, {integer}, {number}\n{_RUN}"
            step = JobStep(source=case.cell.source, cell=case.cell.id)
            inspect = Inspection(source=source, frame=place)
            job = Job(steps=(step,), inspect=inspect, limits=limits, allow=allow, copies_folder=True)
            found.append(_experiment(fix, outer.replace(_VALUE, inner), job))
    return found[:3]


def _container(case: Case, key: str) -> str:
    """Where a key that is that expression was looked up in vain: the others must still be found."""
    found = links(case)
    node = found[-1].node if found else None
    missed = case.raised is not None and "KeyError" in (case.raised.ename, *case.raised.bases)
    if missed and isinstance(node, ast.Subscript) and ast.unparse(node.slice) == key:
        return ast.unparse(node.value)
    return ""


def _experiment(fix: Fix, told: str, job: Job) -> Experiment:
    return Experiment(
        job=job,
        kind=EvidenceKind.CHALLENGE,
        about=fix.id,
        code=told,
        stage=Stage.AFTER,
        trial=ChallengeKind.AGREEMENT,
        read=lambda result: _read(result, told),
    )


def wrapped(edit: CellEdit, *, of_truth: bool = False) -> Iterator[tuple[str, str]]:
    """What the edit puts a call or comprehension around, and that with `_value` in its place; with `of_truth`
    also an attribute, around a comparison too."""
    kinds = (*_COMPUTED, *((ast.Attribute,) if of_truth else ()))
    old, new = parsed(edit.before), parsed(edit.after)
    if old is None or new is None:
        return
    known = {_head(node) for node in ast.walk(old) if isinstance(node, ast.stmt)}
    displays = {ast.unparse(node) for node in ast.walk(old) if isinstance(node, _DISPLAYS)}
    for statement in (node for node in ast.walk(new) if isinstance(node, ast.stmt)):
        if _head(statement) in known:
            continue
        for node in _expressions(statement):
            counted = ast.unparse(node).startswith(f"{_COUNTED}(") and not of_truth
            if not isinstance(node, kinds) or counted:
                continue
            compared = [part for part in ast.walk(node) if isinstance(part, ast.Compare) and of_truth]
            for part in (*compared, *_parts(node)):
                bare = _head(_replaced(statement, node, part)) in known
                if bare or (_rebinds(statement, node, part) and not _holds(node, displays)):
                    outer = _replaced(node, part, ast.Name(id=_VALUE, ctx=ast.Load()))
                    yield ast.unparse(part), ast.unparse(outer)
                    break


def _rebinds(statement: ast.stmt, node: ast.expr, part: ast.expr) -> bool:
    """`rows = list(rows)`, which was not there."""
    return (
        isinstance(statement, ast.Assign)
        and statement.value is node
        and isinstance(part, ast.Name)
        and [ast.unparse(target) for target in statement.targets] == [part.id]
    )


def _holds(node: ast.expr, displays: set[str]) -> bool:
    """Whether it takes in what the cell wrote out before, too: it is made of more than one value."""
    return any(isinstance(part, _DISPLAYS) and ast.unparse(part) in displays for part in ast.walk(node))


def _parts(node: ast.expr) -> list[ast.expr]:
    """What may be converted: the receiver, an argument, what a comprehension goes over; also deeper ones."""
    return [
        part
        for part in ast.walk(node)
        if part is not node
        and part is not getattr(node, "func", None)
        and isinstance(part, ast.Name | ast.Call | ast.Attribute | ast.Subscript)
        and isinstance(part.ctx if not isinstance(part, ast.Call) else ast.Load(), ast.Load)
    ]


def _expressions(statement: ast.stmt) -> Sequence[ast.expr]:
    pending: list[ast.AST] = [statement]
    found = []
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.expr):
            found.append(node)
        pending += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]
    return found


def _head(statement: ast.AST) -> str:
    """A statement without the statements in it."""
    return type(statement).__name__ + ", ".join(
        ast.dump(item) if isinstance(item, ast.AST) else repr(item)
        for _, field in ast.iter_fields(statement)
        for item in (field if isinstance(field, list) else [field])
        if not isinstance(item, ast.stmt | ast.ExceptHandler)
    )


def _replaced(tree: ast.AST, node: ast.AST, other: ast.AST) -> ast.AST:
    """A copy of the tree in which `node` is `other`."""
    memo = {id(node): copy.deepcopy(other)}
    return copy.deepcopy(tree, memo)


def _read(result: JobResult, told: str) -> tuple[bool | None, str]:
    if result.outcome is not Outcome.PASSED or result.value is None:
        return None, result.note or "it could not be tried on other values"
    try:
        lost = ast.literal_eval(result.value)
    except (ValueError, SyntaxError, TypeError):
        return None, "what was seen cannot be read"
    if lost:
        return False, f"`{told[:60]}` {lost}"
    return True, f"`{told[:60]}` keeps the items and their order"
