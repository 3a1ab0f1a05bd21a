"""`cot-magic skill`: writes what tells an agent when and how to use cot-magic."""

import argparse
from pathlib import Path
from typing import Any

from cot_magic.plugins import load


def add_parser(commands: Any) -> None:
    """Add the command to `cot-magic`."""
    parser = commands.add_parser(
        "skill",
        help="write SKILL.md for agents, and print the lines for AGENTS.md or CLAUDE.md",
        epilog="exit codes: 0 done, 2 usage error",
    )
    parser.add_argument(
        "path",
        type=Path,
        nargs="?",
        metavar="FILE",
        help="where to write it (.claude/skills/cot-magic/SKILL.md)",
    )
    parser.add_argument("--print", action="store_true", help="print SKILL.md and write nothing")
    parser.set_defaults(run=skill_command)


def skill_command(given: argparse.Namespace) -> int:
    """Write the skill, print the lines."""
    skill = load("agents", "skill")()
    if given.print:
        print(skill.text, end="")
        return 0
    print(skill.write(given.path))
    print(f"\nFor AGENTS.md or CLAUDE.md:\n\n{skill.lines}", end="")
    return 0
