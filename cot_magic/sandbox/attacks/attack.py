"""One attempt to get out of a confined copy, and how it ended."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class AttackKind(StrEnum):
    """What an attempt is after."""

    FILES = "files"
    SECRETS = "secrets"
    PROCESSES = "processes and signals"
    SYSTEM = "namespaces and the system"
    NETWORK = "sockets"
    SHARED = "shared memory and descriptors"
    TERMINALS = "terminals, pipes and locks"
    RESOURCES = "exhaustion"
    RESULTS = "forged results"
    DISPLAY = "the display"


class AttackEnding(StrEnum):
    """HELD: no effect. LISTED: an effect that is documented. BROKEN: the attempt itself went wrong."""

    HELD = "held"
    LISTED = "listed"
    ESCAPED = "escaped"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """An attempt: code that runs as a job.

    It escapes if anything outside changes, if what it prints or evaluates to holds a planted secret, or if
    its last expression is True, which is its claim that it got something that no job may have.

    Attributes
    ----------
    then
        The step after it, which fails: a job that passes all the same, and is not told to have tampered, is
        an escape.
    seconds
        After which the job is stopped.
    listed
        Why it is known to get out, and how severe that is; empty if it must not.
    needs
        A file of the system without which there is nothing to try.
    alone
        Never to be tried without a confinement, as it would harm the machine.
    """

    name: str
    kind: AttackKind
    source: str
    then: str = ""
    seconds: float = 5.0
    listed: str = ""
    needs: str = ""
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackResult:
    """How an attempt ended, and what shows it."""

    name: str
    kind: AttackKind
    ending: AttackEnding
    shown: str = ""


NEEDED = re.compile(r"(?<=open\(')/(?:proc|dev|etc|sys)/(?!self)[\w/.-]+(?=')")


def attacks(kind: AttackKind, sources: Mapping[str, str], *, alone: bool = False) -> Iterator[Attack]:
    """Attempts of one kind, from names and sources; they need the file of the system that they open."""
    for name, source in sources.items():
        found = NEEDED.search(source)
        yield Attack(name=name, kind=kind, source=source, alone=alone, needs=found[0] if found else "")
