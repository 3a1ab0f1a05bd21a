"""What may differ between two runs of the same code, and what many runs under such conditions showed."""

import random
from dataclasses import dataclass, replace
from enum import StrEnum

from cot_magic.core.rates import failure_rate

YEAR_S = 365 * 86_400.0
ZONES = ("UTC0", "PST8PDT", "JST-9", "<+0530>-5:30", "CET-1CEST", "<+14>-14", "<-12>12", "EST5EDT")
"""Time zones in the form of POSIX, which needs no time zone database."""


MODULES = ("random", "numpy.random")
"""Modules with a generator of their own."""


class Axis(StrEnum):
    """One thing that can decide whether a run fails. The orders of tasks and threads are searched apart."""

    RANDOM = "random"  # what the module `random` draws
    NUMPY = "numpy"  # what NumPy's generators draw
    ENTROPY = "entropy"  # os.urandom, uuid, secrets
    CLOCK = "clock"
    ZONE = "zone"
    FILES = "files"  # the order in which a folder lists its files
    HASH = "hash"  # PYTHONHASHSEED: the order of sets of strings
    SCHEDULE = "schedule"

    @property
    def named(self) -> str:
        """What it is, for the middle of a sentence."""
        return {
            Axis.RANDOM: "what `random` draws",
            Axis.NUMPY: "what NumPy's random generators draw",
            Axis.ENTROPY: "the random bytes of the system (`os.urandom`, `uuid`, `secrets`)",
            Axis.CLOCK: "the clock",
            Axis.ZONE: "the time zone",
            Axis.FILES: "the order in which folders list their files",
            Axis.HASH: "the hash seed of the process (the order of sets of strings)",
            Axis.SCHEDULE: "the order of its tasks or threads",
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under what a job runs; None leaves a thing as it is in the copy.

    Attributes
    ----------
    random, numpy, entropy
        Seeds of `random`, of NumPy's generators, and of the system's random bytes.
    hash
        PYTHONHASHSEED. It is fixed when a process starts, so the job runs in a new process.
    clock, still
        The moment that the clock shows at the start, in seconds since 1970; a still clock advances by one
        microsecond each time it is read, so that the run can be repeated exactly.
    zone
        The time zone, as the environment variable TZ.
    files
        The order in which folders list their files: 0 sorted, 1 reversed, others shuffled with that seed.
    unseeded
        Which generators are seeded: those of the modules `random` and `numpy.random`, and global names. What
        the notebook seeded itself is left alone. Generators that are made without a seed later always are.
    path
        `sys.path` in a new process.
    """

    random: int | None = None
    numpy: int | None = None
    entropy: int | None = None
    hash: int | None = None
    clock: float | None = None
    still: bool = False
    zone: str | None = None
    files: int | None = None
    unseeded: tuple[str, ...] = MODULES
    path: tuple[str, ...] = ()

    def take(self, axis: Axis, other: "Conditions") -> "Conditions":
        """The same conditions with one axis from another run."""
        match axis:
            case Axis.RANDOM:
                return replace(self, random=other.random)
            case Axis.NUMPY:
                return replace(self, numpy=other.numpy)
            case Axis.ENTROPY:
                return replace(self, entropy=other.entropy)
            case Axis.HASH:
                return replace(self, hash=other.hash)
            case Axis.CLOCK:
                return replace(self, clock=other.clock, still=other.still)
            case Axis.ZONE:
                return replace(self, zone=other.zone)
            case Axis.FILES:
                return replace(self, files=other.files)
            case Axis.SCHEDULE:
                return self  # the explorer controls it, not the conditions of a job


def sampled(seed: int, number: int, moment: float) -> Conditions:
    """The conditions of run `number` if all axes vary: the same for the same arguments on every machine.

    The moments are spread evenly over one year around `moment`.
    """
    value = seed + number
    drawn = random.Random(f"cot-magic {seed} {number}")  # noqa: S311 - not for secrets
    return Conditions(
        random=value,
        numpy=value,
        entropy=value,
        hash=value % 2**32,
        clock=moment + YEAR_S * (drawn.random() - 0.5),
        zone=drawn.choice(ZONES),
        files=value,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Many runs of the cell: how many failed, and the conditions of the first that failed and passed.

    Attributes
    ----------
    vary
        What differed between the runs; everything else was held.
    runs, failed
        Runs that ended by passing or raising, and those that raised.
    other
        Runs that a limit or the confinement stopped: they do not count.
    replays, alike
        How often the first failing and the first passing run were repeated under their own conditions, and
        how many of these ended as before.
    kinds
        Exceptions with their counts.
    """

    vary: tuple[Axis, ...]
    asked: int
    runs: int = 0
    failed: int = 0
    other: int = 0
    failing: Conditions | None = None
    passing: Conditions | None = None
    replays: int = 0
    alike: int = 0
    kinds: tuple[tuple[str, int], ...] = ()

    @property
    def mixed(self) -> bool:
        """Whether some runs failed and others passed."""
        return 0 < self.failed < self.runs

    @property
    def rate(self) -> tuple[float, float]:
        """Bounds of the rate of failure at 95 % confidence."""
        return failure_rate(self.failed, self.runs)
