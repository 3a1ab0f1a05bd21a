"""Turns a live exception into a Raised: message, frames, subject, causes and grouped exceptions."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from cot_magic.capture.describe import objects
from cot_magic.capture.describe.oneline import LONGEST_TEXT, oneline, tidy
from cot_magic.capture.frames import Places, TracebackLevel, describe_frames, levels
from cot_magic.capture.lineage.history import History, Place
from cot_magic.capture.secrets.redactor import Redactor, bounded
from cot_magic.capture.subject import subject_and_name
from cot_magic.core.case import CellId, Raised, SyntaxDetail

LONGEST_MESSAGE = 2_000
MOST_NOTES = 20
MOST_GROUPED = 10
DEEPEST_CHAIN = 5  # causes, contexts and groups inside each other

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

Filenames = Callable[[str], CellId | None] | Mapping[str, CellId]


def describe(error: BaseException, filenames: Filenames, redactor: Redactor | None = None) -> Raised:
    """The exception, its frames and its chain as described copies.

    Parameters
    ----------
    filenames
        Maps `co_filename` to the cell that was compiled under it: a mapping, or a function that returns None
        for other code. `History.cell_of` also provides the line offset of the cell.
    redactor
        A new one if None.
    """
    return _Description(_places(filenames), redactor or Redactor()).raised(original(error), 0)


def sandbox_describe(
    history: History, redactor: Redactor | None = None
) -> Callable[[BaseException, Mapping[str, CellId]], Raised]:
    """A `describe` for copies of the kernel: looks up file names in a job's steps, then in the history."""
    shared: list[Redactor] = [redactor] if redactor is not None else []

    def describe_in_copy(error: BaseException, steps: Mapping[str, CellId]) -> Raised:
        if not shared:
            shared.append(Redactor())

        def place_of(filename: str) -> Place | None:
            if filename not in steps:
                return history.place_of(filename)
            return Place(cell=steps[filename], offset=history.offset_of(steps[filename]))

        return _Description(place_of, shared[0]).raised(original(error), 0)

    return describe_in_copy


def original(error: BaseException) -> BaseException:
    """The exception of the cell, if IPython reports one that it raised itself while showing the first."""
    traceback = _of_base("__traceback__", error)
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_name == "run_cell_async" and frame.f_code.co_filename.endswith(
            "interactiveshell.py"
        ):
            told = getattr(frame.f_locals.get("result"), "error_in_exec", None)
            return told if isinstance(told, BaseException) else error
        traceback = traceback.tb_next
    return error


def message_of(error: BaseException) -> str:
    """`str(error)`, which IPython has already called to show it, without colours; if it raises, the arguments
    of the exception."""
    if objects.is_a(error, SyntaxError):
        told = SyntaxError.__dict__["msg"].__get__(error)
        if type(told) is str:
            return told  # `str` adds the made-up file name
    try:
        message = str(error)
    except Exception as fault:
        arguments = oneline(BaseException.__dict__["args"].__get__(error), Redactor({}))
        return f"<__str__ raised {objects.class_name(type(fault))}; arguments: {arguments}>"
    return _COLOURS.sub("", message if type(message) is str else str.__str__(message))


class _Description:
    """One walk over an exception and its chain and groups; each exception is described once."""

    def __init__(self, places: Places, redactor: Redactor) -> None:
        self._places = places
        self._redactor = redactor
        self._seen: set[int] = set()

    def raised(self, error: BaseException, depth: int) -> Raised:
        self._seen.add(id(error))
        cls = type(error)
        found = levels(error, self._places)
        syntax = self._syntax(error, found)
        if syntax is not None:
            found = []  # only the compiler's own levels
        frames = describe_frames(
            found, self._redactor
        )  # first: secrets in frames are then known for the message
        subject, name = subject_and_name(error, found, self._redactor)
        cause, context = self._chain(error, depth)
        return Raised(
            ename=tidy(self._redactor.text(objects.class_name(cls)), 200),
            evalue=bounded(self._redactor, message_of(error), LONGEST_MESSAGE),
            qualname=tidy(self._redactor.text(objects.qualified(cls)), 200),
            bases=tuple(objects.class_name(base) for base in objects.mro(cls) if base is not object),
            frames=frames,
            notes=self._notes(error),
            cause=cause,
            context=context,
            group=self._group(error, depth),
            syntax=syntax,
            subject=subject,
            name=name,
        )

    def _chain(self, error: BaseException, depth: int) -> tuple[Raised | None, Raised | None]:
        """Cause and context as a traceback shows them: a cause hides the context, `from None` hides both."""
        cause = _of_base("__cause__", error)
        if cause is not None:
            return self._linked(cause, depth), None
        if _of_base("__suppress_context__", error):
            return None, None
        return None, self._linked(_of_base("__context__", error), depth)

    def _linked(self, error: BaseException | None, depth: int) -> Raised | None:
        if error is None or id(error) in self._seen or depth >= DEEPEST_CHAIN:
            return None
        return self.raised(error, depth + 1)

    def _group(self, error: BaseException, depth: int) -> tuple[Raised, ...]:
        if not objects.is_a(error, BaseExceptionGroup) or depth >= DEEPEST_CHAIN:
            return ()
        grouped: Any = BaseExceptionGroup.__dict__["exceptions"].__get__(error)
        found = (self._linked(member, depth) for member in grouped[:MOST_GROUPED])
        return tuple(raised for raised in found if raised is not None)

    def _notes(self, error: BaseException) -> tuple[str, ...]:
        notes: Any = objects.instance_dict(error).get("__notes__")
        if not objects.exactly(notes, list, tuple):
            return ()
        shown = (note if type(note) is str else oneline(note, self._redactor) for note in notes[:MOST_NOTES])
        return tuple(bounded(self._redactor, note, LONGEST_MESSAGE) for note in shown)

    def _syntax(self, error: BaseException, found: list[TracebackLevel]) -> SyntaxDetail | None:
        """Where the parser stopped, if it parsed a cell and not code that a cell imported or evaluated."""
        if not objects.is_a(error, SyntaxError):
            return None
        filename, lineno, text = (_of_syntax(field, error) for field in ("filename", "lineno", "text"))
        place = self._places(filename) if type(filename) is str else None
        if type(lineno) is not int or (place is None and any(level.place for level in found)):
            return None
        if place is not None and any(level.place for level in found):
            return None
        offset = place.offset if place is not None else 0
        return SyntaxDetail(
            lineno=lineno + offset,
            offset=_number(_of_syntax("offset", error)),
            end_lineno=_number(_of_syntax("end_lineno", error), offset),
            end_offset=_number(_of_syntax("end_offset", error)),
            text=tidy(bounded(self._redactor, text.rstrip(), LONGEST_TEXT)) if type(text) is str else "",
        )


def _places(filenames: Filenames) -> Places:
    owner = getattr(filenames, "__self__", None)
    if isinstance(owner, History):
        return owner.place_of
    find: Any = filenames.get if isinstance(filenames, Mapping) else filenames

    def place_of(filename: str) -> Place | None:
        cell = find(filename)
        return Place(cell=cell) if cell is not None else None

    return place_of


def _of_base(name: str, error: BaseException) -> Any:
    return BaseException.__dict__[name].__get__(error)


def _of_syntax(name: str, error: BaseException) -> Any:
    return SyntaxError.__dict__[name].__get__(error)


def _number(value: object, more: int = 0) -> int:
    """A line or column; 0 if CPython does not know it (None, 0 or -1)."""
    return value + more if type(value) is int and value > 0 else 0
