"""What is said of one row of a sweep, in words, once for every format."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

RESULTS = {
    "no-failure": "every cell passed",
    "verified": "failed, a fix is verified",
    "plausible": "failed, a fix passes but is not proven",
    "unresolved": "failed, no fix passed",
    "limit": "stopped, as it used too much",
    "lost": "its process was lost",
    "not-run": "could not be run",
}
"""Results of a row, and what they are called."""
ENDED_ITSELF = ("no-failure", "verified", "plausible", "unresolved")
"""Results of notebooks that ran until they passed or failed."""


class SweptRows(Protocol):
    """Gives the rows of a sweep in order, as often as it is called; those of one group if it is named."""

    def __call__(self, group: str | None = None) -> Iterable[dict[str, Any]]: ...


@dataclass(slots=True)
class Group:
    """How many notebooks fail for one cause, and of how many a fix is verified.

    `fix_of` is the notebook whose fix was run in the others, `held` in how many of `tried` their cell passes.
    """

    name: str
    notebooks: int = 0
    verified: int = 0
    fix_of: str = ""
    tried: int = 0
    held: int = 0

    @property
    def one_fix(self) -> str:
        """On how many notebooks one fix holds, in words; "" if none was tried."""
        if not self.tried:
            return ""
        untried = self.notebooks - self.tried
        more = f", {untried:,} could not be run with it" if untried else ""
        return f"the fix of {self.fix_of} holds in {self.held:,} of {self.notebooks:,}{more}"


def sentence(row: dict[str, Any]) -> str:
    """What happened to a notebook, in one line."""
    failure = row.get("failure")
    if failure is None:
        return row.get("note") or RESULTS[row["result"]]
    message = " ".join((failure["evalue"] or "").split())
    return f"cell {failure['cell_index'] + 1}, line {failure['lineno']}: {failure['ename']}: {message}"


def described(row: dict[str, Any]) -> str:
    """The result of a notebook, and what happened."""
    said = sentence(row)
    if row.get("waits"):
        return f"failed, its request to the model waits for a batch; {said}"
    if row.get("failure") is None:
        return said
    return f"{RESULTS[row['result']]}; {said}"


def cause(row: dict[str, Any]) -> str:
    """The cause that was found, and what was done about it; "" if none was."""
    found = row.get("root_cause")
    return found["claim"] if found else ""


def groups_of(rows: Iterable[dict[str, Any]]) -> list[Group]:
    """The groups of the rows that failed, the largest first."""
    groups: dict[str, Group] = {}
    for row in rows:
        name = row.get("group")
        if name:
            group = groups.setdefault(name, Group(name))
            group.notebooks += 1
            group.verified += row["result"] == "verified"
            trial = row.get("group_fix") or {}
            if trial.get("result") in ("holds", "fails", "no-place"):
                group.fix_of, group.tried = trial["from"], group.tried + 1
                group.held += trial["result"] == "holds"
    return sorted(groups.values(), key=lambda group: -group.notebooks)


def counts_of(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many rows have each result, in the order of `RESULTS`."""
    counts = dict.fromkeys(RESULTS, 0)
    for row in rows:
        counts[row["result"]] += 1
    return counts
