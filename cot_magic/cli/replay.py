"""`cot-magic replay`: a recorded session on the screen, or its experiments run again."""

import argparse
import sys
from pathlib import Path
from typing import Any

SAME, DIFFERENT, STOPPED = 0, 4, 130


def add_parser(commands: Any) -> None:
    """Add the command to `cot-magic`."""
    parser = commands.add_parser(
        "replay",
        help="show a recorded session again, without a model",
        epilog="exit codes with --verify: 0 all ended as recorded, 4 not all, 130 after Ctrl-C, "
        "2 usage error, 1 internal error",
    )
    parser.add_argument("recording", type=Path, metavar="FILE", help="a .cot.jsonl file, or a report")
    parser.add_argument("--verify", action="store_true", help="run its experiments again and compare")
    parser.add_argument("--notebook", type=Path, metavar="NB", help="the notebook to verify it in")
    parser.add_argument("--kernel", metavar="NAME", help="kernel to verify it in")
    parser.set_defaults(run=replay_command)


def replay_command(given: argparse.Namespace) -> int:
    """Show the recorded session; nothing is run without `--verify`."""
    from cot_magic.notebook.report.session import events_of
    from cot_magic.run.recording import fold, read

    recorded = events_of(given.recording, read)
    if not given.verify:
        from cot_magic.plugins import load

        load("renderers", "terminal")(magics=False).close(fold(recorded))
        return SAME
    from cot_magic.actions.verify import VerificationStopped, table, verify

    try:
        verification = verify(recorded, given.notebook, given.kernel)
    except VerificationStopped as stopped:
        print(f"cot-magic: {stopped}", file=sys.stderr)
        return STOPPED
    print(table(verification))
    return SAME if verification.same else DIFFERENT
