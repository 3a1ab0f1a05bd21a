"""`cot-magic certify` and `cot-magic run --certify`: a whole notebook in a fresh, confined kernel."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from cot_magic.cli.exit_codes import INTERRUPTED
from cot_magic.cli.outputs import writable
from cot_magic.core.events import Certifying
from cot_magic.core.session import Session
from cot_magic.options import OPTIONS, read_value
from cot_magic.settings import Settings

HOLDS, DOES_NOT_HOLD = 0, 4
_OPTIONS = ("allow", "certify_limit")


def add_parser(commands: Any) -> None:
    """Add the command to `cot-magic`."""
    parser = commands.add_parser(
        "certify",
        help="run a whole notebook in a fresh, confined kernel and say what passes",
        epilog="exit codes: 0 the certificate holds, 4 it does not, 130 after Ctrl-C, 2 usage error, "
        "1 internal error or nothing can be confined here",
    )
    parser.add_argument("notebook", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the certificate as JSON")
    for option in OPTIONS:
        if option.field in _OPTIONS:
            parser.add_argument(option.name, metavar=option.metavar, help=option.help)
    parser.add_argument("--kernel", metavar="NAME", help="kernel to use instead of the notebook's own")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(run=certify_command)


def certify_command(given: argparse.Namespace) -> int:
    """Run the notebook as it is; print and write the certificate. The notebook is only read."""
    from cot_magic.actions.certify import WholeNotebook, certificate_of
    from cot_magic.render.certificate import lines_of
    from cot_magic.render.summary import certificate_data
    from cot_magic.run.certify import drained
    from cot_magic.run.notebook import read_notebook

    writable(given.json)
    subject = WholeNotebook(notebook=read_notebook(given.notebook), path=given.notebook)
    run = certificate_of(subject, _settings(given), kernel=given.kernel, ask=asking(quiet=given.quiet))
    certificate = drained(run, _progress(quiet=given.quiet))
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if given.json is not None:
        data = {"notebook": str(given.notebook), "certificate": certificate_data(certificate)}
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        given.json.write_text(text, encoding="utf-8", errors="backslashreplace")
    if not given.quiet:
        print("\n".join(lines_of(certificate)))
    if certificate.interrupted:
        return INTERRUPTED
    return HOLDS if certificate.holds else DOES_NOT_HOLD


def print_certificate(session: Session) -> None:
    """Print the certificate of a notebook in which nothing failed, if there is one."""
    from cot_magic.render.certificate import lines_of

    if session.certificate is not None:
        print("\n".join(lines_of(session.certificate)))


def asking(*, quiet: bool) -> Any:
    """Asks the person about cells that took long; without a terminal the answer is no."""

    def ask(cell: Any) -> bool:
        if quiet or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return False
        answer = input(
            f"{cell.label} took {cell.seconds:.0f} s last time. Run it for the certificate? [y/N] "
        )
        return answer.strip().lower() in ("y", "yes")

    return ask


def _settings(given: argparse.Namespace) -> Settings:
    values = {
        option.field: read_value(option, getattr(given, option.field))
        for option in OPTIONS
        if option.field in _OPTIONS and getattr(given, option.field) is not None
    }
    return replace(Settings(), **values)


def _progress(*, quiet: bool) -> Any:
    """One line that says which cell runs, on a terminal."""
    shown = not quiet and sys.stderr.isatty()

    def tell(step: Certifying) -> None:
        if shown:
            print(
                f"\r\x1b[K{step.label} ({step.ran} of {step.total} ran)", end="", file=sys.stderr, flush=True
            )

    return tell
