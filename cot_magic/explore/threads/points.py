"""Points where a thread may lose its turn: where the interpreter could switch, in the user's code only."""

import dis
import sys
from collections.abc import Callable, Collection
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any, Protocol

from cot_magic.explore.places import of_the_user

Point = Callable[[FrameType | None], None]
Line = Callable[[FrameType], None]
Trace = Callable[[FrameType, str, Any], Any]
_CALLS = ("CALL", "CALL_FUNCTION_EX")
_PACKAGE = __name__.partition(".")[0]


class Points(Protocol):
    """Calls a function at the points of the user's code, between `install` and `remove`."""

    def install(self) -> None: ...

    def remove(self) -> None: ...

    def begin(self) -> None:
        """Called at the start of each thread."""
        ...


def lock_is_off() -> bool:
    """Whether this interpreter runs threads in parallel: a free-threaded build with its global lock off."""
    enabled = getattr(sys, "_is_gil_enabled", None)
    return enabled is not None and not enabled()


class UserCode:
    """The user's files, as a container of file names.

    Parameters
    ----------
    files
        The files of the user, as code objects name them; None: all that belong neither to the standard
        library nor to an installed package and were not generated.
    """

    def __init__(self, files: Collection[str] | None = None) -> None:
        self._files = frozenset(files) if files is not None else None
        self._known: dict[str, bool] = {}

    def __contains__(self, filename: str) -> bool:
        known = self._known.get(filename)
        if known is None:
            known = self._known[filename] = (
                filename in self._files if self._files is not None else not _installed(filename)
            )
        return known


def _installed(filename: str) -> bool:
    return not filename or filename.startswith("<string>") or not of_the_user(filename)


def points(point: Point, user: UserCode, *, free_threaded: bool, line: Line | None = None) -> Points:
    """The points of this interpreter.

    With its global lock, CPython lets other threads run only where it checks its "eval breaker": on entry to
    a function (and when a generator resumes), after a call of a function written in C, and on a backward jump
    (`Python/ceval.c`). With `free_threaded`, a thread may lose its turn before every instruction. `line` is
    called for every line of the user's code; a line is not a point.
    """
    if sys.version_info >= (3, 12):
        return Monitored(point, user, every=free_threaded, line=line)
    return Traced(point, user, every=free_threaded, line=line)


class Monitored:
    """Points by `sys.monitoring` (PEP 669): library code costs nothing after its first run."""

    _last: UserCode | None = None

    def __init__(self, point: Point, user: UserCode, *, every: bool, line: Line | None = None) -> None:
        self._point, self._user, self._every, self._line = point, user, every, line
        self._tool = -1

    def install(self) -> None:
        monitoring = _monitoring()
        self._tool = next((n for n in (4, 3, 2, 1) if monitoring.get_tool(n) is None), -1)
        if self._tool < 0:
            raise RuntimeError(
                "no free tool id of sys.monitoring: stop a debugger, profiler or coverage tool"
            )
        monitoring.use_tool_id(self._tool, _PACKAGE)
        event = monitoring.events
        callbacks: dict[int, Callable[..., object]]
        if self._every:
            callbacks = {event.PY_START: self._entered, event.INSTRUCTION: self._entered}
            wanted = event.PY_START | event.INSTRUCTION
        else:
            callbacks = {
                event.PY_START: self._entered,
                event.PY_RESUME: self._entered,
                event.CALL: self._calls,
                event.C_RETURN: self._returned,
                event.C_RAISE: self._returned,
                event.JUMP: self._jumped,
            }
            wanted = event.PY_START | event.PY_RESUME | event.CALL | event.JUMP
        if self._line is not None:
            callbacks[event.LINE] = self._begins
            wanted |= event.LINE
        for kind, function in callbacks.items():
            monitoring.register_callback(self._tool, kind, function)
        if Monitored._last is not self._user:  # events were disabled for other files
            monitoring.restart_events()
            Monitored._last = self._user
        monitoring.set_events(self._tool, wanted)

    def remove(self) -> None:
        if self._tool >= 0:
            monitoring = _monitoring()
            monitoring.set_events(self._tool, 0)
            monitoring.free_tool_id(self._tool)
            self._tool = -1

    def begin(self) -> None:
        """Do nothing: monitoring applies to all threads."""

    def _begins(self, code: CodeType, lineno: int) -> object:
        if code.co_filename not in self._user:
            return _monitoring().DISABLE
        if self._line is not None:
            self._line(sys._getframe(1))
        return None

    def _entered(self, code: CodeType, offset: int) -> object:
        if code.co_filename not in self._user:
            return _monitoring().DISABLE
        self._point(sys._getframe(1))
        return None

    def _calls(self, code: CodeType, offset: int, function: object, first: object) -> object:
        if code.co_filename not in self._user:
            return _monitoring().DISABLE
        if isinstance(function, MethodType):
            function = function.__func__
        if isinstance(function, FunctionType) and function.__code__.co_filename not in self._user:
            self._point(sys._getframe(1))  # the entry of a library's Python function
        return None

    def _returned(self, code: CodeType, offset: int, function: object, first: object) -> object:
        if code.co_filename in self._user:
            self._point(sys._getframe(1))
        return None  # C_RETURN cannot be disabled by itself; CALL at the same place is

    def _jumped(self, code: CodeType, offset: int, target: int) -> object:
        if code.co_filename not in self._user:
            return _monitoring().DISABLE
        if target < offset:
            self._point(sys._getframe(1))
        return None


def _monitoring() -> Any:
    return sys.monitoring  # type: ignore[attr-defined,unused-ignore]  # from 3.12 on


class Traced:
    """The same points by `sys.settrace` and its opcode events, for 3.11.

    A call is over when the next instruction of the frame begins. It was a call of a function written in C if
    no Python function began meanwhile, or only one that C code calls (`__init__` of a class).
    """

    def __init__(self, point: Point, user: UserCode, *, every: bool, line: Line | None = None) -> None:
        self._point, self._user, self._every, self.line = point, user, every, line
        self._before: Any = None
        self._codes: dict[CodeType, tuple[frozenset[int], frozenset[int]]] = {}
        self.entered: FrameType | None = None

    def install(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._call)

    def remove(self) -> None:
        sys.settrace(self._before)

    def begin(self) -> None:
        sys.settrace(self._call)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Trace | None:
        code = frame.f_code
        caller = frame.f_back
        if code.co_filename not in self._user:
            if caller is not None and caller.f_code.co_filename in self._user:
                self.note(caller, code)
                if not _from_c(code):
                    self._point(caller)
            return None
        if caller is not None:
            self.note(caller, code)
        frame.f_trace_lines = self.line is not None
        frame.f_trace_opcodes = True
        self._point(frame)
        return FrameTrace(self, self._point, *self._jumps(code), every=self._every)

    def note(self, caller: FrameType, code: CodeType) -> None:
        """Note that a Python function began, called from that frame."""
        local = caller.f_trace
        if isinstance(local, FrameTrace) and not _from_c(code):
            local.python_began = True

    def _jumps(self, code: CodeType) -> tuple[frozenset[int], frozenset[int]]:
        known = self._codes.get(code)
        if known is None:
            calls, back = set(), set()
            for item in dis.get_instructions(code):
                if item.opname in _CALLS:
                    calls.add(item.offset)
                elif "BACKWARD" in item.opname and "INTERRUPT" not in item.opname:
                    back.add(item.offset)
            known = self._codes[code] = frozenset(calls), frozenset(back)
        return known


def _from_c(code: CodeType) -> bool:
    name = code.co_name
    return name.startswith("__") and name.endswith("__")


class FrameTrace:
    """The local trace function of one frame of the user's code."""

    __slots__ = ("_back", "_calls", "_every", "_last", "_owner", "_point", "python_began")

    def __init__(
        self, owner: Traced, point: Point, calls: frozenset[int], back: frozenset[int], *, every: bool
    ) -> None:
        self._owner, self._point = owner, point
        self._calls, self._back, self._every = calls, back, every
        self._last = -1
        self.python_began = False

    def __call__(self, frame: FrameType, event: str, argument: Any) -> "FrameTrace":
        if event == "line" and self._owner.line is not None:
            self._owner.line(frame)
        if event != "opcode":
            return self
        here, last = frame.f_lasti, self._last
        self._last = here
        if self._every:
            self._point(frame)
        elif last in self._calls:
            if not self.python_began:
                self._point(frame)
        elif last in self._back and here < last:
            self._point(frame)
        if here in self._calls:
            self.python_began = False
        return self
