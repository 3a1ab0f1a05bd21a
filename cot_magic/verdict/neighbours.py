"""The neighbourhood of a fix: edits of equal or smaller size at the same place, made by machine."""

import ast
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cot_magic.core.case import Case, Variable
from cot_magic.core.edits import opcodes, parsed, size
from cot_magic.core.findings import CellEdit
from cot_magic.core.forced import qualified
from cot_magic.core.meaning import same_operation
from cot_magic.core.spelling import distance, respelled
from cot_magic.faults import counting
from cot_magic.faults.catalogue import mistakes_of
from cot_magic.faults.operator import CellCode
from cot_magic.verdict.first_readings import at_the_failure, known_words
from cot_magic.verdict.hunks import Hunk, hunks
from cot_magic.verdict.stand_ins import stand_ins

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_STRING = re.compile(r"(['\"])([^'\"\n]*)\1")
_CONVERSIONS = ("int", "float", "str")
_OF_ONE_VALUE = (
    "hex",
    "oct",
    "bin",
    "chr",
    "repr",
    "ascii",
    "round",
    "len",
    "abs",
    "bool",
    "hash",
    "id",
    "ord",
    "sum",
    "max",
    "min",
    "any",
    "all",
)
LAYOUT = 4  # tokens of indentation
_ENCODINGS = ("utf-8", "cp1252", "latin-1")  # what most files of today and of yesterday are written in
_UNICODE = ("utf-8", "utf8", "utf_8")
_MARKS = "'\"()[]{}:,"
_MOST_TARGETS = 5  # of an unpacking that are tried in other orders


def neighbours(case: Case, edits: Sequence[CellEdit], most: int) -> list[tuple[CellEdit, ...]]:
    """Edits that somebody else could have made instead, at most `most`; each can be parsed."""
    found: dict[tuple[CellEdit, ...], None] = {}
    for made in at_the_failure(case, edits):  # whatever their size: they come to mind first
        if all(parsed(edit.after) is not None for edit in made):
            found.setdefault(made)
    for made in _made(case, edits):
        if len(found) >= most:
            break
        unparsed = any(parsed(edit.before) is None for edit in edits)  # there, blanks count as tokens
        limit = size(edits) + (LAYOUT if unparsed or any("to_datetime" in edit.after for edit in made) else 0)
        if all(parsed(edit.after) is not None for edit in made) and size(made) <= limit:
            found.setdefault(made)
    found.pop(tuple(edits), None)
    return list(found)


def _made(case: Case, edits: Sequence[CellEdit]) -> Iterator[tuple[CellEdit, ...]]:
    words = known_words(case, edits)
    missing = (case.raised.name if case.raised is not None else None) or ""
    for place, edit in enumerate(edits):
        others: Iterator[str]
        if parsed(edit.before) is None:
            others = _of_syntax(edit)
            for after in others:
                if after != edit.before:
                    yield (*edits[:place], replace(edit, after=after), *edits[place + 1 :])
    yield from _miscounted(case, edits)
    yield from _transposed(case, edits)
    yield from _other_targets(edits)
    yield from _other_parts(edits)
    for place, edit in enumerate(edits):
        for after in _day_first(case, edit):
            yield (*edits[:place], replace(edit, after=after), *edits[place + 1 :])
    for hunk in hunks(edits):
        edit = edits[hunk.cell]
        found = (*_spellings(hunk, words), *_conversions(hunk, edit, missing), *_formats(hunk))
        for text in (*found, *_written(hunk, edit.after[: hunk.start])):
            after = edit.after[: hunk.start] + text + edit.after[hunk.end :]
            if after not in (edit.before, edit.after):
                yield (*edits[: hunk.cell], replace(edit, after=after), *edits[hunk.cell + 1 :])
    yield from stand_ins(case, edits)  # last: a notebook may have many variables of one type


def _spellings(hunk: Hunk, words: tuple[list[str], list[str]]) -> Iterator[str]:
    """Other names or keys that are as near to what was written as the one that was chosen.

    Where that one says more, so do they: `km_back` for `km_out` in place of `km`.
    """
    names, keys = words
    if _IDENTIFIER.fullmatch(hunk.before) and _IDENTIFIER.fullmatch(hunk.after):
        far = distance(hunk.before, hunk.after)
        longer = qualified(hunk.before, hunk.after)
        yield from (
            name
            for name in names
            if name not in (hunk.before, hunk.after)
            and (
                (longer and qualified(hunk.before, name))
                or (distance(hunk.before, name) <= far and respelled(hunk.before, name))
            )
        )
    old, new = _STRING.fullmatch(hunk.before), _STRING.fullmatch(hunk.after)
    if old is not None and new is not None:
        far = distance(old[2], new[2])
        for key in dict.fromkeys((*keys, *names)):  # a method may be named by a string
            if key not in (old[2], new[2]) and distance(old[2], key) <= far and respelled(old[2], key):
                yield f"{new[1]}{key}{new[1]}"


def _conversions(hunk: Hunk, edit: CellEdit, missing: str) -> Iterator[str]:
    """Other types where the fix converts a value."""
    if same_operation(hunk.before, hunk.after):
        return
    for kind in (*_CONVERSIONS, *_OF_ONE_VALUE):
        if kind == missing or same_operation(missing, kind):
            continue  # the operation that was meant is known by its name
        call = re.compile(rf"\b{kind}\(")
        if not call.search(hunk.after) or call.search(hunk.before):
            continue
        if len(call.findall(edit.after)) > len(call.findall(edit.before)):  # else it was there, and moved
            for other in _CONVERSIONS:
                if other != kind:
                    yield call.sub(f"{other}(", hunk.after)
    mapped = re.search(r"\bmap\((\w+), ", hunk.after)
    if mapped is not None and mapped[0] not in hunk.before:
        for other in _CONVERSIONS:
            yield hunk.after.replace(mapped[0], f"map({other}, ")


def _written(hunk: Hunk, above: str) -> Iterator[str]:
    """Other ways to write what a call is told: the other axis, another encoding, the parts of a moment with
    the separators of the new format, a mark at another place of a string."""
    for one, other in (("axis=0", "axis=1"), ("axis=1", "axis=0")):
        if one in hunk.after and "axis" not in hunk.before:
            yield hunk.after.replace(one, other)
    if hunk.after in ("0", "1") and above.endswith("axis="):
        yield "1" if hunk.after == "0" else "0"
    coded = re.search(r"""(["'])(utf|latin|cp|iso|ascii|mac)[\w-]*\1""", hunk.after)
    if coded is not None and coded[0][1:-1].lower() in _UNICODE:
        coded = None  # text of another encoding is hardly ever valid as UTF-8
    for name in _ENCODINGS if coded is not None and coded[0] not in hunk.before else ():
        assert coded is not None
        yield hunk.after.replace(coded[0], f'"{name}"')
    old, new = _STRING.fullmatch(hunk.before), _STRING.fullmatch(hunk.after)
    if old is None or new is None:
        return
    parts, marks = re.findall("%[a-zA-Z]", old[2]), re.split("%[a-zA-Z]", new[2])
    if parts and len(marks) == len(parts) + 1:
        told = "".join(mark + part for mark, part in zip(marks, (*parts, ""), strict=True))
        yield f"{new[1]}{told}{new[1]}"
    for mark in set(new[2]) & set("[](){}\"'"):
        if new[2].count(mark) == old[2].count(mark) + 1 and len(new[2]) == len(old[2]) + 1:
            for at in range(len(old[2]) + 1):
                yield f"{new[1]}{old[2][:at]}{mark}{old[2][at:]}{new[1]}"


def _moved(source: str, number: int, depth: int) -> str:
    """The source with a line and the deeper lines below it at another depth."""
    lines = source.split("\n")
    old = len(lines[number]) - len(lines[number].lstrip())
    last = number + 1
    while last < len(lines) and (
        not lines[last].strip() or len(lines[last]) - len(lines[last].lstrip()) > old
    ):
        last += 1
    moved = [
        " " * (depth + len(item) - len(item.lstrip()) - old) + item.lstrip() if item.strip() else item
        for item in lines[number:last]
    ]
    return "\n".join([*lines[:number], *moved, *lines[last:]])


def _miscounted(case: Case, edits: Sequence[CellEdit]) -> Iterator[tuple[CellEdit, ...]]:
    """Where an assert failed: other ways to count, compare and compute on the lines that the fix changes."""
    raised = case.raised
    if raised is None or "AssertionError" not in (raised.ename, *raised.bases):
        return
    for place, edit in enumerate(edits):
        changed = {
            line
            for tag, first, last, _, _ in opcodes(edit.before.splitlines(), edit.after.splitlines())
            if tag != "equal"
            for line in range(first + 1, last + 1)
        }
        for node in ast.walk(parsed(edit.before) or ast.Module(body=[], type_ignores=[])):
            if isinstance(node, ast.BinOp) and node.lineno in changed and _is_offset(node):
                whole, left = (ast.get_source_segment(edit.before, item) for item in (node, node.left))
                if whole and left and edit.before.count(whole) == 1:
                    yield (replace(edit, after=edit.before.replace(whole, left)),)
        code = CellCode(edit.before)
        for operator in counting.OPERATORS:
            for mistake in mistakes_of(operator, code, place):
                if mistake.lines & changed:
                    yield (replace(edit, after=mistake.after),)


def _is_offset(node: ast.BinOp) -> bool:
    """`x + 1` or `x - 1`."""
    return isinstance(node.op, ast.Add | ast.Sub) and isinstance(node.right, ast.Constant)


_TRANSPOSED = re.compile(r"\.T\b|\.transpose\(\)")


def _transposed(case: Case, edits: Sequence[CellEdit]) -> Iterator[tuple[CellEdit, ...]]:
    """Another operand transposed, where the fix transposes one."""
    frame = case.raised.innermost_in_cells if case.raised is not None else None
    tree = parsed(frame.expression or "") if frame is not None else None
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree is not None else set()
    for place, edit in enumerate(edits):
        if len(_TRANSPOSED.findall(edit.after)) <= len(_TRANSPOSED.findall(edit.before)):
            continue
        lines = edit.after.splitlines(keepends=True)
        for number, line in enumerate(lines):
            bare = _TRANSPOSED.sub("", line)
            for name in sorted(names) if bare != line else ():
                changed = re.sub(rf"(?<![\w.]){re.escape(name)}\b(?![\w(\[=])", f"{name}.T", bare, count=1)
                if changed not in (line, bare):
                    after = "".join([*lines[:number], changed, *lines[number + 1 :]])
                    yield (*edits[:place], replace(edit, after=after), *edits[place + 1 :])


def _other_targets(edits: Sequence[CellEdit]) -> Iterator[tuple[CellEdit, ...]]:
    """The names that take the values of an unpacking in other orders, where the fix puts them in another one:
    those that are no further from what was written."""
    for place, edit in enumerate(edits):
        before = [tuple(map(ast.unparse, node.elts)) for node in _unpacked(edit.before)]
        for node in _unpacked(edit.after):
            names = tuple(map(ast.unparse, node.elts))
            text = ast.get_source_segment(edit.after, node)
            was = next((item for item in before if sorted(item) == sorted(names)), names)
            if names == was or names in before or len(names) > _MOST_TARGETS or text is None:
                continue
            orders = sorted(itertools.permutations(was), key=lambda order: _inversions(was, order))
            for order in orders[1:]:
                if _inversions(was, order) <= _inversions(was, names):
                    after = edit.after.replace(text, _in_order(text, order), 1)
                    yield (*edits[:place], replace(edit, after=after), *edits[place + 1 :])


_PART = re.compile(r"\[0\]\[(\d)\]")


def _other_parts(edits: Sequence[CellEdit]) -> Iterator[tuple[CellEdit, ...]]:
    """Another part of an item, where the fix takes one: `[0][1]` for `[0][0]`; and the item itself."""
    for place, edit in enumerate(edits):
        for found in _PART.finditer(edit.after) if not _PART.search(edit.before) else ():
            for part in ("", *(f"[{number}]" for number in range(_MOST_TARGETS) if str(number) != found[1])):
                after = f"{edit.after[: found.start()]}[0]{part}{edit.after[found.end() :]}"
                yield (*edits[:place], replace(edit, after=after), *edits[place + 1 :])


def _unpacked(source: str) -> list[ast.Tuple | ast.List]:
    """The targets of assignments that take values apart."""
    tree = parsed(source) or ast.Module(body=[], type_ignores=[])
    found = (target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets)
    return [item for item in found if isinstance(item, ast.Tuple | ast.List)]


def _in_order(text: str, names: Sequence[str]) -> str:
    """The source of a tuple or list with other items, in the parentheses that it has."""
    first, last = (text[0], text[-1]) if text[0] in "([" else ("", "")
    return f"{first}{', '.join(names)}{last}"


def _inversions(one: Sequence[str], other: Sequence[str]) -> int:
    """How many pairs of items have another order."""
    places = [one.index(item) for item in other]
    return sum(first > second for first, second in itertools.combinations(places, 2))


_READS_DATES = re.compile(r"(to_datetime\(((?:[^()]|\([^()]*\))*))\)")
_DATES = re.compile(r"(?<!\d)\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?!\d)")
_YEAR_FIRST = re.compile(r"\d{4}\D")


def _day_first(case: Case, edit: CellEdit) -> Iterator[str]:
    """The day before the month where dates are newly read without a word about it; not after a year."""
    known = {item.name: f"{item.text} {dict(item.facts).get('head', '')}" for item in _seen(case)}
    before = edit.before.splitlines()
    lines = edit.after.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if "dayfirst" in line or "%" in line or line.rstrip("\n") in before:
            continue
        read = _READS_DATES.search(line)
        dates = [found[0] for found in _DATES.finditer(known.get(read[2], ""))] if read is not None else []
        if dates and all(map(_YEAR_FIRST.match, dates)):
            continue
        changed = _READS_DATES.sub(r"\1, dayfirst=True)", line)
        if changed != line:
            yield "".join([*lines[:number], changed, *lines[number + 1 :]])


def _seen(case: Case) -> Iterator[Variable]:
    """What the failure is about, and the operands of what failed."""
    if case.raised is not None:
        yield from (case.raised.subject,) if case.raised.subject is not None else ()
        yield from (item for frame in case.raised.frames for item in frame.operands)


def _formats(hunk: Hunk) -> Iterator[str]:
    """The other order of day and month, and a separator that is not given."""
    text = hunk.after
    codes = [re.findall("%[a-zA-Z]", written) for written in (text, hunk.before)]
    for written in (text, hunk.before) if codes[0] != codes[1] else ():  # else the person's own order
        if "%d" in written and "%m" in written:
            yield written.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
    for one, other in (("dayfirst=True", "dayfirst=False"), ("dayfirst=False", "dayfirst=True")):
        if one in text:
            yield text.replace(one, other)
    if _STRING.fullmatch(hunk.before) and _STRING.fullmatch(text) and not hunk.before[1:-1].strip():
        yield ""


def _is_open(line: str, at: int) -> bool:
    """Whether the innermost parenthesis, square bracket or brace there is left open by the line."""
    closes = {")": "(", "]": "[", "}": "{"}
    pending: list[tuple[str, int]] = []
    open_places: set[int] = set()
    for place, mark in enumerate(line):
        if mark in "([{":
            pending.append((mark, place))
        elif mark in closes:
            while pending and pending[-1][0] != closes[mark]:
                open_places.add(pending.pop()[1])
            if pending:
                pending.pop()
    open_places |= {place for _, place in pending}
    inside: list[int] = []
    for place, mark in enumerate(line[:at]):
        if mark in "([{":
            inside.append(place)
        elif mark in closes and inside and inside[-1] not in open_places:
            inside.pop()
    return bool(inside) and inside[-1] in open_places


def _of_syntax(edit: CellEdit) -> Iterator[str]:
    """For a source that could not be parsed: what was inserted put at other places of its line, single marks
    of that line removed, and a moved line at the other depths of the cell."""
    lines = edit.before.splitlines()
    after = edit.after.splitlines()
    for number, line in enumerate(lines):
        if number < len(after) and line == after[number]:
            continue

        def whole(changed: str, number: int = number) -> str:
            ending = "\n" if edit.before.endswith("\n") else ""
            return "\n".join([*lines[:number], changed, *lines[number + 1 :]]) + ending

        for at, mark in enumerate(line):
            if mark in _MARKS:
                yield whole(line[:at] + line[at + 1 :])
        new = after[number] if number < len(after) else ""
        added = [mark for mark in _MARKS if new.count(mark) == line.count(mark) + 1]
        for mark in added:
            for at in [match.end() for match in re.finditer(r"\w+|[^\w\s]", line)]:
                if mark not in ")]}" or _is_open(line, at):
                    yield whole(line[:at] + mark + line[at:])
        walrus = re.sub(r"(?<![=!<>:])=(?!=)", ":=", line, count=1)
        if re.match(r"\s*(if|elif|while)\b", line) and walrus != line and "(" in line.partition("=")[2]:
            yield whole(walrus)
        for match in re.finditer(r"[-+*/%<>=&|^]+", line):  # one operator too many
            yield whole(line[: match.start()] + line[match.end() :])
        if line.strip() == new.strip() and len(lines) == len(after):
            depths = {len(item) - len(item.lstrip()) for item in (*lines, *after) if item.strip()}
            for depth in sorted(depths):
                yield whole(" " * depth + line.strip())
                yield _moved(edit.before, number, depth)
        break  # the first changed line: the others follow from it
