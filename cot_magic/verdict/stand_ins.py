"""What could be in the place of a value that a fix brings in: another variable, another result of a
function, another mark between fields. Whether it would do as well is tried, not read."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cot_magic.core.case import Case, Variable
from cot_magic.core.edits import parsed
from cot_magic.core.findings import CellEdit
from cot_magic.core.spelling import related, respelled

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.Lambda)
_NO_VALUES = frozenset({"module", "type"})
_SPLITS = frozenset({"split", "rsplit", "partition", "rpartition"})
_SEPARATORS = frozenset(",;|\t")
_APART = re.compile(r"(?<!\d)[,;|\t]|[,;|\t](?!\d)")  # not between digits


def stand_ins(case: Case, edits: Sequence[CellEdit]) -> Iterator[tuple[CellEdit, ...]]:
    """The edits with something else in the place of one value that they bring in."""
    for place, edit in enumerate(edits):
        old, new = parsed(edit.before), parsed(edit.after)
        if old is None or new is None:
            continue
        for node, text in (
            *_other_parameters(old, new),
            *_other_variables(case, old, new),
            *_other_results(old, new),
            *_other_marks(case, old, new),
        ):
            yield (*edits[:place], _with(edit, node, text), *edits[place + 1 :])


def _with(edit: CellEdit, node: ast.expr, text: str) -> CellEdit:
    """The edit with another text in the place of an expression of one line; columns count bytes."""
    lines = edit.after.splitlines(keepends=True)
    line = lines[node.lineno - 1].encode()
    new = line[: node.col_offset] + text.encode() + line[node.end_col_offset :]
    return replace(edit, after="".join([*lines[: node.lineno - 1], new.decode(), *lines[node.lineno :]]))


def _other_parameters(old: ast.Module, new: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """In a new call in a function, a parameter that nothing in it uses in place of another one."""
    known = Counter(ast.dump(node) for node in ast.walk(old) if isinstance(node, ast.Call))
    for function in (node for node in ast.walk(new) if isinstance(node, _FUNCTIONS)):
        given = [item.arg for item in (*function.args.posonlyargs, *function.args.args)]
        read = set(_read(function))
        unused = [name for name in given if name not in read and name not in ("self", "cls")]
        for call in ast.walk(function):
            if not isinstance(call, ast.Call) or ast.dump(call) in known:
                continue
            for item in _arguments(call):
                if isinstance(item, ast.Name) and item.id in given:
                    yield from ((item, name) for name in unused)


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(word.value for word in call.keywords)]


def _read(tree: ast.AST) -> Iterator[str]:
    """The names that are read, each as often as it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id


# --- another variable ---------------------------------------------------------------------------------------


def _other_variables(case: Case, old: ast.Module, new: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """A variable of the same type in place of one that a statement did not read before.

    What a statement already worked with is what it is about; a variable that comes in is one of several. One
    that spells what was not found is not; nor is one that the same call is given already.
    """
    kinds = {item.name: item.type for item in case.namespace if not item.name.startswith("_")}
    missing = (case.raised.name or "").strip("'\"") if case.raised is not None else ""
    before, after = _parts(old), _parts(new)
    there = {name for text in before.keys() - after.keys() for part in before[text] for name in _read(part)}
    local = set(_local(new))
    for part in (item for text in after.keys() - before.keys() for item in after[text]):
        for node, beside in _named(part):
            kind = kinds.get(node.id, "")
            if not kind or kind in _NO_VALUES or node.id in there | local:
                continue
            if missing and (respelled(missing, node.id) or node.id in related(missing, [node.id])):
                continue
            yield from ((node, name) for name in kinds if kinds[name] == kind and name not in beside)


def _parts(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """The expressions of each statement, without the statements in it, by what is written there."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
            found[" ".join(map(ast.dump, parts))] = parts
    return found


def _local(tree: ast.Module) -> Iterator[str]:
    """Parameters, and the names that functions and comprehensions bind."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, (*_SCOPES, ast.comprehension)):
            yield from (
                item.id
                for item in ast.walk(node)
                if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)
            )


def _named(part: ast.expr, beside: frozenset[str] = frozenset()) -> Iterator[tuple[ast.Name, frozenset[str]]]:
    """The variables that an expression reads, each with those that the call around it is given."""
    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
        yield part, beside | {part.id}
    for child in ast.iter_child_nodes(part):
        if isinstance(child, ast.keyword):
            child = child.value
        if isinstance(child, ast.expr):
            given = isinstance(part, ast.Call) and child is not part.func
            yield from _named(child, frozenset(_read(part)) if given else frozenset())


# --- another result -----------------------------------------------------------------------------------------


def _other_results(old: ast.Module, new: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Where a function is made to return a local variable: another one in which its work ends, from which no
    other variable is computed."""
    for function in (node for node in ast.walk(new) if isinstance(node, _FUNCTIONS)):
        known = {
            ast.dump(node)
            for other in ast.walk(old)
            if isinstance(other, _FUNCTIONS) and other.name == function.name
            for node in ast.walk(other)
            if isinstance(node, ast.Return)
        }
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Return)
                and isinstance(node.value, ast.Name)
                and ast.dump(node) not in known
            ):
                ends = _ends(function)
                yield from ((node.value, name) for name in ends if name != node.value.id)


def _ends(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """The variables that a function assigns and computes nothing else from."""
    assigned: dict[str, None] = {}
    used: set[str] = set()
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) or node.value is None:
            continue
        names = [item.id for item in targets if isinstance(item, ast.Name)]
        assigned |= dict.fromkeys(names)
        used |= set(_read(node.value)) - set(names)
    return [name for name in assigned if name not in used]


# --- another mark -------------------------------------------------------------------------------------------


def _other_marks(case: Case, old: ast.Module, new: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Where text is newly split at a mark that separates fields: the other such marks of the same text.

    One that is only between digits belongs to a number.
    """
    known = {ast.dump(node) for node in ast.walk(old) if isinstance(node, ast.Call)}
    texts = [item.text for item in _values(case) if item.type == "str"]
    for node in ast.walk(new):
        if (
            not isinstance(node, ast.Call)
            or ast.dump(node) in known
            or not isinstance(node.func, ast.Attribute)
        ):
            continue
        mark = node.args[0] if node.func.attr in _SPLITS and node.args else None
        if not isinstance(mark, ast.Constant) or mark.value not in _SEPARATORS:
            continue
        there = {other for text in texts if str(mark.value) in text for other in _APART.findall(text)}
        yield from ((mark, repr(other)) for other in sorted(there - {mark.value}))


def _values(case: Case) -> Iterator[Variable]:
    for frame in case.raised.frames if case.raised is not None else ():
        yield from frame.variables
        yield from frame.operands
