"""Scripted answers about a misspelt name, for the phases in which a model is asked; each says that it is scripted."""

import json
from collections.abc import Sequence
from typing import Any

from scripted_replies import Reply

ASKS = {
    "ANALYZE": "What failed, what does this error mean",
    "VALIDATE": "No cause is confirmed yet",
    "IMPLEMENT": "No fix is verified yet",
}
"""What a request says that asks for the analysis, for a cause, or for a fix."""
PHASES = tuple(ASKS)
SOURCES = ("values = [1, 2, 3]", "total = sum(valus)")
PROBE = "'valus' not in globals() and isinstance(values, list)"
HYPOTHESIS = {
    "claim": "`valus` is a misspelling of `values`",
    "prediction": "`values` is a list and `valus` is no name",
    "cell": "the failing cell",
    "line": 1,
    "probe": PROBE,
    "frame": None,
}
OPEN = {**HYPOTHESIS, "probe": ""}  # nothing decides it yet, so the next phase is asked about
TEST = {"name": "test_total", "source": "def test_total():\n    assert total == 6"}
EDIT = {"cell": "", "find": "valus", "replace": "values"}
FIX = {"hypothesis": "h1", "why": "the name as it is spelt above", "edits": [EDIT], "tests": [TEST]}


def answer(**parts: Any) -> str:
    """The JSON of a phase."""
    found = [{"topic": "scripted", "text": "this finding is scripted"}]
    return json.dumps(
        {"headline": "a scripted headline", "findings": found, "hypotheses": [], "fixes": [], **parts}
    )


def call(name: str, /, **given: Any) -> dict[str, Any]:
    return {"name": name, "input": given}


def phase(name: str, *, tools: Sequence[dict[str, Any]] = (), **parts: Any) -> list[Reply]:
    """The answers of one phase: a turn of tool calls, if there are any, and its findings."""
    if name == "VALIDATE":
        parts.setdefault("hypotheses", [HYPOTHESIS])
    if not tools:
        return [Reply(thinking="scripted thinking", text=answer(**parts), match=ASKS[name])]
    first = Reply(thinking="scripted thinking", tools=tools, match=ASKS[name])
    return [first, Reply(text=answer(**parts))]


def whole(**instead: list[Reply]) -> list[Reply]:
    """The answers of four requests, with some replaced: the last is one more than a fix that is verified needs."""
    usual = {
        "ANALYZE": phase("ANALYZE", hypotheses=[OPEN]),
        "VALIDATE": phase("VALIDATE", tools=[call("inspect", expression="values")]),
        "IMPLEMENT": phase("IMPLEMENT", tools=[call("try_fixes", **FIX)]),
    }
    return [reply for name in PHASES for reply in instead.get(name, usual[name])]
