"""How the decision list writes down what completed outside of a loop, as numbers."""

CLOCK = 1
"""The clock went on to the next timer, and nothing from outside was delivered before."""
FIRST, TIMES = 2, 32
"""For source s and t: `FIRST + s * TIMES + t`, where t is an index into `GRID`, or `HELD`."""
GRID = (0.0, *(0.01 * 2 ** (step / 2) for step in range(TIMES - 2)))
"""Seconds of virtual time that a completion may take: few, so that small differences do not matter."""
HELD = TIMES - 1
"""From here on, each completion of the source is held back for a while, until nothing else completes."""
GLANCED = "outside, while busy"
"""Where it is written down that a busy loop looked outside; `CLOCK` says there that nothing had come."""


def source_of(made: int) -> int:
    """The source that a number is about; -1 if it is about none."""
    return (abs(made) - FIRST) // TIMES if abs(made) >= FIRST else -1


def holds(made: int) -> bool:
    """Whether a number says that its source is held back."""
    return abs(made) >= FIRST and (abs(made) - FIRST) % TIMES == HELD


def delivers(made: int) -> bool:
    """Whether a number says that a completion was delivered."""
    return abs(made) >= FIRST and not holds(made)


def held(made: int) -> int:
    """The number that holds the source of this one back; 0 if it is about none."""
    return 0 if made < FIRST else made - (made - FIRST) % TIMES + HELD
