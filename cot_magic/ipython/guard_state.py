"""What the guard knows of one shell: data only."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # starting a kernel must cost next to nothing
    from cot_magic.actions.failure import StoppedCell
    from cot_magic.ipython.stop import Stop


@dataclass(kw_only=True, eq=False, repr=False)
class Guard:
    """The guard of one shell.

    Attributes
    ----------
    on
        What `%cot_guard` said; None until it is used, and the setting of the front end decides.
    costs
        How many seconds each cell took when it ran last, the latest last; `guard` makes the keys.
    began
        When the running cell began to run, in seconds of a monotonic clock; 0 if none is timed.
    follows
        Whether the copy for rehearsals has passed the running cell, and so is as the kernel will be.
    ended
        How the last rehearsal ended (`Rehearsed.ended`); empty if the last cell was not rehearsed.
    leaves
        Whether the running cell is a magic of ours that changes nothing of the person's.
    """

    on: bool | None = None
    costs: OrderedDict[str, float] = field(default_factory=OrderedDict)
    began: float = 0.0
    follows: bool = False
    ended: str = ""
    leaves: bool = False
    stopped: "StoppedCell | None" = None
    stop: "Stop | None" = None
