"""All attempts, in the order in which they are made."""

from cot_magic.sandbox.attacks.attack import Attack
from cot_magic.sandbox.attacks.on_files import on_files
from cot_magic.sandbox.attacks.on_processes import on_processes, on_the_system
from cot_magic.sandbox.attacks.on_secrets import on_secrets
from cot_magic.sandbox.attacks.on_sharing import on_sharing
from cot_magic.sandbox.attacks.on_side_doors import on_side_doors
from cot_magic.sandbox.attacks.on_the_judge import on_resources, on_results


def catalogue() -> tuple[Attack, ...]:
    """Every attempt; their names are unique within a kind."""
    return (
        *on_files(), *on_secrets(), *on_processes(), *on_the_system(), *on_sharing(), *on_results(),
        *on_side_doors(),
        *on_resources(),
    )  # fmt: skip
