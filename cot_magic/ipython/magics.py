"""The magics: an input transformer, two hooks and the line magics. They parse and delegate."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cot_magic.core.errors import CotError
from cot_magic.ipython.attachment import Attachment
from cot_magic.ipython.help_text import help_of
from cot_magic.settings import PRESETS, Settings, configure, described, parse

if TYPE_CHECKING:
    from cot_magic.core.session import Session

MAGICS = tuple(PRESETS)
FIRST_LINE = re.compile(r"%%(cot\+{0,2})(\?{0,2})(?:[ \t]+(.*))?\s*")
ASKED = re.compile(r"(%%?)(cot\+{1,2})(\?{1,2})\s*")
LINE_MAGIC = re.compile(r"%cot(\+{1,2}|_\w+)?(\s|\?|$)")


class Magics:
    """The magics of one shell, over its Attachment."""

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment
        self.shell = attachment.shell
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
        }

    def register(self) -> None:
        from IPython.core.magic import no_var_expand

        self.shell.input_transformers_cleanup.insert(0, self.transform)
        self.shell.events.register("pre_run_cell", self.before)
        self.shell.events.register("post_run_cell", self.after)
        for name in MAGICS:
            self.shell.register_magic_function(no_var_expand(self._cell_magic(name)), "line_cell", name)
        for name, function in self.line_magics.items():
            kind = "line_cell" if name == "cot_answer" else "line"
            self.shell.register_magic_function(no_var_expand(_plain_function(function, name)), kind, name)
        self.attachment.bridge.open()

    def unregister(self) -> None:
        self.shell.input_transformers_cleanup.remove(self.transform)
        self.shell.events.unregister("pre_run_cell", self.before)
        self.shell.events.unregister("post_run_cell", self.after)
        for name in (*MAGICS, *self.line_magics):
            self.shell.magics_manager.magics["line"].pop(name, None)
            self.shell.magics_manager.magics["cell"].pop(name, None)
        self.attachment.bridge.close()
        self.attachment.end_lesson()
        self.attachment.release()

    def transform(self, lines: list[str]) -> list[str]:
        """Make the `%%cot…` line a comment, so that IPython runs the body as the cell, with its own lines
        and numbers."""
        start = next((place for place, line in enumerate(lines) if line.strip()), None)
        if start is None:
            return lines
        first = lines[start]
        if asked := ASKED.fullmatch(first):
            return [f"?{asked[1]}{asked[2]}\n"]
        match = FIRST_LINE.fullmatch(first)
        if match is None or self._settings(match) is None:
            return lines  # not ours, or refused: the magic itself says why, and nothing of the cell runs
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
            return parse(match[3] or "", replace(self.attachment.defaults, intensity=match[1]))
        except CotError:
            return None

    def before(self, info: Any) -> None:
        raw = (info.raw_cell or "").lstrip()
        match = FIRST_LINE.fullmatch(raw.partition("\n")[0])
        has_body = bool(raw.partition("\n")[2].strip())
        settings = self._settings(match) if match is not None and has_body else None
        if (
            settings is None
            and self.attachment.auto
            and match is None
            and not raw.startswith(("%cot", "%%cot"))
        ):
            settings = self.attachment.defaults
        keep = bool(LINE_MAGIC.match(raw)) or (match is not None and not has_body)
        self.attachment.before(info, settings, keep=keep)

    def after(self, result: Any) -> None:
        try:
            self._offer(self.attachment.after(result))
        except CotError as error:
            print(f"cot-magic: {error}")
        except KeyboardInterrupt:
            print("cot-magic: interrupted.")

    def _cell_magic(self, name: str) -> Callable[..., None]:
        def magic(line: str, cell: str | None = None) -> None:
            settings = self._parsed(line, name)
            if cell is not None:
                # only reached where another tool calls the magic itself: run the body as the shell would
                self.shell.run_cell(f"%%{name} {line}\n{cell}")
                return
            with _one_line():
                self._offer(self.attachment.post_mortem(settings))

        magic.__doc__ = help_of(name)
        return magic

    def _parsed(self, line: str, name: str) -> Settings:
        with _one_line():
            return parse(line, replace(self.attachment.defaults, intensity=name))

    def insert(self, line: str) -> None:
        """Insert cells of the last session below: %cot_insert [fix|tests|all]."""
        what = line.strip() or "all"
        with _one_line():
            if what not in ("fix", "tests", "all"):
                raise CotError(f"%cot_insert {what}: expected fix, tests or all. Nothing was inserted.")
            print(self.attachment.insert(what))

    def undo(self, line: str) -> None:
        """Take back the last insertion: %cot_undo."""
        print(self.attachment.undo())

    def config(self, line: str) -> None:
        """Show the defaults, or change them: %cot_config insert=all timeout=20."""
        with _one_line():
            self.attachment.defaults = configure(self.attachment.defaults, line)
        print(described(self.attachment.defaults))

    def last(self, line: str) -> None:
        """Show the last session again: %cot_last. The Session itself is cot_magic.last."""
        from cot_magic.actions.insert import show_last

        show_last(self.attachment)

    def auto(self, line: str) -> None:
        """Investigate every cell that fails, without %%cot: %cot_auto on|off."""
        with _one_line():
            if line.strip() not in ("on", "off"):
                raise CotError("%cot_auto takes on or off.")
        self.attachment.auto = line.strip() == "on"
        print(
            f"Every failing cell is {'investigated' if self.attachment.auto else 'left alone'} from now on."
        )

    def replay(self, line: str) -> None:
        """Show a recorded session or that of a report again, without a model: %cot_replay PATH; with
        --verify its experiments run afresh. %cot_replay TOKEN replays a schedule of the last cell."""
        from cot_magic.actions.replay import step

        with _one_line():
            self._offer(step(self.attachment, line))

    def export(self, line: str) -> None:
        """The last session as a notebook that runs: %cot_export PATH [--template FILE] [--embed-data]."""
        with _one_line():
            print(self.attachment.export(line))

    def resume(self, line: str) -> None:
        """Go on with the last session after a fault or Ctrl-C: %cot_resume [options]."""
        with _one_line():
            self._offer(self.attachment.resume(parse(line, self.attachment.settings)))

    def answer(self, line: str, cell: str | None = None) -> None:
        """Answer the question of a lesson: %cot_answer TEXT, --hint or --show; %%cot_answer with a cell."""
        from cot_magic.actions.teach import step

        with _one_line():
            self._offer(step(self.attachment, line, cell))

    def _offer(self, session: "Session | None") -> None:
        """Insert what the settings say, or offer buttons in an output of their own."""
        insert = self.attachment.settings.insert
        if (
            session is None
            or session.best_fix is None
            or insert == "none"
            or self.attachment.renderer == "silent"
        ):
            return
        if insert != "ask":
            print(self.attachment.insert(insert))
        elif self.attachment.has_row:
            return
        elif self.attachment.front_end == "terminal":
            print("%cot_insert fix|tests|all puts them at your prompt; %cot_undo takes that back.")
        else:
            from cot_magic.notebook.insert.offer import offer
            from cot_magic.render.buttons import show_buttons
            from cot_magic.run.run_session import shown

            show_buttons(
                self.attachment.insert,
                self.attachment.undo,
                has_tests=bool(session.tests_of(session.best_fix.id)),
                widgets=self.attachment.front_end != "colab",
                offer=offer(shown() or session) if self.attachment.draws_offers else None,
            )


@contextmanager
def _one_line() -> Iterator[None]:
    """Turns our own errors into IPython's UsageError, which is printed as one line without a traceback.

    The cause tells the Attachment that this is no failure of the person's code.
    """
    from IPython.core.error import UsageError

    try:
        yield
    except CotError as error:
        raise UsageError(str(error)) from error


def _plain_function(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function for a bound method, since IPython marks magics by setting attributes on them."""

    def magic(*given: str) -> Any:
        return method(*given)

    magic.__doc__, magic.__name__ = method.__doc__, name
    return magic
