"""IPython's traceback of an investigated cell, held until the panel is shown: the answer comes first."""

from typing import Any


class HeldTraceback:
    """Keeps what a shell would show of an exception, from the start of a cell until `show`.

    Only the display waits: the cell fails as it does without, and what IPython notes of the exception
    (`sys.last_value`, `%tb`) is there at once.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._had = vars(shell).get("_showtraceback")
        self._told: list[tuple[Any, ...]] = []
        shell._showtraceback = self._keep

    def _keep(self, *told: Any) -> None:
        self._told.append(told)

    def show(self) -> None:
        """Let the shell show exceptions itself again, and show what was held."""
        if self._had is None:
            vars(self._shell).pop("_showtraceback", None)
        else:
            self._shell._showtraceback = self._had
        for told in self._told:
            self._shell._showtraceback(*told)
        self._told = []
