"""How long a search may take: in time of the processor, so that a busy machine finds the same, and in all."""

import time


class TimeLimit:
    """Counts from when it is made.

    Parameters
    ----------
    processor_s
        Seconds of the processor, of this process.
    elapsed_s
        Seconds on the clock, for what a person waits.
    """

    def __init__(self, processor_s: float, elapsed_s: float) -> None:
        self._processor = time.process_time() + processor_s
        self._clock = time.monotonic() + elapsed_s

    @property
    def left(self) -> float:
        """The seconds of the processor that are left."""
        return self._processor - time.process_time()

    @property
    def over(self) -> bool:
        """Whether one of the two is used up."""
        return time.process_time() > self._processor or time.monotonic() > self._clock
