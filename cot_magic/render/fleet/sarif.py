"""SARIF 2.1.0 of a sweep: a failing notebook is a result, a group is a rule."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from cot_magic.render.fleet.rows import SweptRows, cause, groups_of, sentence

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(rows: SweptRows, version: str) -> Iterator[str]:
    """The pieces of the file; `rows` is called twice, `version` is that of cot-magic."""
    rules = [{"id": _id(group.name), "shortDescription": {"text": group.name}} for group in groups_of(rows())]
    driver = {"name": "cot-magic", "version": version, "rules": rules}
    yield f'{{"$schema": "{SCHEMA}", "version": "2.1.0", "runs": [{{"tool": '
    yield json.dumps({"driver": driver})
    yield ', "columnKind": "unicodeCodePoints", "results": ['
    comma = ""
    for row in rows():
        if row.get("group"):
            yield comma + json.dumps(_result(row))
            comma = ",\n"
    yield "]}]}"


def _id(group: str) -> str:
    return "cot-" + hashlib.sha256(group.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _result(row: dict[str, Any]) -> dict[str, Any]:
    found = cause(row)
    text = sentence(row) + (f"\n{found}" if found else "")
    place: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": quote(row["notebook"].replace("\\", "/"))}}
    }
    if row.get("failure"):
        cell = row["failure"]["cell_index"] + 1
        place["logicalLocations"] = [{"name": f"cell {cell}", "kind": "module"}]
    return {
        "ruleId": _id(row["group"]),
        "level": "error",
        "message": {"text": text},
        "locations": [place],
        "partialFingerprints": {"group/v1": _id(row["group"])},
    }
