"""`cot-magic mcp`: the tools for agents on standard input and output."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from cot_magic.core.errors import UsageError
from cot_magic.options import OPTIONS, read_value
from cot_magic.plugins import load
from cot_magic.settings import Settings

_OPTIONS = ("reasoner", "model", "max_cost", "allow", "certify_limit")


def add_parser(commands: Any) -> None:
    """Add the command to `cot-magic`."""
    parser = commands.add_parser(
        "mcp",
        help="serve four tools to agents (Model Context Protocol, standard input and output)",
        epilog="needs cot-magic[mcp]; exit codes: 0 the client went away, 2 usage error, 1 internal error",
    )
    parser.add_argument(
        "--root", type=Path, default=Path(), metavar="FOLDER", help="notebooks outside of it are refused"
    )
    parser.add_argument("--limit", type=float, metavar="S", help="seconds of one call (900)")
    parser.add_argument("--calls", type=int, metavar="N", help="calls that run at the same time")
    for option in OPTIONS:
        if option.field in _OPTIONS:
            parser.add_argument(option.name, metavar=option.metavar, help=option.help)
    parser.set_defaults(run=mcp_command)


def mcp_command(given: argparse.Namespace) -> int:
    """Serve until the client goes away."""
    if not given.root.is_dir():
        raise UsageError(f"--root {given.root}: no such folder.")
    if given.limit is not None and not given.limit > 0:
        raise UsageError(f"--limit {given.limit:g}: give seconds, more than 0.")
    if given.calls is not None and given.calls < 1:
        raise UsageError(f"--calls {given.calls}: at least 1 call has to run.")
    values = {
        option.field: read_value(option, getattr(given, option.field))
        for option in OPTIONS
        if option.field in _OPTIONS and getattr(given, option.field) is not None
    }
    settings = replace(Settings(), **values)
    load("agents", "mcp")(given.root.resolve(), settings, limit=given.limit, places=given.calls)
    return 0
