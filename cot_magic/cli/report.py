"""`cot-magic report`: a recorded session as a notebook that runs."""

import argparse
from pathlib import Path
from typing import Any

from cot_magic.cli.outputs import add_report_options, writable, write_report


def add_parser(commands: Any) -> None:
    """Add the command to `cot-magic`."""
    parser = commands.add_parser("report", help="write a recorded session as a notebook that runs")
    parser.add_argument("recording", type=Path, metavar="SESSION", help="a .cot.jsonl file, or a report")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="RCA", help="notebook to write (.ipynb)"
    )
    add_report_options(parser)
    parser.set_defaults(run=report_command)


def report_command(given: argparse.Namespace) -> int:
    """Write the report; nothing is run."""
    from cot_magic.notebook.report.session import events_of
    from cot_magic.run.recording import read

    writable(given.output)
    write_report(events_of(given.recording, read), given, given.output, given.recording.parent)
    return 0
