"""The cells to repair as one program: what may be edited, what checks it, and how both are compiled."""

import ast
import copy
import re
from collections.abc import Iterator, Sequence
from types import CodeType

from cot_magic.reasoners.offline.repair.edits import Splice, line_starts, spliced

FILE, CHECK_FILE = "<cot candidate>", "<cot check>"
TICK, EQUAL, IS, TRUE, WRONG = (f"__cot_{name}__" for name in ("tick", "equal", "is", "true", "wrong"))
ERROR = "__cot_error__"
COMPOUND = (
    *(ast.For, ast.While, ast.If, ast.With, ast.Try, ast.FunctionDef),
    *(ast.ClassDef, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith),
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
BETWEEN = "\n\n"
_MAGIC = re.compile(rb"^[ \t]*([%!])", re.MULTILINE)
Key = int | str
"""A check: the number of an assert, or `S3` for the statement at place 3 as a whole."""


def joined(cells: Sequence[str]) -> str:
    """The cells as one source."""
    return BETWEEN.join(cells)


def plain(source: bytes) -> bytes:
    """The source with lines for IPython turned into comments of the same length, if it is not all Python."""
    try:
        ast.parse(source)
    except SyntaxError:
        return _MAGIC.sub(lambda match: match.group().replace(match[1], b"#"), source)
    return source


class CheckedProgram:
    """A parsed program. Raises SyntaxError or ValueError if it is none.

    Attributes
    ----------
    editable
        Places of the top-level statements that may change: the definitions, else the plain statements.
    checks
        Places of the statements that hold asserts or call functions that do; they are never edited.
    asserts
        How many asserts there are.
    """

    def __init__(self, source: bytes) -> None:
        self.source = plain(source)
        self.tree = ast.parse(self.source)
        self._starts = line_starts(self.source)
        self.checks = frozenset(_checks(self.tree))
        code = [place for place in range(len(self.tree.body)) if place not in self.checks]
        self.definitions = [place for place in code if isinstance(self.tree.body[place], DEFINITIONS)]
        self._plain = [
            place for place in code if not isinstance(self.tree.body[place], (*DEFINITIONS, *IMPORTS))
        ]
        self.editable = self.definitions or self._plain
        self._spans = [self._lines(statement) for statement in self.tree.body]
        self._ticks = sorted(self._tick_points())
        recording = _Recording()
        self.plan: list[tuple[int, CodeType]] = []
        for place, statement in enumerate(self.tree.body):
            if place in self.checks:
                self.plan.append((place, _compiled_check(recording, statement, place)))
            else:
                self.plan.append((place, self.compiled(place, (), ticks=True)))
        self.asserts = recording.count

    def edit_statements(self) -> None:
        """Edit the plain statements: no failing check executes a definition."""
        self.editable = self._plain

    def lines_of(self, place: int) -> range:
        """The line numbers of a top-level statement."""
        statement = self.tree.body[place]
        return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)

    def touched(self, splices: Sequence[Splice]) -> set[int] | None:
        """The editable statements that an edit changes; None if it is not inside of them."""
        found = set()
        for start, end, _ in splices:
            for place in self.editable:
                if self._spans[place][0] <= start and end <= self._spans[place][1]:
                    found.add(place)
                    break
            else:
                return None
        return found

    def compiled(self, place: int, splices: Sequence[Splice], *, ticks: bool) -> CodeType:
        """One statement with its part of an edit. Raises what `compile` raises.

        Without ticks, line numbers are those of the source.
        """
        start, end = self._spans[place]
        mine = [(a - start, b - start, new) for a, b, new in splices if start <= a and b <= end]
        made = list(mine)
        if ticks:
            for offset, tick in self._ticks:
                at = offset - start
                if 0 <= at < end - start and not any(a <= at < b for a, b, _ in mine):
                    made.append((at, at, tick))
        # an insertion at the start of a line comes before the tick of the first statement there
        text = spliced(self.source[start:end], made)
        if text is None:
            raise ValueError("the splices overlap")
        above = b"" if mine else b"\n" * self.source.count(b"\n", 0, start)
        return compile(above + text, FILE, "exec", dont_inherit=True)

    def _lines(self, statement: ast.stmt) -> tuple[int, int]:
        """Its whole lines, or from where it begins if another statement is before it on its line."""
        decorators = getattr(statement, "decorator_list", None)
        first = decorators[0].lineno if decorators else statement.lineno
        start, begin = self._starts[first - 1], self._starts[statement.lineno - 1] + statement.col_offset
        if not decorators and self.source[start:begin].strip():
            start = begin
        last = statement.end_lineno or first
        end = self._starts[last] if last < len(self._starts) else len(self.source)
        mine = self._starts[last - 1] + (statement.end_col_offset or 0)
        rest = self.source[mine:end].strip()
        return start, mine if rest and not rest.startswith(b"#") else end

    def _tick_points(self) -> Iterator[tuple[int, bytes]]:
        """Where the turns of loops and the calls are counted: before the first statement of each body."""
        call = f"{TICK}()".encode()
        for place in (*self.definitions, *self._plain):
            for node in ast.walk(self.tree.body[place]):
                if not isinstance(node, ast.For | ast.While | ast.AsyncFor | ast.FunctionDef):
                    continue
                body = [item for item in node.body if not _is_docstring(item)]
                if not body or getattr(body[0], "decorator_list", None):
                    continue
                start = self._starts[body[0].lineno - 1]
                offset = start + body[0].col_offset
                before = self.source[start:offset]
                if not isinstance(body[0], COMPOUND):
                    yield offset, call + b";"
                elif not before.strip():
                    yield offset, call + b"\n" + before


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _checks(tree: ast.Module) -> Iterator[int]:
    testing: set[str] = set()
    for place, statement in enumerate(tree.body):
        asserts = any(isinstance(node, ast.Assert) for node in ast.walk(statement))
        if isinstance(statement, DEFINITIONS):
            only = all(isinstance(item, ast.Assert | ast.Expr | ast.Assign) for item in statement.body)
            if asserts and (only or statement.name.lower().startswith(("test", "check"))):
                testing.add(statement.name)
                yield place
        elif asserts or any(
            isinstance(node, ast.Name) and node.id in testing for node in ast.walk(statement)
        ):
            yield place


class _Recording(ast.NodeTransformer):
    """Makes each assert record its outcome and values, so that one failure does not hide the others."""

    def __init__(self) -> None:
        self.count = 0

    def visit_Assert(self, node: ast.Assert) -> ast.Try:
        number, test = ast.Constant(self.count), node.test
        self.count += 1
        match test:
            case ast.Compare(ops=[ast.Eq() | ast.Is() as operator], comparators=[right]):
                name = EQUAL if isinstance(operator, ast.Eq) else IS
                return _guarded(_call(name, number, test.left, right), number, node)
        return _guarded(_call(TRUE, number, test), number, node)


def _call(name: str, *arguments: ast.expr) -> ast.Expr:
    return ast.Expr(ast.Call(ast.Name(name, ast.Load()), list(arguments), []))


def _guarded(statement: ast.stmt, key: ast.Constant, place: ast.stmt) -> ast.Try:
    wrong = _call(WRONG, key, ast.Name(ERROR, ast.Load()))
    handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), ERROR, [wrong])
    guarded = ast.Try(body=[statement], handlers=[handler], orelse=[], finalbody=[])
    return ast.fix_missing_locations(ast.copy_location(guarded, place))


def _compiled_check(recording: _Recording, statement: ast.stmt, place: int) -> CodeType:
    node: ast.stmt = recording.visit(copy.deepcopy(statement))
    if not isinstance(node, (*DEFINITIONS, *IMPORTS, ast.Try)):
        node = _guarded(node, ast.Constant(f"S{place}"), statement)
    return compile(ast.fix_missing_locations(ast.Module([node], [])), CHECK_FILE, "exec")
