"""`cot-magic doctor`: what works on this machine; each part is tried rather than assumed."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from cot_magic.cli.exit_codes import NO_FAILURE, OUR_ERROR
from cot_magic.core.errors import UsageError


def add_parser(commands: Any) -> None:
    """Add the command to `cot-magic`."""
    parser = commands.add_parser("doctor", help="check what works on this machine, and how to fix the rest")
    parser.add_argument(
        "--attack",
        action="store_true",
        help="try to get out of the confinement in hundreds of ways, and count",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.set_defaults(run=doctor_command)


def doctor_command(given: argparse.Namespace) -> int:
    """Print a line for each part, or for each attempt that was not held."""
    if given.attack:
        if given.json:
            raise UsageError("--json is for the parts of this machine: leave it out with --attack.")
        return attack()
    from cot_magic.actions.checkup import checkup

    found = checkup()
    good = all(item.good or item.optional for item in found)
    if given.json:
        print(json.dumps({"format": 1, "good": good, "parts": [asdict(item) for item in found]}, indent=1))
    else:
        for item in found:
            remedy = f" -> {item.remedy}" if item.remedy else ""
            print(f"{'ok  ' if item.good else 'miss'}  {item.what}: {item.detail}{remedy}")
    return NO_FAILURE if good else OUR_ERROR


def attack() -> int:
    """Make the attempts, as root also as an ordinary user, and end with one line of figures.

    Nothing outside a throw-away folder is touched, unless the confinement fails.
    """
    from cot_magic.sandbox.attacks.attack import AttackEnding, figures, is_held
    from cot_magic.sandbox.machine import probe
    from cot_magic.sandbox.new_process import means_for
    from cot_magic.sandbox.permissions import Permissions

    status = probe()
    if status.available:
        from cot_magic.sandbox.attacks import suite

        by, attacked = status.reason, suite.attack_all()
    elif isinstance(means := means_for(Permissions()), str):
        print(f"nothing was tried, as nothing would run here: {status.reason}; {means}")
        return OUR_ERROR
    else:
        from cot_magic.sandbox.attacks.elsewhere import attack_elsewhere

        by, attacked = f"new processes by {means.name}", (attack_elsewhere(),)
    for part in attacked:
        for result in part.results:
            if result.ending is not AttackEnding.HELD:
                print(f"{result.ending}  {result.kind}: {result.name}, as {part.user}: {result.shown}")
    print(f"{by}; {figures(attacked)}")
    return NO_FAILURE if is_held(attacked) else OUR_ERROR
