"""What a phase's answer has to look like, and how it is read, also from a model that does not keep to it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cot_magic.reasoners.claude.conversation.bounds import on_one_line
from cot_magic.reasoners.claude.conversation.code_text import hunks
from cot_magic.reasoners.claude.conversation.field_names import ANSWER, FINDING, named
from cot_magic.reasoners.claude.conversation.loose_json import as_python, objects

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
_DIFF = re.compile(r"```(?:diff|patch)\n(.*?)```", re.DOTALL)
_HEADLINE = re.compile(r'"headline"\s*:\s*"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseAnswer:
    """An answer as far as it could be read. `hypotheses` and `fixes` are still a model's JSON, to be
    checked."""

    headline: str = ""
    findings: tuple[tuple[str, str], ...] = ()
    hypotheses: tuple[Mapping[str, Any], ...] = ()
    fixes: tuple[Mapping[str, Any], ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.headline or self.findings or self.hypotheses or self.fixes)


def read_answer(text: str) -> PhaseAnswer | None:
    """The answer in a text: JSON, alone, in a fence or among words; None if there is none of the form.

    Of several objects the later ones count, part by part: a draft may come first, or each part by itself.
    """
    parts: dict[str, Any] = {}
    for data in objects(text):
        inner = next((part for part in data.values() if _holds(part)), {}) if not _holds(data) else data
        parts |= {name: part for name, part in named(inner, ANSWER).items() if part not in ("", [])}
    answer = _answer(parts)
    return None if answer.empty else answer


def salvaged(text: str) -> PhaseAnswer:
    """What can be used of an answer that is not of the form: the whole pieces of broken JSON, told apart by
    their fields; else the words as one finding, and diffs among them as fixes."""
    as_a_whole = as_python(text)
    if as_a_whole is not None and not (answer := _answer(named(as_a_whole, ANSWER))).empty:
        return answer
    parts: dict[str, Any] = {"findings": [], "hypotheses": [], "fixes": []}
    for data in objects(text):
        if "edits" in data:
            parts["fixes"].append(data)
        elif "claim" in data:
            parts["hypotheses"].append(data)
        elif "text" in data:
            parts["findings"].append(data)
    found = _answer(parts)
    if found.empty:
        return _plain_answer(text)
    said = _HEADLINE.search(text)
    headline = next(objects(f"{{{said[0]}}}"), {}).get("headline") if said else None
    return replace(found, headline=on_one_line(headline))


def _plain_answer(text: str) -> PhaseAnswer:
    words = text.strip()
    if not words:
        return PhaseAnswer()
    diffs = [found for found in _DIFF.findall(words) if hunks(found)]
    first = re.split(r"(?<=[.!?])\s|\n", re.sub(r"^[#*\s>-]+", "", words), maxsplit=1)[0]
    headline = "" if first.startswith(("{", "[", "`")) else on_one_line(first)[:300]
    return PhaseAnswer(
        headline=headline,
        findings=(("answer", words[:LONGEST_FINDING]),),
        fixes=tuple({"why": headline, "edits": [{"diff": diff}]} for diff in diffs[:MOST_FIXES]),
    )


def _holds(data: Any) -> bool:
    """Whether it is an object with parts of an answer."""
    return isinstance(data, dict) and not {"claim", "edits"} & set(data) and bool(named(data, ANSWER))


def _answer(parts: Mapping[str, Any]) -> PhaseAnswer:
    return PhaseAnswer(
        headline=on_one_line(parts.get("headline")),
        findings=tuple(_findings(parts.get("findings"))),
        hypotheses=_mappings(parts.get("hypotheses"), MOST_HYPOTHESES),
        fixes=_mappings(parts.get("fixes"), MOST_FIXES),
    )


def _findings(value: Any) -> Iterator[tuple[str, str]]:
    for item in value[:MOST_FINDINGS] if isinstance(value, list) else ():
        if isinstance(item, str) and item.strip():
            yield "finding", item.strip()[:LONGEST_FINDING]
        elif isinstance(item, Mapping):
            given = named(item, FINDING)
            text = given.get("text")
            if isinstance(text, str) and text.strip():
                yield on_one_line(given.get("topic"))[:40] or "finding", text.strip()[:LONGEST_FINDING]


def _mappings(value: Any, most: int) -> tuple[Mapping[str, Any], ...]:
    given = [value] if isinstance(value, Mapping) else value
    if not isinstance(given, list):
        return ()
    return tuple(item for item in given if isinstance(item, Mapping))[:most]
