"""The command line: cot-magic run | demo | replay | doctor. It parses and delegates."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from cot_magic import __version__
from cot_magic.cli import (
    assignment as assignment_cli,
)
from cot_magic.cli import (
    explore as explore_cli,
)
from cot_magic.cli import (
    replay as replay_cli,
)
from cot_magic.cli import (
    report as report_cli,
)
from cot_magic.cli.report import export, writable
from cot_magic.core.errors import CotError, NotebookError, UsageError
from cot_magic.core.events import Stamped
from cot_magic.core.protocols import Reasoner
from cot_magic.core.session import Session
from cot_magic.settings import OPTIONS, PRESETS, Settings, read_value

NO_FAILURE, OUR_ERROR, USAGE, VERIFIED, UNVERIFIED = 0, 1, 2, 3, 4
EXIT_CODES = "exit codes: 0 nothing failed, 3 a verified fix, 4 failed and none, 2 usage, 1 our own error"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; every error of ours is one line on standard error."""
    parser = build_parser()
    given = parser.parse_args(arguments)
    try:
        code: int = given.run(given)
    except UsageError as error:
        print(f"cot-magic: {error}", file=sys.stderr)
        return USAGE
    except CotError as error:
        print(f"cot-magic: {error}", file=sys.stderr)
        return USAGE if isinstance(error, NotebookError) else OUR_ERROR
    except KeyboardInterrupt:
        print("cot-magic: interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # else the interpreter complains at exit
        return OUR_ERROR
    return code


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = argparse.ArgumentParser(
        prog="cot-magic",
        description="Find out why a notebook's cell fails; every ✓ was executed.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"cot-magic {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    run = commands.add_parser(
        "run", help="run a notebook up to the cell that fails, and fix it", epilog=EXIT_CODES
    )
    run.add_argument("notebook", type=Path, metavar="NOTEBOOK")
    run.add_argument("--json", type=Path, metavar="SUMMARY", help="write a summary of the session")
    run.add_argument(
        "--apply", type=Path, metavar="FIXED", help="write a notebook with the fix applied and tests added"
    )
    run.add_argument("--record", type=Path, metavar="FILE", help="write the session (.cot.jsonl)")
    run.add_argument(
        "--report", type=Path, metavar="RCA", help="write a report of the failure that runs (.ipynb)"
    )
    run.add_argument(
        "--intensity", choices=tuple(PRESETS), default="cot+", help="cot, cot+ (default) or cot++"
    )
    run.add_argument("--kernel", metavar="NAME", help="kernel to run it in, instead of the notebook's own")
    run.add_argument("--quiet", action="store_true", help="print nothing but errors")
    for option in OPTIONS:
        if option.read is None:
            run.add_argument(option.name, action="store_true", help=option.help)
        else:
            run.add_argument(option.name, metavar=option.metavar, help=option.help)
    run.set_defaults(run=run_command)
    demo = commands.add_parser(
        "demo", help="the main job on a notebook inside the package", epilog=EXIT_CODES
    )
    demo.add_argument(
        "--folder", type=Path, default=Path(), help="where to write cot-demo.ipynb and the fixed one"
    )
    demo.set_defaults(run=demo_command)
    report_cli.add_options(run)
    report_cli.add_parser(commands)
    replay_cli.add_parser(commands)
    explore_cli.add_parser(commands)
    assignment_cli.add_parser(commands)
    doctor = commands.add_parser("doctor", help="what works on this machine, and what to do about the rest")
    doctor.set_defaults(run=doctor_command)
    return parser


def settings_of(given: argparse.Namespace) -> Settings:
    """Settings from parsed arguments. Raises UsageError for a value that does not fit."""
    values: dict[str, Any] = {"intensity": given.intensity}
    for option in OPTIONS:
        value = getattr(given, option.field)
        if option.read is not None and value is not None:
            values[option.field] = read_value(option, value)
        elif value:
            values[option.field] = True
    return replace(Settings(), **values)


def run_command(given: argparse.Namespace) -> int:
    """`cot-magic run`: never writes to the notebook unless it is named as output."""
    from cot_magic.run.choose_reasoner import absolute, choose_reasoner
    from cot_magic.run.notebook import run_notebook
    from cot_magic.run.recording import fold

    settings = absolute(settings_of(given))
    if settings.teach:
        raise UsageError("--teach needs a person at the notebook: put it on the line of %%cot there.")
    reasoner = choose_reasoner(settings)  # an unknown one is said before a kernel is started
    if settings.preview:
        return preview(given, settings, reasoner)
    for path in (given.json, given.apply, given.record, given.report):
        writable(path)
    if given.template is not None:
        from cot_magic.notebook.report.template import read_template

        read_template(given.template)  # one that cannot be read is said before anything runs
    heard: list[Stamped] = []
    if given.record is not None:
        settings = replace(settings, save=str(given.record.resolve()))
    screen = None if given.quiet else terminal()

    def on_event(session: Session, stamped: Stamped) -> None:
        heard.append(stamped)
        if screen is not None:
            screen.update(session, stamped)

    try:
        run = run_notebook(
            given.notebook, settings, kernel=given.kernel, on_event=on_event, verbatim=given.apply is not None
        )
    except KeyboardInterrupt:
        if screen is not None and heard:
            screen.close(fold(heard).stopped())
        raise
    if screen is not None:
        if run.failed is None:
            print(f"{given.notebook}: every cell passed.")
        else:
            screen.close(run.session)
    if given.report is not None and run.failed is None and not given.quiet:
        print(f"{given.report} was not written: nothing failed.")
    elif given.report is not None and run.failed is not None:
        from cot_magic.notebook.report.session import without_recording

        export(heard or without_recording(run.session), given, given.report, given.notebook.parent)
    return report(run, given, settings)


def preview(given: argparse.Namespace, settings: Settings, reasoner: Reasoner) -> int:
    """`cot-magic run --preview`: the first request to the model about the failing cell; nothing is sent."""
    from cot_magic.run.choose_reasoner import nothing_to_preview
    from cot_magic.run.notebook import run_notebook

    nothing_to_preview(reasoner)
    if any(path is not None for path in (given.json, given.apply, given.record, given.report)):
        raise UsageError("--preview shows a request and finds nothing out: there is nothing to write.")
    run = run_notebook(given.notebook, settings, kernel=given.kernel)
    print(run.preview or f"{given.notebook}: every cell passed, so nothing would be asked.")
    return NO_FAILURE if run.failed is None else UNVERIFIED


def report(run: Any, given: argparse.Namespace, settings: Settings) -> int:
    """Write what was asked for, and tell the exit code."""
    from cot_magic.notebook.insert.inserters import FileInserter
    from cot_magic.render.summary import summary

    session: Session = run.session
    if given.json is not None:
        data = summary(session, notebook=str(given.notebook), intensity=settings.intensity)
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        given.json.write_text(text, encoding="utf-8", errors="backslashreplace")  # halves of characters
    applied = session.result in ("verified", "plausible")
    if given.apply is not None and applied:
        said = FileInserter(given.notebook, given.apply).apply(run.verbatim)
        if not given.quiet:
            print(said)
    elif given.apply is not None and not given.quiet:
        why = "nothing failed" if run.failed is None else "no fix passed"
        print(f"{given.apply} was not written: {why}.")
    if run.failed is None:
        return NO_FAILURE
    return VERIFIED if session.result == "verified" else UNVERIFIED


def demo_command(given: argparse.Namespace) -> int:
    """`cot-magic demo`: writes the notebook, runs it, and writes the fixed one beside it."""
    source = given.folder / "cot-demo.ipynb"
    writable(source)
    source.write_bytes(files("cot_magic").joinpath("demo/cot-demo.ipynb").read_bytes())
    print(f"{source}: a notebook whose last cell fails. Running it with %%cot+ …")
    fixed = given.folder / "cot-demo-fixed.ipynb"
    code = main(["run", str(source), "--apply", str(fixed)])
    return NO_FAILURE if code == VERIFIED else code


def doctor_command(given: argparse.Namespace) -> int:
    """`cot-magic doctor`: one line per thing that may be missing."""
    from cot_magic.cli.doctor import examine

    findings = examine()
    for finding in findings:
        print(f"{'ok  ' if finding.good else 'miss'}  {finding.what}: {finding.detail}")
    return NO_FAILURE if all(finding.good or finding.optional for finding in findings) else OUR_ERROR


def terminal() -> Any:
    """The renderer for a terminal."""
    from cot_magic.plugins import load

    return load("renderers", "terminal")(magics=False)


if __name__ == "__main__":
    sys.exit(main())
