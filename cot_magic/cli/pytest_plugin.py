"""`pytest --cot`: below a failing test, a fix that was run. Without the option nothing is loaded or done.

pytest loads this module in every run of an environment that has cot-magic, so it imports next to nothing.
"""

import sys
from collections.abc import Generator
from typing import Any

import pytest

TITLE = "cot-magic"
MOST = 10
SECONDS = 120.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("cot-magic")
    group.addoption(
        "--cot", action="store_true", help="debug each failing test in copies, and print the fix below it"
    )
    group.addoption(
        "--no-cot",
        action="store_false",
        dest="cot",
        help="do not, also where the project's options say --cot",
    )
    group.addoption(
        "--cot-options",
        metavar="OPTIONS",
        default="",
        help='options as on a %%%%cot+ line, such as "--reasoner offline"',
    )
    group.addoption(
        "--cot-most", metavar="N", type=int, default=MOST, help=f"debug at most N failures ({MOST})"
    )
    group.addoption(
        "--cot-time",
        metavar="S",
        type=float,
        default=SECONDS,
        help=f"seconds for each failure ({SECONDS:.0f})",
    )


def pytest_configure(config: pytest.Config) -> None:
    """With `--cot`, listen to failures."""
    if config.getoption("cot"):
        config.pluginmanager.register(FailingTests(config), "cot-magic-failures")


class FailingTests:
    """Debugs the failures of one run of pytest, one after another."""

    def __init__(self, config: pytest.Config) -> None:
        from cot_magic.actions.failing_test.debug import why_not_here
        from cot_magic.core.errors import CotError
        from cot_magic.options import parse
        from cot_magic.run.choose_reasoner import absolute, choose_reasoner
        from cot_magic.settings import Settings

        try:
            self._settings = absolute(parse(config.getoption("cot_options"), Settings(intensity="cot+")))
            choose_reasoner(self._settings)
        except CotError as error:
            raise pytest.UsageError(f"--cot-options: {error}") from None
        self._most, self._seconds = config.getoption("cot_most"), config.getoption("cot_time")
        self._why_not = why_not_here()
        self._failures = 0
        self._notebooks: set[str] = set()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say why no failure was debugged."""
        if self._why_not and terminalreporter.stats.get("failed"):
            terminalreporter.write_line(
                f"{TITLE}: no failure is debugged here: {self._why_not}. `cot-magic doctor` says what to do."
            )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add a section to the report of a failure."""
        report = yield
        if report.when == "call" and report.failed and call.excinfo is not None and not self._why_not:
            lines = self._lines(item, call.excinfo.value)
            if lines:
                report.sections.append((TITLE, "\n".join(lines)))
        return report

    def _lines(self, item: pytest.Item, error: BaseException) -> list[str]:
        from cot_magic.core.errors import CotError
        from cot_magic.render.failing_test import failing_test

        if self._failures >= self._most:
            return [f"not debugged: {self._most} failures were (--cot-most)"]
        try:
            found = self._debugged(item, error)
        except CotError as why:
            return failing_test(result="", note=f"not debugged: {why}")
        except KeyboardInterrupt:
            item.session.shouldstop = "interrupted while a failure was debugged"
            return failing_test(result="", note="interrupted: this failure was not debugged to its end.")
        if found is None:
            return []
        tried = found.confirmed
        return failing_test(
            result=found.result,
            claim=found.claim,
            diff=found.diff,
            note=found.note,
            question=found.question,
            unconfirmed=tried.why_not if tried is not None else "",
            others=tried.others if tried is not None else None,
            broken=tried.broken if tried is not None else (),
        )

    def _debugged(self, item: pytest.Item, error: BaseException) -> Any:
        """What was found out; None for cells after the first that failed."""
        from cot_magic.actions.failing_test import debug

        if isinstance(item, pytest.Function):
            from cot_magic.actions.failing_test.live import failing_test

            self._failures += 1
            test = failing_test(item, error)
            return debug.debug_test(test, self._settings, seconds=self._seconds)
        index = _cell_of_nbval(item)
        if index is None:
            kind = type(item).__name__
            note = f"not debugged: it is a {kind}; only test functions and cells that nbval runs are."
            return debug.DebuggedTest(note=note)
        if str(item.path) in self._notebooks:
            return None
        self._notebooks.add(str(item.path))
        self._failures += 1
        return debug.debug_cell(item.path, index, self._settings, seconds=self._seconds)


def _cell_of_nbval(item: Any) -> int | None:
    """The index among all cells of the cell that an item of nbval runs; None for other items."""
    nbval = sys.modules.get("nbval.plugin")
    if nbval is None or not isinstance(item, nbval.IPyNbCell):
        return None
    code = [place for place, cell in enumerate(item.parent.nb.cells) if cell.cell_type == "code"]
    return code[item.cell_num] if item.cell_num < len(code) else None
