"""Groups failures by one root cause, so that 300 failures read as six causes."""

import re
from typing import Any

NAMED = re.compile(r"['\"]([^'\"\n]{1,80})['\"]")
NUMBER = re.compile(r"\b\d[\d,._]*\b")
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+\b")
WHERE_THE_NAME_TELLS = frozenset(
    {"ModuleNotFoundError", "ImportError", "KeyError", "NameError", "FileNotFoundError", "AttributeError"}
)
"""Failures that are the same where the same module, key, name, file or attribute is missing, wherever."""
NO_FAILURE = "no-failure"
FOUND_BY_RUNS = ("verified", "plausible", "unresolved")


def group_of(row: dict[str, Any]) -> str | None:
    """The group of a row: exception, what is missing or what the message says, and the guilty frame.

    None for a notebook in which nothing failed. Of a notebook that could not be run to its end it is why.
    """
    failure = row.get("failure")
    if row["result"] == NO_FAILURE:
        return None
    if failure is None and row["result"] in FOUND_BY_RUNS:
        return "fails now and then: " + NUMBER.sub("N", (row.get("root_cause") or {}).get("claim", ""))
    if failure is None:
        note = row.get("note", "").replace(row["notebook"], "the notebook")
        return f"{row['result']}: {NUMBER.sub('N', note)}".strip(": ")
    message = " ".join((failure["evalue"] or "").split())
    if failure["ename"] in WHERE_THE_NAME_TELLS:
        missing = NAMED.findall(message)
        if missing:
            return f"{failure['ename']}: {missing[-1]}"
    shape = NUMBER.sub("N", ADDRESS.sub("0x…", message))[:120]
    frame = row.get("frame") or ""
    return f"{failure['ename']}: {shape}" + (f" in {frame}" if frame else "")
