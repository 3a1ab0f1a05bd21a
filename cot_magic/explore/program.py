"""The code under exploration: a function, a file or a cell, started from the same state each time."""

import ast
import builtins
import inspect
import linecache
import sys
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TypedDict

from cot_magic.core.errors import UsageError
from cot_magic.explore.asyncio.loop import RunLimits
from cot_magic.explore.asyncio.run import AsyncRun
from cot_magic.explore.decisions import Decisions
from cot_magic.explore.entry import entry_of
from cot_magic.explore.run_result import RunResult
from cot_magic.explore.state import SharedState

ASYNC, THREADS = "asyncio", "threads"
NAMES = ("main", "run", "test")


class Program:
    """Code that can be run under one schedule after another.

    Parameters
    ----------
    start
        Starts it: returns a coroutine, or runs everything itself.
    namespace
        Globals of the user's code; restored between runs.
    kind
        `ASYNC` or `THREADS`.
    calls
        Whether its loop runs calls in threads.
    """

    def __init__(
        self,
        start: Callable[[], Any],
        namespace: MutableMapping[str, Any],
        *,
        kind: str,
        calls: bool = False,
        limits: RunLimits | None = None,
        free_threaded: bool = False,
    ) -> None:
        self.kind, self._start, self._namespace, self._calls = kind, start, namespace, calls
        self._limits, self._free_threaded = limits or RunLimits(), free_threaded
        self._state = SharedState([namespace], start)
        self._fresh = True

    @property
    def restorable(self) -> bool:
        """Whether a run can follow another in the same process."""
        return self._state.complete

    def run(
        self, decisions: Decisions, random_seed: str | None = None, *, detailed: bool = False
    ) -> RunResult:
        """Run it once under these decisions; `detailed` adds a trace."""
        if not self._fresh:
            self._state.restore()
        self._fresh = False
        if self.kind == THREADS:
            from cot_magic.explore.threads.run import run_threads

            return run_threads(
                self._start,
                decisions,
                namespaces=[self._namespace],
                random_seed=random_seed,
                free_threaded=self._free_threaded or None,
            )
        run = AsyncRun(
            self._start,
            decisions,
            namespaces=[self._namespace],
            random_seed=random_seed,
            limits=self._limits,
            calls=self._calls,
        )
        if not detailed:
            return run.go()
        from cot_magic.explore.asyncio.tracing import Tracer

        tracer = Tracer(decisions)
        run.prepare, run.holders, run.line = tracer.attach, tracer.holders, tracer.line
        with tracer:
            result = run.go()
        return replace(result, trace=tracer.trace(result))


def of_function(fn: Callable[[], Any], *, free_threaded: bool = False) -> Program:
    """A function. Raises UsageError if it cannot be called without arguments."""
    _check_parameters(fn, getattr(fn, "__qualname__", repr(fn)), " Wrap it in a lambda.")
    namespace = getattr(inspect.unwrap(fn), "__globals__", None)
    if namespace is None:
        namespace = vars(sys.modules.get(getattr(fn, "__module__", "") or "__main__", builtins))
    return Program(fn, namespace, **_how(fn, namespace), free_threaded=free_threaded)


def of_file(path: Path, function: str | None = None, *, free_threaded: bool = False) -> Program:
    """A function of a file, by default `main`; a file without one runs as a script. Raises UsageError."""
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
    return of_source(source, str(path.resolve()), function, free_threaded=free_threaded)


def of_source(
    source: str, filename: str, function: str | None = None, *, free_threaded: bool = False
) -> Program:
    """The same for the source of a file."""
    try:
        tree = ast.parse(source, filename)
    except SyntaxError as error:
        raise UsageError(f"{filename}, line {error.lineno} is not valid Python: {error.msg}.") from None
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    wanted = function or next((name for name in NAMES if name in defined), None)
    if function is not None and function not in defined:
        known = f"no function {function}: choose one of {', '.join(defined)}" if defined else "no functions"
        raise UsageError(f"{filename} defines {known}.")
    folder = str(Path(filename).parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    code = compile(tree, filename, "exec", dont_inherit=True)
    module = ModuleType("__cot_explored__" if wanted else "__main__")
    namespace = vars(module)
    namespace.update(__file__=filename, __builtins__=builtins)
    sys.modules["__cot_explored__"] = module  # dataclasses and pickle look a class up by its module
    if wanted is None:
        return Program(
            lambda: exec(code, namespace),  # noqa: S102 - the person's own file
            namespace,
            **_how(code, namespace, source),
            free_threaded=free_threaded,
        )
    exec(code, namespace)  # noqa: S102 - the person's own file
    fn = namespace[wanted]
    _check_parameters(fn, f"{wanted} in {filename}")
    return Program(fn, namespace, **_how(fn, namespace, source), free_threaded=free_threaded)


def of_cell(
    source: str, namespace: MutableMapping[str, Any], filename: str, *, free_threaded: bool = False
) -> Program:
    """A cell that uses the names of earlier cells; it may have `await` at its top level."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    code = compile(source, filename, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    awaits = bool(code.co_flags & inspect.CO_COROUTINE)

    def start() -> Any:
        return eval(code, namespace) if awaits else exec(code, namespace)  # type: ignore[arg-type] # noqa: S102, S307

    return Program(start, namespace, **_how(code, namespace, source), free_threaded=free_threaded)


def _check_parameters(fn: Callable[..., Any], name: str, advice: str = "") -> None:
    try:
        inspect.signature(fn).bind()
    except TypeError as error:
        raise UsageError(f"{name} cannot be called without arguments: {error}.{advice}") from None
    except ValueError:
        pass  # a builtin without a signature: calling it will show


class _How(TypedDict):
    """What a Program has to know about its code."""

    kind: str
    calls: bool


def _how(start: CodeType | Callable[[], Any], namespace: MutableMapping[str, Any], source: str = "") -> _How:
    """From what the entry point runs; if a library hides that, from what the source mentions."""
    entry = entry_of(start, namespace)
    if entry.loop or entry.threads:
        return _How(kind=ASYNC if entry.loop else THREADS, calls=entry.calls)
    mentioned = entry.coroutines or "asyncio" in source or "await " in source
    return _How(kind=ASYNC if mentioned else THREADS, calls=entry.calls)
