"""What a phase's answer has to look like, and how it is read, also from a model that does not keep to it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cot_magic.reasoners.messages.turn import ToolCall

_TEXT: Mapping[str, Any] = {"type": "string"}


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_NUMBER = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
TEST = _object(name=_TEXT, source=_TEXT)
EDIT = _object(cell=_TEXT, find=_TEXT, replace=_TEXT)
# One schema for all phases: another schema would make a server read the whole conversation anew.
SCHEMA: Mapping[str, Any] = _object(
    headline=_TEXT,
    findings=_list(_object(topic=_TEXT, text=_TEXT)),
    hypotheses=_list(
        _object(claim=_TEXT, prediction=_TEXT, cell=_TEXT, line=_NUMBER, probe=_TEXT, frame=_NUMBER)
    ),
    fixes=_list(_object(hypothesis=_TEXT, why=_TEXT, edits=_list(EDIT), tests=_list(TEST))),
)

LONGEST_FINDING = 6_000
MOST_FINDINGS = 16
MOST_HYPOTHESES = 8
MOST_FIXES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseAnswer:
    """An answer as far as it could be read. `hypotheses` and `fixes` are still a model's JSON, to be
    checked."""

    headline: str = ""
    findings: tuple[tuple[str, str], ...] = ()
    hypotheses: tuple[Mapping[str, Any], ...] = ()
    fixes: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def empty(self) -> bool:
        return not (self.headline or self.findings or self.hypotheses or self.fixes)


def read_answer(text: str) -> PhaseAnswer | None:
    """The answer in a text: JSON, alone, in a fence or among words; None if there is none of the form."""
    for data in objects(text):
        if not {"headline", "findings", "hypotheses", "fixes"} & set(data):
            continue
        answer = PhaseAnswer(
            headline=_line(data.get("headline")),
            findings=tuple(_findings(data.get("findings"))),
            hypotheses=_mappings(data.get("hypotheses"), MOST_HYPOTHESES),
            fixes=_mappings(data.get("fixes"), MOST_FIXES),
        )
        if not answer.empty:
            return answer
    return None


def plain_answer(text: str) -> PhaseAnswer:
    """An answer that is no JSON, taken as one finding in the model's own words."""
    words = text.strip()
    if not words:
        return PhaseAnswer()
    first = re.split(r"(?<=[.!?])\s|\n", re.sub(r"^[#*\s>-]+", "", words), maxsplit=1)[0]
    return PhaseAnswer(headline=_line(first)[:300], findings=(("answer", words[:LONGEST_FINDING]),))


def calls_in(text: str, names: Sequence[str]) -> tuple[ToolCall, ...]:
    """Tool calls that a model wrote as text, as `{"name": …, "arguments": {…}}` in one of the usual forms."""
    if not any(name in text for name in names):
        return ()
    found: list[ToolCall] = []
    for data in objects(text):
        function = data.get("function")
        inner: dict[str, Any] = function if isinstance(function, dict) else data
        name = inner.get("name") or inner.get("tool")
        given = next(
            (inner[key] for key in ("arguments", "input", "parameters", "args") if key in inner), None
        )
        if isinstance(given, str):
            given = next(objects(given), None)
        if name in names and isinstance(given, Mapping):
            found.append(ToolCall(id=f"text-{len(found)}", name=str(name), input=given))
    return tuple(found)


def objects(text: str) -> Iterator[dict[str, Any]]:
    """The outermost JSON objects in a text, in order; what only looks like one is passed over."""
    decoder = json.JSONDecoder(strict=False)
    place, tries = 0, 0
    while (place := text.find("{", place)) >= 0 and tries < 200:
        tries += 1
        try:
            data, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            place += 1
            continue
        if isinstance(data, dict):
            yield data
        place = end


def _line(value: Any) -> str:
    return " ".join(value.split())[:600] if isinstance(value, str) else ""


def _findings(value: Any) -> Iterator[tuple[str, str]]:
    for item in value[:MOST_FINDINGS] if isinstance(value, list) else ():
        if isinstance(item, str) and item.strip():
            yield "finding", item.strip()[:LONGEST_FINDING]
        elif isinstance(item, Mapping) and isinstance(item.get("text"), str) and item["text"].strip():
            yield _line(item.get("topic"))[:40] or "finding", item["text"].strip()[:LONGEST_FINDING]


def _mappings(value: Any, most: int) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value if isinstance(item, Mapping))[:most]
