"""The command line: parses and delegates."""

import argparse
import os
import sys
from collections.abc import Sequence

from cot_magic import __version__
from cot_magic.cli import assignment, certify, doctor, explore, mcp, notebook, replay, report, skill, sweep
from cot_magic.cli.exit_codes import INTERRUPTED, MEANING, OUR_ERROR, USAGE
from cot_magic.core.errors import CotError, NotebookError, UsageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; each error of ours is one line on standard error."""
    given = build_parser().parse_args(arguments)
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
        return INTERRUPTED
    except BrokenPipeError:
        # otherwise the interpreter complains at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OUR_ERROR
    return code


def build_parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    parser = argparse.ArgumentParser(
        prog="cot-magic",
        description="Find out why a cell of a notebook fails; every ✓ was executed.",
        epilog=MEANING,
    )
    parser.add_argument("--version", action="version", version=f"cot-magic {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (notebook, sweep, certify, report, replay, explore, assignment, mcp, skill, doctor):
        command.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
