"""`cot-magic run` and `cot-magic demo`: a notebook up to the cell that fails, and what to do about it."""

import argparse
import json
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from cot_magic.cli.certify import asking, print_certificate
from cot_magic.cli.exit_codes import MEANING, NO_FAILURE, OF_THE_DEMO, UNVERIFIED, VERIFIED
from cot_magic.cli.outputs import add_report_options, writable, write_report
from cot_magic.core.challenges import damage_of
from cot_magic.core.errors import CotError, UsageError
from cot_magic.core.events import Stamped
from cot_magic.core.protocols import Reasoner
from cot_magic.core.session import Session
from cot_magic.options import OPTIONS, read_value
from cot_magic.settings import PRESETS, Settings


def add_parser(commands: Any) -> None:
    """Add both commands to `cot-magic`."""
    run = commands.add_parser(
        "run", help="run a notebook up to the cell that fails, and fix it", epilog=MEANING
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
    run.add_argument("--kernel", metavar="NAME", help="kernel to use instead of the notebook's own")
    run.add_argument("--quiet", action="store_true", help="print nothing but errors")
    for option in OPTIONS:
        if option.read is None:
            run.add_argument(option.name, action="store_true", help=option.help)
        else:
            run.add_argument(option.name, metavar=option.metavar, help=option.help)
    add_report_options(run)
    run.set_defaults(run=run_command)
    demo = commands.add_parser(
        "demo", help="debug a notebook that comes with the package", epilog=OF_THE_DEMO
    )
    demo.add_argument(
        "--folder", type=Path, default=Path(), help="where to write cot-demo.ipynb and the fixed notebook"
    )
    demo.set_defaults(run=demo_command)


def settings_of(given: argparse.Namespace) -> Settings:
    """Settings from parsed arguments. Raises UsageError for an invalid value."""
    values: dict[str, Any] = {"intensity": given.intensity}
    for option in OPTIONS:
        value = getattr(given, option.field)
        if option.read is not None and value is not None:
            values[option.field] = read_value(option, value)
        elif value:
            values[option.field] = True
    return replace(Settings(), **values)


def run_command(given: argparse.Namespace) -> int:
    """Run, show, write; the notebook itself is never written unless it is named as an output."""
    from cot_magic.actions.debug_notebook import debug_notebook
    from cot_magic.run.choose_reasoner import absolute, choose_reasoner
    from cot_magic.run.recording import fold

    settings = absolute(settings_of(given))
    if settings.teach:
        raise UsageError("--teach needs a person at the notebook: put it on the %%cot line there.")
    reasoner = choose_reasoner(settings)  # refuses an unknown one before a kernel is started
    if settings.preview:
        return preview(given, settings, reasoner)
    for path in (given.json, given.apply, given.record, given.report):
        writable(path)
    if given.template is not None:
        from cot_magic.notebook.report.template import read_template

        read_template(given.template)  # refuses an unreadable one before anything runs
    heard: list[Stamped] = []
    if given.record is not None:
        settings = replace(settings, save=str(given.record.resolve()))
    screen = None if given.quiet else terminal()

    def on_event(session: Session, stamped: Stamped) -> None:
        heard.append(stamped)
        if screen is not None:
            screen.update(session, stamped)

    def complain(error: CotError) -> None:
        print(f"cot-magic: {error}", file=sys.stderr)

    try:
        done = debug_notebook(
            given.notebook,
            settings,
            kernel=given.kernel,
            on_event=on_event,
            on_certifying=screen.update if screen is not None else lambda session, stamped: None,
            verbatim=given.apply is not None or settings.certify,
            ask=asking(quiet=given.quiet),
            complain=complain,
        )
    except KeyboardInterrupt:
        if screen is not None and heard:
            screen.close(fold(heard).stopped())
        raise
    run, heard = done.run, list(done.heard)
    if screen is not None:
        if run.failed is None:
            print(f"{given.notebook}: every cell passed.")
            print_certificate(run.session)
        else:
            screen.close(run.session)
    if given.report is not None and run.failed is None and not given.quiet:
        print(f"{given.report} was not written: nothing failed.")
    elif given.report is not None and run.failed is not None:
        from cot_magic.notebook.report.session import without_recording

        write_report(heard or without_recording(run.session), given, given.report, given.notebook.parent)
    return report(run, given, settings)


def preview(given: argparse.Namespace, settings: Settings, reasoner: Reasoner) -> int:
    """Print the first request to the model about the failing cell; nothing is sent."""
    from cot_magic.run.choose_reasoner import nothing_to_preview
    from cot_magic.run.notebook import run_notebook

    nothing_to_preview(reasoner)
    if any(path is not None for path in (given.json, given.apply, given.record, given.report)):
        raise UsageError("--preview only shows a request: there is nothing to write.")
    run = run_notebook(given.notebook, settings, kernel=given.kernel)
    print(run.preview or f"{given.notebook}: every cell passed, so nothing would be asked.")
    return NO_FAILURE if run.failed is None else UNVERIFIED


def report(run: Any, given: argparse.Namespace, settings: Settings) -> int:
    """Write what was asked for; return the exit code."""
    from cot_magic.notebook.files import FileInserter
    from cot_magic.render.summary import summary

    session: Session = run.session
    if given.json is not None:
        data = summary(session, notebook=str(given.notebook), intensity=settings.intensity)
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        given.json.write_text(text, encoding="utf-8", errors="backslashreplace")  # lone surrogates
    best = session.best_fix
    damage = damage_of(best.id, session.evidence) if best is not None and session.meant is None else ""
    applied = session.result in ("verified", "plausible") and not damage
    if given.apply is not None and applied:
        said = FileInserter(given.notebook, given.apply).apply(run.verbatim)
        if not given.quiet:
            print(said)
    elif given.apply is not None and not given.quiet:
        why = "nothing failed" if run.failed is None else damage or "no fix passed"
        print(f"{given.apply} was not written: {why}.")
    holds = session.certificate is not None and session.certificate.holds
    if run.failed is None:
        failed = session.certificate is not None and bool(session.certificate.failed)
        return UNVERIFIED if failed else NO_FAILURE
    return VERIFIED if session.result == "verified" and (holds or not settings.certify) else UNVERIFIED


def demo_command(given: argparse.Namespace) -> int:
    """Write the notebook, run it, and write the fixed one beside it."""
    given.folder.mkdir(parents=True, exist_ok=True)
    source = given.folder / "cot-demo.ipynb"
    writable(source)
    source.write_bytes(files("cot_magic").joinpath("demo/cot-demo.ipynb").read_bytes())
    print(f"{source}: a notebook whose last cell fails. Running it with %%cot+ …")
    fixed = given.folder / "cot-demo-fixed.ipynb"
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    code = run_command(parser.parse_args(["run", str(source), "--apply", str(fixed)]))
    print(f"To see it in JupyterLab, run %load_ext cot_magic in {source}, and put %%cot+ on its last cell.")
    return NO_FAILURE if code == VERIFIED else code


def terminal() -> Any:
    """The renderer for a terminal."""
    from cot_magic.plugins import load

    return load("renderers", "terminal")(magics=False)
