"""Reads and compiles the cells of a job as IPython would, before any of them runs."""

import ast
import linecache
import re
import types
from collections.abc import Awaitable, Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import CO_COROUTINE
from typing import Any, overload

from cot_magic.core.case import CellId, Raised
from cot_magic.core.facts import Fact
from cot_magic.core.jobs import Inspection, JobStep

COT_LINE = re.compile(r"\s*%%cot\+{0,2}(\s|$)")
FIRST_WORD = re.compile(r"\s*([^\W\d]\w*)")
REHEARSED = "<cot rehearsed>"
INSPECTION_FILE = "<cot inspection>"
FileNames = Callable[[int, str], str]
"""Makes the file name of a step from its index and source."""
Describe = Callable[[BaseException, Mapping[str, CellId]], Raised]
"""Makes a Raised from an exception and a mapping of file names to cells."""
Autopsy = Callable[[], Iterator[Fact]]
"""Looks at a failed kernel from inside a copy of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyPart:
    """One statement of a cell as code, or the error that compiling it raised.

    `shows` tells whether it is an expression whose value the cell displays.
    """

    code: types.CodeType | None = None
    awaits: bool = False
    shows: bool = False
    error: BaseException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyStep:
    """A step that is read and compiled before any step runs; `info` is what IPython tells its callbacks."""

    parts: tuple[ReadyPart, ...]
    info: Any
    blank: bool = False

    @property
    def awaits(self) -> bool:
        return any(part.awaits for part in self.parts)


class ReadySteps(Sequence[ReadyStep]):
    """All steps of a job, compiled as IPython would compile them, and the names of their files.

    They are compiled before the first one runs, so that no step decides what the code of a later one is.
    A step that is no cell (a probe, a test) has its own id in `cells`, so that a traceback can start there.
    """

    def __init__(self, shell: Any, steps: Sequence[JobStep], file_names: FileNames) -> None:
        self._shell, self._current = shell, ""
        self._names: list[str] = []
        self.cells: dict[str, CellId] = {}
        compiler = shell.compile
        compiler.get_code_name = lambda *_: self._current
        self._ready: list[ReadyStep] = []
        earlier = ""
        for index, step in enumerate(steps):
            source = without_cot_line(step.source)
            self._current = file_names(index, source)
            self._names.append(self._current)
            self.cells[self._current] = step.cell or CellId(f"step {index}")
            self._ready.append(self._read(source, earlier))
            earlier += source

    @overload
    def __getitem__(self, index: int) -> ReadyStep: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ReadyStep]: ...
    def __getitem__(self, index: int | slice) -> ReadyStep | Sequence[ReadyStep]:
        return self._ready[index]

    def __len__(self) -> int:
        return len(self._ready)

    def begin(self, index: int) -> None:
        """Let code that this step compiles through IPython (`%%capture`) have the name of its file."""
        self._current = self._names[index]

    def leave_names(self) -> None:
        """Let IPython name what it compiles from now on as in the kernel."""
        vars(self._shell.compile).pop("get_code_name", None)

    def _read(self, source: str, earlier: str) -> ReadyStep:
        shell = self._shell
        transformed = source
        parts: tuple[ReadyPart, ...] = ()
        try:
            transformed = self._transformed(source, earlier)
        except Exception as error:
            parts = (ReadyPart(error=error),)
        info = info_of(source, transformed)
        if not source or source.isspace():
            return ReadyStep(parts=(), info=info, blank=True)
        return ReadyStep(parts=parts or tuple(self._compiled(shell.compile, transformed, source)), info=info)

    def _transformed(self, source: str, earlier: str) -> str:
        """The cell as Python; a single line is a magic without `%` only if no earlier step uses its name."""
        shell = self._shell
        cell: str = shell.input_transformer_manager.transform_cell(source)
        word = FIRST_WORD.match(cell)
        if len(cell.splitlines()) == 1 and not (word and re.search(rf"\b{word[1]}\b", earlier)):
            with shell.builtin_trap:
                cell = shell.prefilter_manager.prefilter_lines(cell)
        return cell

    def _compiled(self, compiler: Any, cell: str, raw: str) -> Iterator[ReadyPart]:
        """As `InteractiveShell.run_cell_async` and `run_ast_nodes` do: each statement is code of its own."""
        shell = self._shell
        name = compiler.cache(cell, shell.execution_count, raw_code=raw)
        try:
            body = shell.transform_ast(compiler.ast_parse(cell, filename=name)).body
            plan = _plan(body, shell.ast_node_interactivity)
        except Exception as error:  # SyntaxError and what a transformer refuses: the failure of this step
            yield ReadyPart(error=error)
            return
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if shell.autoawait else 0
        for node, shown in plan:
            tree: ast.AST = ast.Module([node], [])
            mode = "exec"
            if shown:
                value = isinstance(node, ast.Expr)
                tree = ast.Expression(node.value) if isinstance(node, ast.Expr) else ast.Interactive([node])
                mode = "eval" if value else "single"
            try:
                with compiler.extra_flags(flags):
                    code = compiler(tree, name, mode)
            except Exception as error:  # `return` outside a function: raised when this statement is reached
                yield ReadyPart(error=error)
                return
            yield ReadyPart(code=code, awaits=bool(code.co_flags & CO_COROUTINE), shows=mode == "eval")


def rehearse(shell: Any, steps: Sequence[JobStep]) -> None:
    """Compile steps and forget them; do nothing where code of the person would take part in that."""
    compiler = shell.compile
    if all(map(_is_known, _transformers(shell))):
        ReadySteps(shell, steps, lambda index, source: REHEARSED).leave_names()
        linecache.cache.pop(REHEARSED, None)
        getattr(compiler, "_filename_map", {}).pop(REHEARSED, None)


def _transformers(shell: Any) -> Iterator[Any]:
    """What changes a cell before it is compiled."""
    manager, prefilter = shell.input_transformer_manager, shell.prefilter_manager
    yield from (*manager.cleanup_transforms, *manager.line_transforms, *manager.token_transformers)
    yield from (*shell.input_transformers_post, *shell.ast_transformers)
    yield from (*prefilter.transformers, *prefilter.checkers, *prefilter.handlers.values())


def _is_known(transformer: Any) -> bool:
    """Whether it is IPython's own, or ours."""
    if isinstance(transformer, types.MethodType):
        transformer = transformer.__func__
    kind = transformer if isinstance(transformer, types.FunctionType | type) else type(transformer)
    return kind.__module__.partition(".")[0] in ("IPython", "cot_magic")


def _plan(body: list[ast.stmt], interactivity: str) -> list[tuple[ast.stmt, bool]]:
    """The statements, and for each whether IPython displays values of its expressions."""
    if not body:
        return []
    last = body[-1]
    if interactivity == "last_expr_or_assign":
        target = last.targets[0] if isinstance(last, ast.Assign) and len(last.targets) == 1 else None
        target = last.target if isinstance(last, ast.AugAssign | ast.AnnAssign) else target
        if isinstance(target, ast.Name):
            shown = ast.Expr(ast.Name(target.id, ast.Load()))
            body = [*body, ast.fix_missing_locations(shown)]
    if interactivity.startswith("last_expr"):
        interactivity = "last" if isinstance(body[-1], ast.Expr) else "none"
    every, none = interactivity == "all", interactivity == "none"
    return [(node, every or (not none and node is body[-1])) for node in body]


def info_of(source: str, transformed: str, cell_id: str | None = None) -> Any:
    """What IPython tells its callbacks of a cell; with an id, of one that is kept in the history."""
    from IPython.core.interactiveshell import ExecutionInfo

    info = ExecutionInfo(source, cell_id is not None, False, True, cell_id)  # type: ignore[no-untyped-call]
    info.transformed_cell = transformed  # an argument since IPython 8.33
    return info


def drive(shell: Any, loop: Any, main: Callable[[], Awaitable[None]], *, awaits: bool) -> None:
    """Run `main` as the kernel or terminal would run a cell.

    In a kernel, an event loop runs while any cell runs; in a terminal, only for cells with top-level await.
    So `asyncio.run` works in a terminal and fails in a kernel.
    """
    if getattr(shell, "kernel", None) is not None or awaits:
        loop.run_until_complete(main())
        return
    from IPython.core.async_helpers import _pseudo_sync_runner

    _pseudo_sync_runner(main())  # type: ignore[no-untyped-call]


def without_cot_line(source: str) -> str:
    """The source with a leading `%%cot` line turned into a comment, which keeps line numbers."""
    lines = source.splitlines(keepends=True)
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    if first is not None and COT_LINE.match(lines[first]):
        lines[first] = f"# {lines[first].lstrip()}"
    return "".join(lines)


def frames_of(error: BaseException, cells: Container[str]) -> list[tuple[types.FrameType, int]]:
    """The frames of a traceback with their line numbers, outermost first, starting at the first cell.

    `Inspection.frame` indexes this list; the frames that `describe` returns have the same length and order.
    If no frame is a cell, all are kept.
    """
    found = []
    entry = error.__traceback__
    while entry is not None:
        found.append((entry.tb_frame, entry.tb_lineno))
        entry = entry.tb_next
    first = next((place for place, (frame, _) in enumerate(found) if frame.f_code.co_filename in cells), 0)
    return found[first:]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyInspection:
    """An inspection that is compiled before the steps run: the statements, and the last expression."""

    frame: int
    parts: tuple[ReadyPart, ...]


def ready_inspection(inspection: Inspection) -> ReadyInspection:
    """Compile an inspection; an error is kept and is what the inspection raises."""
    source, parts = inspection.source, []
    try:
        tree = ast.parse(source, INSPECTION_FILE)
        lines = source.splitlines(keepends=True)
        linecache.cache[INSPECTION_FILE] = (len(source), None, lines, INSPECTION_FILE)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        parts.append(ReadyPart(code=compile(tree, INSPECTION_FILE, "exec")))
        if isinstance(last, ast.Expr):
            code = compile(ast.Expression(last.value), INSPECTION_FILE, "eval")
            parts.append(ReadyPart(code=code, shows=True))
    except Exception as error:
        parts = [ReadyPart(error=error)]
    return ReadyInspection(frame=inspection.frame, parts=tuple(parts))
