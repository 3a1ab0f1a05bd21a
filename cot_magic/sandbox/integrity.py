"""Whether the parts of IPython and of the interpreter that run a cell are still those that were loaded."""

import builtins
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a cell may change the others
_frame = sys._getframe

CLASSES = (
    "IPython.core.interactiveshell:InteractiveShell",
    "IPython.core.interactiveshell:ExecutionResult",
    "IPython.core.interactiveshell:ExecutionInfo",
    "IPython.core.compilerop:CachingCompiler",
    "IPython.core.inputtransformer2:TransformerManager",
    "IPython.core.events:EventManager",
    "ipykernel.zmqshell:ZMQInteractiveShell",
    "ipykernel.compiler:XCachingCompiler",
)
_IPYTHON = "IPython.core."
MODULES = (f"{_IPYTHON}interactiveshell", f"{_IPYTHON}compilerop", f"{_IPYTHON}inputtransformer2", "ast")
BUILTINS = ("exec", "eval", "compile", "isinstance", "type", "getattr", "BaseException", "AssertionError")
# of the shell itself: what decides whether and how a cell runs
ON_THE_SHELL = frozenset({
    "run_cell", "run_cell_async", "_run_cell", "run_ast_nodes", "run_code", "runcode", "transform_cell",
    "transform_ast", "should_run_async", "init_user_ns",
})  # fmt: skip
ON_THE_COMPILER = frozenset({"ast_parse", "cache", "extra_flags", "__call__", "get_code_name"})


class Integrity:
    """What runs cells, as it was before the first one ran.

    Only functions are compared: settings such as `InteractiveShell.ast_node_interactivity` may change.
    """

    def __init__(self, shell: Any) -> None:
        self._shell, self._type, self._compiler = shell, type(shell), shell.compile
        self._before, self._own = dict(self._functions()), self._own_functions()

    def changed(self) -> str | None:
        """What a cell has replaced, in words; None if all is as it was.

        Nothing is asked of the objects themselves, as that could run code of the cell.
        """
        own = vars(self._shell)
        if type(self._shell) is not self._type or own.get("compile") is not self._compiler:
            return "the shell"
        functions = self._own_functions()
        if functions != self._own:
            names = sorted({name for name, _ in functions.symmetric_difference(self._own)})
            return f"the shell ({', '.join(names)})"
        if own.get("_trait_values", {}).get("ast_transformers"):
            return "how cells are compiled (ast_transformers)"
        now = dict(self._functions())
        for name in self._before.keys() | now.keys():
            if self._before.get(name) != now.get(name):
                return name
        return None

    def _own_functions(self) -> frozenset[tuple[str, int]]:
        """What the shell and its compiler have beside their classes."""
        found = [(name, value) for name, value in vars(self._shell).items() if name in ON_THE_SHELL]
        found += [(name, value) for name, value in vars(self._compiler).items() if name in ON_THE_COMPILER]
        return frozenset((name, id(value)) for name, value in found)

    def _functions(self) -> Iterator[tuple[str, tuple[int, int]]]:
        for place in CLASSES:
            module, _, name = place.partition(":")
            cls = getattr(sys.modules.get(module), name, None)
            if cls is not None:
                yield place.replace(":", "."), (id(cls), 0)
                yield from _of(f"{name}.", vars(cls))
        for module in MODULES:
            yield from _of(f"{module}.", vars(sys.modules[module]))
        yield from _of("builtins.", {name: getattr(builtins, name, None) for name in BUILTINS}, every=True)


def _of(prefix: str, names: Any, *, every: bool = False) -> Iterator[tuple[str, tuple[int, int]]]:
    """The identity of each function among names, and that of its code."""
    for name, value in dict(names).items():
        inner = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if isinstance(inner, types.FunctionType):
            yield f"{prefix}{name}", (id(value), id(_code_of(inner)))
        elif every or isinstance(inner, type | types.BuiltinFunctionType | property):
            yield f"{prefix}{name}", (id(value), 0)


_code_of: Callable[[types.FunctionType], types.CodeType] = lambda function: function.__code__  # noqa: E731


# --- what could reach the judge -----------------------------------------------------------------------------

REACHES = {
    "gc.get_objects": "searches the memory of the interpreter",
    "gc.get_referrers": "searches the memory of the interpreter",
    "gc.get_referents": "searches the memory of the interpreter",
    "sys.settrace": "installs a trace function",
    "sys.setprofile": "installs a profile function",
    "sys.monitoring.register_callback": "installs a trace function",
    "ctypes.dlopen": "uses ctypes",
    "ctypes.dlsym": "uses ctypes",
    "ctypes.cdata": "uses ctypes",
}
_OF_TASKS = ("cr_frame", "gi_frame", "ag_frame")  # of a coroutine that waits: perhaps the judge
_FRAMES = ("tb_frame",)
_OF_PROCESS = ("/proc/self/mem", "/proc/self/fd", "/proc/self/task", "/proc/thread-self")
_PASSED_THROUGH = ("inspect.py", "traceback.py", "base_tasks.py")  # they hand frames to their caller


def reach(event: str, arguments: tuple[Any, ...], *, below: bool) -> str | None:
    """What an audit event of a cell's own code could do to what judges it, in words; None for most.

    `below` says whether a frame of the judge is below the cell's.
    """
    if event in REACHES:
        return REACHES[event]
    if event in ("sys._getframe", "sys._current_frames"):
        return "reads the frames of its judge" if below else None
    name = arguments[1] if len(arguments) > 1 else None
    if event == "object.__getattr__" and (name in _OF_TASKS or (below and name in _FRAMES)):
        return "reads the frames of waiting tasks"
    if event == "object.__setattr__" and name == "__code__":
        return "replaces the code of a function"
    if event in ("open", "os.listdir", "os.scandir") and arguments and type(arguments[0]) is str:
        return "reads its own process" if arguments[0].startswith(_OF_PROCESS) else None
    return None


_LOOKED_AT = frozenset({
    *REACHES, "sys._getframe", "sys._current_frames", "object.__getattr__", "object.__setattr__", "open",
    "os.listdir", "os.scandir",
})  # fmt: skip


def watch(is_cell: Callable[[str], bool], judge: str, report: Callable[[str], None]) -> None:
    """Report each `reach` of code whose file name `is_cell` knows. Cannot be undone.

    The code of the judge is in the file `judge`.
    """
    inside = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal inside
        if inside or event not in _LOOKED_AT:
            return
        inside = True  # what happens in here is not reported
        try:
            word = reach(event, arguments, below=True)
            if word is None:
                return
            by_a_cell, below = _stack(is_cell, judge)
            word = reach(event, arguments, below=below)
            if by_a_cell and word is not None:
                report(word)
        finally:
            inside = False

    sys.addaudithook(hook)


def _stack(is_cell: Callable[[str], bool], judge: str) -> tuple[bool, bool]:
    """Whether the code that raised the event is that of a cell, or of `inspect` for a cell; and whether the
    judge is below it."""
    frame: types.FrameType | None = _frame(2)
    while frame is not None and frame.f_code.co_filename.endswith(_PASSED_THROUGH):
        frame = frame.f_back
    if frame is None or not is_cell(frame.f_code.co_filename):
        return False, False
    while frame is not None:
        code = frame.f_code
        if code.co_filename == judge and code.co_name not in ("main", "_begin"):
            return True, True
        frame = frame.f_back
    return True, False
