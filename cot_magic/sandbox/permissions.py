"""What the user allows generated code to do despite the confinement."""

from collections.abc import Sequence
from dataclasses import dataclass

from cot_magic.core.errors import SandboxError


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """`net`, `proc`, directory trees that may be written; `unconfined` where nothing can be confined."""

    net: bool = False
    proc: bool = False
    unconfined: bool = False
    writable: tuple[str, ...] = ()

    @classmethod
    def parse(cls, allow: Sequence[str]) -> "Permissions":
        """From `net`, `proc`, `write=PATH`, `unconfined`. Raises SandboxError for anything else."""
        writable = []
        for item in allow:
            if item.startswith("write=") and len(item) > len("write="):
                writable.append(item.removeprefix("write="))
            elif item not in ("net", "proc", "unconfined"):
                raise SandboxError(
                    f"cannot allow {item!r}: choose from net, proc, write=PATH, unconfined. Nothing was run."
                )
        return cls(
            net="net" in allow,
            proc="proc" in allow,
            unconfined="unconfined" in allow,
            writable=tuple(writable),
        )
