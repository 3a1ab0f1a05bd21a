"""The form of a phase's answer, and how it is read, also from a model that does not keep to it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cot_magic.reasoners.claude.conversation import lenient
from cot_magic.reasoners.claude.conversation.lenient import as_python, hunks, named, objects, on_one_line

_STRING: Mapping[str, Any] = {"type": "string"}


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
TEST_SCHEMA = _object(name=_STRING, source=_STRING)
EDIT_SCHEMA = _object(cell=_STRING, find=_STRING, replace=_STRING)
# The same for all phases: with another schema, a server would have to process the whole conversation again.
SCHEMA: Mapping[str, Any] = _object(
    headline=_STRING,
    findings=_list(_object(topic=_STRING, text=_STRING)),
    hypotheses=_list(
        _object(claim=_STRING, prediction=_STRING, cell=_STRING, line=_NUMBER, probe=_STRING, frame=_NUMBER)
    ),
    fixes=_list(_object(hypothesis=_STRING, why=_STRING, edits=_list(EDIT_SCHEMA), tests=_list(TEST_SCHEMA))),
)

LONGEST_FINDING = 6_000
MOST_FINDINGS = 16
MOST_HYPOTHESES = 8
MOST_FIXES = 6
_DIFF = re.compile(r"```(?:diff|patch)\n(.*?)```", re.DOTALL)
_HEADLINE = re.compile(r'"headline"\s*:\s*"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseAnswer:
    """What could be read of an answer. `hypotheses` and `fixes` are a model's JSON, not checked yet."""

    headline: str = ""
    findings: tuple[tuple[str, str], ...] = ()
    hypotheses: tuple[Mapping[str, Any], ...] = ()
    fixes: tuple[Mapping[str, Any], ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.headline or self.findings or self.hypotheses or self.fixes)


def read_answer(text: str) -> PhaseAnswer | None:
    """The answer in JSON, which may be in a fence or among words; None if there is no JSON of the right form.

    If there are several objects, later ones override earlier ones, part by part: the first may be a draft, or
    each part may come in its own object.
    """
    parts: dict[str, Any] = {}
    for data in objects(text):
        inner = data if _is_answer(data) else next((part for part in data.values() if _is_answer(part)), {})
        parts |= {name: part for name, part in named(inner, lenient.ANSWER).items() if part not in ("", [])}
    answer = _answer(parts)
    return None if answer.empty else answer


def salvaged(text: str) -> PhaseAnswer:
    """What can be used of an answer that is not of the right form.

    The intact objects of broken JSON, recognized by their fields. Without any, the words become one finding,
    and diffs among them become fixes.
    """
    as_a_whole = as_python(text)
    if as_a_whole is not None and not (answer := _answer(named(as_a_whole, lenient.ANSWER))).empty:
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


def _is_answer(data: Any) -> bool:
    """Whether this is an object with parts of an answer."""
    return isinstance(data, dict) and not {"claim", "edits"} & set(data) and bool(named(data, lenient.ANSWER))


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
            given = named(item, lenient.FINDING)
            text = given.get("text")
            if isinstance(text, str) and text.strip():
                yield on_one_line(given.get("topic"))[:40] or "finding", text.strip()[:LONGEST_FINDING]


def _mappings(value: Any, most: int) -> tuple[Mapping[str, Any], ...]:
    given = [value] if isinstance(value, Mapping) else value
    if not isinstance(given, list):
        return ()
    return tuple(item for item in given if isinstance(item, Mapping))[:most]
