"""The readings that come to mind first at the place of a failure, whatever a fix does elsewhere."""

import ast
import builtins
import keyword
import re
from collections.abc import Iterator, Sequence

from cot_magic.core.case import Case, Cell, Frame, Variable
from cot_magic.core.edits import parsed
from cot_magic.core.findings import CellEdit
from cot_magic.core.forced import is_part_of_path
from cot_magic.core.not_kept import DECIMAL, THOUSANDS
from cot_magic.core.shifts import Symptom
from cot_magic.core.spelling import closeness, near, respelled

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_STRING = re.compile(r"(['\"])([^'\"\n]*)\1")
_NO_NUMBER = re.compile(
    r"could not convert string to float: '([^']*)'|invalid literal for int\(\) .*: '([^']*)'"
)
_CONVERSIONS = ("str", "float", "int")
_SIDES = re.compile(r"for \S+: '(\w+)' and '(\w+)'")
_NO_TEXT = frozenset(
    {"NoneType", "bytes", "bytearray", "function", "method", "builtin_function_or_method", "type"}
)


def at_the_failure(case: Case, edits: Sequence[CellEdit]) -> Iterator[tuple[CellEdit, ...]]:
    """Edits of the line that failed and of nothing else: the nearest spelling of what was not found, another
    type where types do not go together, the only way to read a number with a comma."""
    frame = case.raised.innermost_in_cells if case.raised is not None else None
    cell = case.cell_by_id(frame.cell) if frame is not None and frame.cell is not None else None
    if case.raised is None or frame is None or cell is None or parsed(cell.source) is None:
        return
    lines = cell.source.splitlines()
    if not 1 <= frame.lineno <= len(lines):
        return
    line = lines[frame.lineno - 1]
    for changed in dict.fromkeys(_readings(case, edits, cell, frame, line)):
        if changed != line:
            text = "\n".join([*lines[: frame.lineno - 1], changed, *lines[frame.lineno :]])
            after = text + "\n" if cell.source.endswith("\n") else text
            yield (CellEdit(cell=cell.id, before=cell.source, after=after),)


def _readings(case: Case, edits: Sequence[CellEdit], cell: Cell, frame: Frame, line: str) -> Iterator[str]:
    raised = case.raised
    assert raised is not None
    names, keys = known_words(case, edits)
    bases = {raised.ename, *raised.bases}
    missing = (raised.name or raised.evalue).strip("'\"")
    bound = rf"(?m)\b(?:def|class)\s+{re.escape(missing)}\b|^\s*{re.escape(missing)}\s*="
    elsewhere = any(re.search(bound, other.source) for other in case.cells)
    if bases & {"NameError", "AttributeError"} and missing.isidentifier() and not elsewhere:
        for name in near(missing, [item for item in names if respelled(missing, item)]):
            before = r"(?<=\.)" if "AttributeError" in bases else r"(?<![\w.])"
            yield re.sub(rf"{before}{re.escape(missing)}\b", name, line)
        members = {name for item in frame.variables if item.name == "self" for name in item.members}
        if "NameError" in bases and missing in members:
            yield re.sub(rf"(?<![\w.]){re.escape(missing)}\b", f"self.{missing}", line)
    if "broadcast" in raised.evalue:
        yield from _with_an_axis(frame, line)
    if "KeyError" in bases:
        # one that differs in blanks or case only is the same key: whoever renames it means that
        others = [item for item in keys if respelled(missing, item) and closeness(missing, item)]
        for key in near(missing, others):
            for mark in "'\"":
                yield line.replace(f"{mark}{missing}{mark}", f"{mark}{key}{mark}")
    yield from _of_kinds(raised.evalue, frame.expression or "", line)
    if "TypeError" in bases and not any(_converts(edit) for edit in edits):
        yield from _converted(case, frame, line)
    told = _NO_NUMBER.search(raised.evalue)
    if told is not None:
        text = next(item for item in told.groups() if item is not None)
        new = "" if THOUSANDS.fullmatch(text) else "." if DECIMAL.fullmatch(text) else None
        if new is not None:
            yield re.sub(r"\b(float|int)\(((?:[^()]|\([^()]*\))*)\)", rf'\1(\2.replace(",", "{new}"))', line)


_LOOP = re.compile(r"\bin ([\w.]+|len\([^()]*\))(?=\s*(?::|\]|\}|\)|$))")
_CALLED = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\(([^()]*(?:\([^()]*\)[^()]*)*)\)")


def _of_kinds(said: str, running: str, line: str) -> Iterator[str]:
    """What the message itself suggests: the items of a mapping, the places of a sequence, an `await`, an item
    in place of a call, the day of a moment, the builtin that a variable hides, each element by itself."""
    if "unpack" in said:
        yield _LOOP.sub(r"in \1.items()", line)
    if "object is not iterable" in said:
        yield _LOOP.sub(r"in range(\1)", line)
    if "coroutine" in said:
        yield _CALLED.sub(r"await \1(\2)", line, count=1)
    if "'datetime.date' and 'datetime.datetime'" in said or "'datetime.datetime' and 'datetime.date'" in said:
        yield re.sub(r"([\w.]+) - ([\w.]+)", r"\1.date() - \2", line, count=1)
        yield re.sub(r"([\w.]+) - ([\w.]+)", r"\1 - \2.date()", line, count=1)
    if "object is not callable" in said:
        for match in _CALLED.finditer(line):
            name, given = match.groups()
            display = {"list": f"[*{given}]", "set": f"{{*{given}}}", "tuple": f"(*{given},)"}
            for text in (f"{name}[{given}]", display.get(name, "")):
                if text:
                    yield line[: match.start()] + text + line[match.end() :]
    if "a bytes-like object is required, not 'str'" in said:
        yield re.sub(r"([\w.]+)\.(\w+\()", r"\1.decode().\2", line, count=1)
    if "unhashable type: 'list'" in said:
        yield re.sub(r"\bset\((\w+)\)", r"set(map(tuple, \1))", line)
        yield re.sub(r"\[(\w+)\]", r"[tuple(\1)]", line)
    if (told := re.search(r"invalid literal for int\(\) .*: '(\d*\.\d*)'", said)) is not None and len(
        told[1]
    ) > 1:
        yield re.sub(r"\bint\(((?:[^()]|\([^()]*\))*)\)", r"int(float(\1))", line)
    times = re.fullmatch(r"(\w+) \* (\w+)", running) if "multiply sequence" in said else None
    if times is not None:
        yield line.replace(running, f"[item * {times[2]} for item in {times[1]}]")


def _with_an_axis(frame: Frame, line: str) -> Iterator[str]:
    """The line with one axis more on a name of the failing operation, so that each row has its own value."""
    tree = parsed(frame.expression or "")
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Name):
            yield re.sub(rf"(?<![\w.]){re.escape(node.id)}\b(?![\w(\[])", f"{node.id}[:, None]", line)


def _converts(edit: CellEdit) -> bool:
    """Whether an edit calls one of the types of numbers and text: then it is one of these readings itself."""
    return any(
        len(re.findall(rf"\b{kind}\(", edit.after)) > len(re.findall(rf"\b{kind}\(", edit.before))
        for kind in _CONVERSIONS
    )


def _converted(case: Case, frame: Frame, line: str) -> Iterator[str]:
    """The line with one operand of the failing operation converted; nobody converts a literal."""
    expression = frame.expression or ""
    tree = parsed(expression)
    # nobody means "b'...'" or "<bound method ...>", nor a folder and a file without anything between
    seen = (*case.namespace, *_variables(case))
    no_text = {item.name for item in seen if item.type.rpartition(".")[2] in _NO_TEXT}
    symptom = Symptom.of(case.raised) if case.raised is not None else Symptom()
    told = _SIDES.search(symptom.said)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.BinOp | ast.AugAssign):
            if isinstance(node, ast.BinOp) and is_part_of_path(node, symptom):
                return
            sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.value,)
            for place, side in enumerate(sides, 2 - len(sides)):
                text = ast.get_source_segment(expression, side) or ""
                if text and not isinstance(side, ast.Constant | ast.JoinedStr) and line.count(text) == 1:
                    plain = text not in no_text and not (told is not None and told[place + 1] in _NO_TEXT)
                    other = sides[1 - place] if isinstance(node, ast.BinOp) else node.target
                    digits = symptom.is_number(other)  # nobody writes a number beside a number
                    kinds = [kind for kind in _CONVERSIONS if kind != "str" or (plain and not digits)]
                    yield from (line.replace(text, f"{kind}({text})") for kind in kinds)
            return


def bound_from_there(case: Case) -> set[str]:
    """The names that the failing statement of the failing cell binds, and those below it: its results."""
    tree, raised = parsed(case.cell.source), case.raised
    lines = [frame.lineno for frame in raised.frames if frame.cell == case.cell.id] if raised else []
    return {
        node.id
        for statement in (tree.body if tree is not None else ())
        if not lines or (statement.end_lineno or statement.lineno) >= lines[0]
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def known_words(case: Case, edits: Sequence[CellEdit]) -> tuple[list[str], list[str]]:
    """Identifiers and keys that the notebook knows: of its sources, its values and the failing object."""
    sources = [case.cell.source, *(cell.source for cell in case.cells), *(edit.before for edit in edits)]
    names = {name for source in sources for name in _IDENTIFIER.findall(source)}
    names |= {item.name for item in case.namespace if item.name.isidentifier()} | set(dir(builtins))
    keys = {text for source in sources for _, text in _STRING.findall(source)}
    raised = case.raised
    if raised is not None:
        subject = raised.subject
        for item in (*([subject] if subject is not None else []), *_variables(case)):
            names |= set(item.members)
            keys |= {key.strip("'\"") for key in item.keys}
            names |= {item.name} if item.name.isidentifier() else set()
    return sorted(names - set(keyword.kwlist)), sorted(keys)


def _variables(case: Case) -> Iterator[Variable]:
    if case.raised is not None:
        for frame in case.raised.frames:
            yield from frame.variables
            yield from frame.operands
