"""Sources of cells as trees, and edits at the places of nodes; everything outside an edit stays the same."""

import ast
import contextlib
import functools
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cot_magic.core.case import Cell
from cot_magic.core.edits import opcodes
from cot_magic.core.findings import CellEdit

_NEWLINE = re.compile(r"\r\n?|\n")

_PLAIN_STRING = re.compile(r"(?P<prefix>[a-zA-Z]*)(?P<quote>['\"])(?P<inner>[^'\"\n]*)(?P=quote)")
_ASSIGNED_MAGIC = re.compile(r"(?m)^(\s*[\w, ]+=[ \t]*)[%!](?!=).*$")
_MAGIC = re.compile(r"(?m)^([ \t]*)[%!?].*$|^([ \t]*)[\w.]+\?{1,2}[ \t]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Splice:
    """Code that replaces what is between two offsets (in characters) of a source."""

    start: int
    end: int
    text: str


def translated(source: str) -> str:
    r"""The source with `\r\n` and `\r` replaced by `\n`, as Python's compiler reads it.

    Nothing else ends a line of code; `str.splitlines` also splits at form feeds, `\x85`, `\u2028` and others.
    """
    return _NEWLINE.sub("\n", source) if "\r" in source else source


@functools.lru_cache(maxsize=256)
def line_starts(source: str) -> tuple[int, ...]:
    """The offset of each line's first character, then the length of the source."""
    return (0, *(found.end() for found in _NEWLINE.finditer(source)), len(source))


def with_newlines_of(original: str, after: str) -> str:
    """An edit `after` of the translated source, with the newlines that the original has."""
    if "\r" not in original:
        return after
    usual = Counter(_NEWLINE.findall(original)).most_common(1)[0][0]
    old = [original[start:end] for start, end in pairwise(line_starts(original))]
    new = [after[start:end] for start, end in pairwise(line_starts(after))]
    lines = [line.replace("\n", usual) for line in new]
    for tag, a, b, c, d in opcodes([translated(line) for line in old], new):
        if tag == "equal":
            lines[c:d] = old[a:b]
    return "".join(lines)


def readable(source: str) -> str:
    """The source with magics, shell commands and `?` help made plain statements; line numbers hold."""
    return _MAGIC.sub(
        lambda found: (found[1] if found[1] is not None else found[2]) + "pass",
        _ASSIGNED_MAGIC.sub(r"\1None", translated(source)),
    )


@functools.lru_cache(maxsize=256)
def parse(source: str) -> ast.Module | None:
    """The tree of a cell's source, or None if Python cannot parse it."""
    try:
        return ast.parse(readable(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def offset(source: str, lineno: int, col: int) -> int:
    """The index in `source` of an AST position: 1-based line, column in bytes of UTF-8."""
    starts = line_starts(source)
    if lineno > len(starts) - 1:
        return len(source)
    line = source[starts[lineno - 1] : starts[lineno]]
    return starts[lineno - 1] + len(line.encode()[:col].decode(errors="ignore"))


def span(source: str, node: ast.AST) -> tuple[int, int]:
    """The offsets of the node's first character and after its last."""
    start = offset(source, getattr(node, "lineno", 1), getattr(node, "col_offset", 0))
    end_lineno = getattr(node, "end_lineno", None)
    if end_lineno is None:
        return start, start
    return start, offset(source, end_lineno, getattr(node, "end_col_offset", 0))


def text_of(source: str, node: ast.AST) -> str:
    """The node's code as it is written."""
    start, end = span(source, node)
    return source[start:end]


def over(source: str, node: ast.AST, text: str) -> Splice:
    """Replace the node."""
    start, end = span(source, node)
    return Splice(start=start, end=end, text=text)


def wrap(source: str, node: ast.AST, before: str, after: str) -> tuple[Splice, Splice]:
    """Insert code on both sides of the node."""
    start, end = span(source, node)
    return Splice(start=start, end=start, text=before), Splice(start=end, end=end, text=after)


def after(source: str, node: ast.AST, text: str) -> Splice:
    """Insert code right after the node."""
    end = span(source, node)[1]
    return Splice(start=end, end=end, text=text)


def line_before(source: str, lineno: int, text: str) -> Splice:
    """A new line above line `lineno`, indented like it."""
    start = offset(source, lineno, 0)
    line = source[start : _end_of_line(source, lineno)]
    indent = line[: len(line) - len(line.lstrip())]
    body = "".join(f"{indent}{part}\n" for part in text.split("\n"))
    return Splice(start=start, end=start, text=body)


def line_after(source: str, node: ast.stmt, text: str, indent: int | None = None) -> Splice:
    """A new line below the statement, at its indentation (or at `indent` columns)."""
    end = _end_of_line(source, node.end_lineno or node.lineno)
    margin = " " * (node.col_offset if indent is None else indent)
    body = "".join(f"\n{margin}{part}" for part in text.split("\n"))
    return Splice(start=end, end=end, text=body)


def without_lines(source: str, node: ast.stmt) -> Splice:
    """Remove the statement's lines."""
    start, end = offset(source, node.lineno, 0), offset(source, (node.end_lineno or node.lineno) + 1, 0)
    return Splice(start=start, end=end, text="")


def lines_of(source: str, node: ast.stmt) -> str:
    """The statement's whole lines without the last newline."""
    return source[offset(source, first_line(node), 0) : _end_of_line(source, node.end_lineno or node.lineno)]


def first_line(node: ast.stmt) -> int:
    """The line where the statement starts, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])


def _end_of_line(source: str, lineno: int) -> int:
    start, end = offset(source, lineno, 0), offset(source, lineno + 1, 0)
    return start + len(source[start:end].rstrip("\r\n"))


def splice(source: str, changes: Sequence[Splice]) -> str:
    """The source after all splices; of those that overlap, only the first is made."""
    out, at = [], 0
    for change in sorted(changes, key=lambda item: (item.start, item.end)):
        if change.start < at:
            continue
        out += [source[at : change.start], change.text]
        at = change.end
    return "".join([*out, source[at:]])


def edit(cell: Cell, *changes: Splice) -> CellEdit:
    """The edit of one cell, in its own quotes."""
    after = splice(cell.source, changes)
    return CellEdit(cell=cell.id, before=cell.source, after=with_quotes_of(cell.source, after))


def with_quotes_of(original: str, after: str) -> str:
    """An edit `after` whose new strings have the quotes that most strings of the original have.

    Strings that the original has, and those with a quote in them, stay as they are.
    """
    known = [token.string for token in _strings(original)]
    double, single = (sum(text.endswith(quote) for text in known) for quote in ('"', "'"))
    if double == single:
        return after
    usual, other = ('"', "'") if double > single else ("'", '"')
    changes, starts = [], line_starts(after)
    for token in _strings(after):
        plain = _PLAIN_STRING.fullmatch(token.string)
        if plain is not None and plain["quote"] == other and token.string not in known:
            start, end = (starts[line - 1] + column for line, column in (token.start, token.end))
            text = f"{plain['prefix']}{usual}{plain['inner']}{usual}"
            changes.append(Splice(start=start, end=end, text=text))
    styled = splice(after, changes)
    one, two = parse(after), parse(styled)
    return styled if one is not None and two is not None and ast.dump(one) == ast.dump(two) else after


def _strings(source: str) -> Iterator[tokenize.TokenInfo]:
    """The string literals of a source; none inside an f-string, or after what cannot be read."""
    inside = 0
    with contextlib.suppress(tokenize.TokenError, SyntaxError):  # an unfinished cell: what was read is known
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            kind = tokenize.tok_name[token.type]
            inside += (kind == "FSTRING_START") - (kind == "FSTRING_END")
            if kind == "STRING" and not inside:
                yield token


def import_line(source: str) -> int:
    """The line before which a new import goes: after comments, magics, a docstring and `__future__`."""
    tree = parse(source)
    if tree is None or not tree.body:
        return 1
    for place, node in enumerate(tree.body):
        docstring = place == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        magic = isinstance(node, ast.Pass)  # `readable` puts it in place of a magic
        if not (docstring or future or magic):
            return first_line(node)
    return (tree.body[-1].end_lineno or 1) + 1


def add_import(cell: Cell, statement: str) -> Splice:
    """Insert an import statement at the top of the cell."""
    return line_before(cell.source, import_line(cell.source), statement)


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """All statements, in the order of the source."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    return iter(sorted(found, key=lambda node: (node.lineno, node.col_offset)))


def blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every block: a list of statements of the same indentation."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def bound_names(node: ast.AST) -> set[str]:
    """Names that the statement binds in its own scope: assignments, imports, definitions, loop targets."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    names: set[str] = set()
    for item in own_scope(node):
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
            names.add(item.id)
        elif isinstance(item, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.split(".")[0] for alias in item.names}
        elif isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler):
            names |= {item.name} if item.name else set()
    return names


def local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Local variables of the function."""
    outside = {
        name
        for node in own_scope(function)
        if isinstance(node, ast.Global | ast.Nonlocal)
        for name in node.names
    }
    return {*parameters(function), *(name for node in function.body for name in bound_names(node))} - outside


def class_members(klass: ast.ClassDef) -> set[str]:
    """Methods, class attributes and attributes that are assigned through `self` or `cls`."""
    names = {name for node in klass.body for name in bound_names(node)}
    for node in ast.walk(klass):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                names.add(name)
    return names


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[str]:
    """Names of all parameters, in order."""
    args = function.args
    star = [item for item in (args.vararg, args.kwarg) if item is not None]
    return [item.arg for item in (*args.posonlyargs, *args.args, *args.kwonlyargs, *star)]


def own_scope(node: ast.AST) -> Iterator[ast.AST]:
    """The node and its descendants, without the bodies of nested functions, classes and lambdas."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield child
        else:
            yield from own_scope(child)


def named(root: ast.AST, name: str, kind: type[ast.expr_context] = ast.expr_context) -> list[ast.Name]:
    """Where a tree has that name: anywhere, or only where it is read (`ast.Load`) or bound (`ast.Store`)."""
    names = [node for node in ast.walk(root) if isinstance(node, ast.Name)]
    return [node for node in names if node.id == name and isinstance(node.ctx, kind)]


def first_body_line(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The line of the first statement after the docstring."""
    has_text = len(function.body) > 1 and ast.get_docstring(function) is not None
    return first_line(function.body[1 if has_text else 0])


def used_names(node: ast.AST) -> set[str]:
    """Names that are read anywhere in the node."""
    return {
        item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load)
    }
