"""Attempts to get out of a confined copy, how they ended, and how many of each there are."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cot_magic.core.errors import SandboxError


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """The attempts of one user."""

    user: str
    results: tuple[AttackResult, ...]


NEEDED = re.compile(r"(?<=open\(')/(?:proc|dev|etc|sys)/(?!self)[\w/.-]+(?=')")


def attacks(kind: AttackKind, sources: Mapping[str, str], *, alone: bool = False) -> Iterator[Attack]:
    """Attempts of one kind, from names and sources; they need the file of the system that they open."""
    for name, source in sources.items():
        found = NEEDED.search(source)
        yield Attack(name=name, kind=kind, source=source, alone=alone, needs=found[0] if found else "")


def counted(attacked: Sequence[Attacked]) -> Counter[AttackEnding]:
    """How many attempts ended in which way."""
    return Counter(result.ending for part in attacked for result in part.results)


def is_held(attacked: Sequence[Attacked]) -> bool:
    """Whether every attempt was made, and none got out that is not listed."""
    found = counted(attacked)
    return not found[AttackEnding.ESCAPED] and not found[AttackEnding.BROKEN]


def figures(attacked: Sequence[Attacked]) -> str:
    """One line: how many attempts were held, are listed, escaped."""
    found = counted(attacked)
    users = " and ".join(part.user for part in attacked)
    line = f"{found.total()} attempts as {users}: {found[AttackEnding.HELD]} held"
    line += f", {found[AttackEnding.LISTED]} listed, {found[AttackEnding.ESCAPED]} escaped"
    broken = found[AttackEnding.BROKEN]
    return f"{line}, {broken} could not be made" if broken else line


def read_results(lines: str, errors: str) -> Iterator[AttackResult]:
    """The results that a stage wrote as lines of JSON. Raises SandboxError if it could not be played."""
    for line in lines.splitlines():
        said = json.loads(line)
        if "trouble" in said:
            raise SandboxError(f"the attempts could not be made: {said['trouble']}")
        kind, ending = AttackKind(said["kind"]), AttackEnding(said["ending"])
        yield AttackResult(name=said["name"], kind=kind, ending=ending, shown=said["shown"])
    if not lines:
        raise SandboxError(f"the attempts could not be made: {errors[-500:]}")
