"""The magics: an input transformer, two hooks and the line magics. They parse and delegate."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

from cot_magic import actions
from cot_magic.core.errors import CotError
from cot_magic.ipython.held_traceback import HeldTraceback
from cot_magic.ipython.hooks import after_cell, before_cell
from cot_magic.ipython.kernel_state import KernelState
from cot_magic.notebook.front_end import TERMINAL, front_end
from cot_magic.settings import PRESETS, Settings

if TYPE_CHECKING:
    from cot_magic.core.session import Session

MAGICS = tuple(PRESETS)
FIRST_LINE = re.compile(r"%%(cot\+{0,2})(\?{0,2})(?:[ \t]+(.*))?\s*")
ASKED = re.compile(r"(%%?)(cot\+{1,2})(\?{1,2})\s*")
LINE_MAGIC = re.compile(r"%cot(\+{1,2}|_\w+)?(\s|\?|$)")


class Magics:
    """The magics of one shell, over its state."""

    def __init__(self, state: KernelState) -> None:
        self.state = state
        self.shell = state.shell
        self.line_magics: dict[str, Callable[..., Any]] = {
            "cot_insert": self.insert,
            "cot_undo": self.undo,
            "cot_config": self.config,
            "cot_last": self.last,
            "cot_auto": self.auto,
            "cot_replay": self.replay,
            "cot_resume": self.resume,
            "cot_export": self.export,
            "cot_answer": self.answer,
            "cot_certify": self.certify,
            "cot_guard": self.guard,
        }

    def register(self) -> None:
        self.shell.input_transformers_cleanup.insert(0, self.transform)
        self.shell.events.register("pre_run_cell", self.before)
        self.shell.events.register("post_run_cell", self.after)
        for name in MAGICS:
            self.shell.register_magic_function(no_var_expand(self._cell_magic(name)), "line_cell", name)
        for name, function in self.line_magics.items():
            kind = "line_cell" if name == "cot_answer" else "line"
            self.shell.register_magic_function(no_var_expand(_plain_function(function, name)), kind, name)
        self.state.bridge.open()

    def unregister(self) -> None:
        self.shell.input_transformers_cleanup.remove(self.transform)
        self.shell.events.unregister("pre_run_cell", self.before)
        self.shell.events.unregister("post_run_cell", self.after)
        for name in (*MAGICS, *self.line_magics):
            self.shell.magics_manager.magics["line"].pop(name, None)
            self.shell.magics_manager.magics["cell"].pop(name, None)
        self.state.bridge.close()
        if self.state.lesson is not None:
            actions.end_lesson(self.state)
        if self.state.snapshot is not None:
            actions.release(self.state)
        if self.state.rehearsals is not None:
            actions.end_rehearsals(self.state)

    def transform(self, lines: list[str]) -> list[str]:
        """Turn the `%%cot…` line into a comment: IPython runs the body as the cell, and line numbers stay."""
        start = next((place for place, line in enumerate(lines) if line.strip()), None)
        if start is None:
            return lines
        first = lines[start]
        if asked := ASKED.fullmatch(first):
            return [f"?{asked[1]}{asked[2]}\n"]
        match = FIRST_LINE.fullmatch(first)
        if match is None or self._settings(match) is None:
            return lines  # not ours, or refused: the magic itself says why, and the cell does not run
        body = lines[start + 1 :]
        if match[2]:
            return [f"?%%{match[1]}\n"]
        if not any(line.strip() for line in body):
            return [f"%{match[1]} {match[3] or ''}\n"]
        if body[0].startswith("%%"):
            return body  # a nested cell magic has to be the first line
        return [*lines[:start], f"#{first}", *body]

    def _settings(self, match: re.Match[str]) -> Settings | None:
        try:
            return _parse(match[3] or "", replace(self.state.defaults, intensity=match[1]))
        except CotError:
            return None

    def before(self, info: Any) -> None:
        raw = (info.raw_cell or "").lstrip()
        match = FIRST_LINE.fullmatch(raw.partition("\n")[0])
        has_body = bool(raw.partition("\n")[2].strip())
        settings = self._settings(match) if match is not None and has_body else None
        ours = match is not None or raw.startswith(("%cot", "%%cot"))
        if settings is None and self.state.auto and not ours:
            settings = self.state.defaults
        keep = bool(LINE_MAGIC.match(raw)) or (match is not None and not has_body)
        before_cell(self.state, info, settings, keep=keep)
        shows = settings is not None and settings.traceback == "below" and not self.state.renderer
        if shows and self.state.traceback is None and front_end(self.shell) != TERMINAL:
            self.state.traceback = HeldTraceback(self.shell)

    def after(self, result: Any) -> None:
        try:
            self._offer(after_cell(self.state, result))
        except CotError as error:
            print(f"cot-magic: {error}")
        except KeyboardInterrupt:
            print("cot-magic: interrupted.")
        finally:
            held = self.state.traceback
            if held is not None and not self.state.running:
                self.state.traceback = None
                held.show(self.state.redactor.text if self.state.redactor is not None else None)

    def _cell_magic(self, name: str) -> Callable[..., None]:
        def magic(line: str, cell: str | None = None) -> None:
            settings = self._parsed(line, name)
            if cell is not None:
                # only reached if another tool calls the magic itself: run the body as the shell would
                self.shell.run_cell(f"%%{name} {line}\n{cell}")
                return
            with _one_line():
                self._offer(actions.post_mortem(self.state, settings))

        magic.__doc__ = f"Run the cell; when it fails, find out why: ?%%{name} shows the options."
        magic.getdoc = lambda: _help(name)  # type: ignore[attr-defined]  # what `?%%cot` asks first
        return magic

    def _parsed(self, line: str, name: str) -> Settings:
        with _one_line():
            return _parse(line, replace(self.state.defaults, intensity=name))

    def insert(self, line: str) -> None:
        """Insert cells of the last session below: %cot_insert [fix|tests|all]."""
        with _one_line():
            print(actions.accept(self.state, line.strip() or "all"))

    def inserted(self, session_id: str) -> str:
        """Say what follows an insertion by a click in the page: the certificate, or how to have one."""
        try:
            return str(actions.certify_inserted(self.state, session_id))
        except CotError as error:  # the fix is inserted all the same
            return str(error)

    def chosen(self, session_id: str, number: int) -> str:
        """Take a choice by a click in the page, as %cot_answer does; return one sentence."""
        try:
            return str(actions.choose(session_id, number))
        except CotError as error:
            return str(error)

    def undo(self, line: str) -> None:
        """Take back the last insertion: %cot_undo."""
        print(actions.undo(self.state))

    def config(self, line: str) -> None:
        """Show the defaults, or change them: %cot_config insert=all timeout=20."""
        from cot_magic.options import configure, described  # light start: few lines have options

        with _one_line():
            self.state.defaults = configure(self.state.defaults, line)
        print(described(self.state.defaults))

    def last(self, line: str) -> None:
        """Show the last session again: %cot_last. The Session itself is cot_magic.last."""
        actions.show_last(self.state)

    def auto(self, line: str) -> None:
        """Investigate every cell that fails, without %%cot: %cot_auto on|off."""
        with _one_line():
            if line.strip() not in ("on", "off"):
                raise CotError("%cot_auto takes on or off.")
        self.state.auto = line.strip() == "on"
        print(f"From now on, every failing cell is {'investigated' if self.state.auto else 'left alone'}.")

    def guard(self, line: str) -> None:
        """Rehearse each cell in a copy of the kernel before it runs: %cot_guard on|off.

        A cell that fails in the copy, and in a second one, does not run: it ends with that error, nothing in
        the kernel changes, and the failure is investigated. Every other cell runs as without the guard. A
        rehearsal takes at most `guard_ms` (%cot_config guard_ms=300). %%cot --rehearse does the same for one
        cell.
        """
        with _one_line():
            if line.strip() not in ("on", "off"):
                raise CotError("%cot_guard takes on or off.")
        self.state.guard.on = line.strip() == "on"
        print(actions.say_whether_guarded(self.state, on=self.state.guard.on))

    def replay(self, line: str) -> None:
        """Show a recorded session or that of a report again, without a model: %cot_replay PATH; with
        --verify its experiments run afresh. %cot_replay TOKEN replays a schedule of the last cell."""
        with _one_line():
            self._offer(actions.replay_recording(self.state, line))

    def export(self, line: str) -> None:
        """Write the last session as a runnable notebook: %cot_export PATH [--template FILE] [--embed-data]"""
        with _one_line():
            print(actions.export_report(self.state, line))

    def resume(self, line: str) -> None:
        """Resume the last session after a fault or Ctrl-C: %cot_resume [options]."""
        with _one_line():
            self._offer(actions.resume_last(self.state, _parse(line, self.state.settings)))

    def answer(self, line: str, cell: str | None = None) -> None:
        """Answer the question of a lesson: %cot_answer TEXT, --hint or --show; %%cot_answer with a cell."""
        with _one_line():
            self._offer(actions.answer(self.state, line, cell))

    def certify(self, line: str) -> None:
        """Run the whole notebook with the last fix in a fresh, confined kernel: %cot_certify [NOTEBOOK]."""
        with _one_line():
            actions.certify_here(self.state, _parse(line, self.state.defaults))

    def _offer(self, session: "Session | None") -> None:
        if session is not None:
            actions.offer_to_insert(self.state, session)


def _parse(line: str, defaults: Settings) -> Settings:
    from cot_magic.options import parse  # light start: no line has been given yet

    return parse(line, defaults)


def _help(name: str) -> str:
    from cot_magic.ipython.help_text import help_of  # light start: shown on request only

    return help_of(name)


@contextmanager
def _one_line() -> Iterator[None]:
    """Turn our own errors into IPython's UsageError, which is printed as one line without a traceback.

    Its `__cause__` tells the hooks that this is not a failure of the person's code.
    """
    try:
        yield
    except CotError as error:
        raise UsageError(str(error)) from error


def _plain_function(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function that calls a bound method, since IPython sets attributes on magics."""

    def magic(*given: str) -> Any:
        return method(*given)

    magic.__doc__, magic.__name__ = method.__doc__, name
    return magic
