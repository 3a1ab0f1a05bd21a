"""The names of fields in what a model gives: the one that was asked for, or another that means the same."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Names: TypeAlias = Mapping[str, Sequence[str]]

_PLACE: Names = {"cell": ("cell_id", "cell_label"), "line": ("lineno", "line_number")}
ANSWER: Names = {"headline": ("summary", "conclusion"), "findings": (), "hypotheses": (), "fixes": ()}
FINDING: Names = {
    "topic": ("title", "name"),
    "text": ("description", "content", "finding", "details", "detail"),
}
HYPOTHESIS: Names = {
    **_PLACE,
    "claim": ("hypothesis", "statement", "description", "cause"),
    "prediction": ("expected", "expectation"),
    "probe": ("code", "probe_code", "experiment"),
    "frame": (),
}
FIX: Names = {
    "hypothesis": ("hypothesis_id",),
    "why": ("reason", "explanation", "rationale", "description"),
    "edits": ("edit", "changes"),
    "tests": ("test", "regression_tests"),
}
EDIT: Names = {
    "cell": _PLACE["cell"],
    "find": ("old_str", "old_string", "old", "search", "before", "original"),
    "replace": ("new_str", "new_string", "new", "replacement", "after"),
    "source": ("new_source", "code"),
    "diff": ("patch",),
}
TEST: Names = {"name": (), "source": ("code", "test", "body")}
PROBE: Names = {"hypothesis": FIX["hypothesis"], "code": ("probe", "source"), "frame": ()}


def named(given: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """What is given under the names that were asked for; fields of other names are left out."""
    found = {}
    for name, others in names.items():
        known = next((other for other in (name, *others) if given.get(other) is not None), None)
        if known is not None:
            found[name] = given[known]
    return found
