"""What models write when they do not keep to the requested form, read as far as its meaning is clear.

JSON among words or nearly JSON, fields under other names, code in fences or as a diff, tool calls as text.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from cot_magic.reasoners.claude.messages.turn import ToolCall

# --- JSON -------------------------------------------------------------------------------------------------

_DECODER = json.JSONDecoder(strict=False)  # accepts raw line breaks inside strings
_TRIES = 400


def objects(text: str) -> Iterator[dict[str, Any]]:
    """The outermost JSON objects in the text, in order.

    What only looks like an object is skipped, so a broken object yields the intact ones inside it.
    """
    place, tries = 0, 0
    while (place := text.find("{", place)) >= 0 and tries < _TRIES:
        tries += 1
        try:
            data, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            place += 1
            continue
        if isinstance(data, dict):
            yield data
        place = end


def as_python(text: str) -> dict[str, Any] | None:
    """The dictionary if the text is a Python dictionary literal and nothing else; otherwise None."""
    try:
        data = ast.literal_eval(unfenced(text).strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
    return data if isinstance(data, dict) and all(isinstance(name, str) for name in data) else None


def decoded(value: Any) -> Any:
    """A list or object that came as a string of JSON; any other value unchanged."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return _DECODER.decode(value.strip())
        except (ValueError, RecursionError):
            return value
    return value


def on_one_line(value: Any) -> str:
    """The beginning of a string on one line; "" for a value that is not a string."""
    return " ".join(value.split())[:600] if isinstance(value, str) else ""


# --- names of fields --------------------------------------------------------------------------------------

# the names that were asked for, each with others that mean the same
Names: TypeAlias = Mapping[str, Sequence[str]]

_PLACE: Names = {"cell": ("cell_id", "cell_label"), "line": ("lineno", "line_number")}
ANSWER: Names = {"headline": ("summary", "conclusion"), "findings": (), "hypotheses": (), "fixes": ()}
FINDING: Names = {
    "topic": ("title", "name"),
    "text": ("description", "content", "finding", "details", "detail"),
}
HYPOTHESIS: Names = {
    **_PLACE,
    "claim": ("hypothesis", "hypothesis_id", "statement", "description", "cause"),
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


def named(given: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The values under the names that were asked for; fields with other names are dropped."""
    found = {}
    for name, others in names.items():
        known = next((other for other in (name, *others) if given.get(other) is not None), None)
        if known is not None:
            found[name] = given[known]
    return found


# --- code -------------------------------------------------------------------------------------------------

_FENCE = re.compile(r"\s*```[\w+-]*[ \t]*\n(.*?)\n?[ \t]*```\s*", re.DOTALL)
_NUMBERED = re.compile(r"^[ \t]*\d+[ \t]?[:|→][ \t]?", re.MULTILINE)
_DIFF = re.compile(r"^@@|^--- .*\n\+\+\+ ", re.MULTILINE)


def unfenced(text: str) -> str:
    """The contents of a code fence if the text is nothing else; otherwise the text."""
    fenced = _FENCE.fullmatch(text)
    return fenced[1] if fenced else text


def unnumbered(text: str) -> str:
    """The text without line numbers, if every line has one."""
    lines = [line for line in text.split("\n") if line.strip()]
    return _NUMBERED.sub("", text) if lines and all(map(_NUMBERED.match, lines)) else text


def bare(code: str) -> str:
    """Code without fence and line numbers; numbers stay if the code parses with them."""
    text = unfenced(code)
    plain = unnumbered(text)
    return plain if plain != text and not _parses(text) and _parses(plain) else text


def hunks(text: str) -> list[tuple[str, str]]:
    """The old and the new lines of each hunk of a unified diff; empty if the text is not a diff."""
    text = unfenced(text)
    if not _DIFF.search(text):
        return []
    found: list[tuple[list[str], list[str]]] = [([], [])]
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("@@"):
            found.append(([], []))
        elif line.startswith(("--- ", "+++ ", "diff ", "index ", "\\ ")) and found == [([], [])]:
            continue
        else:
            old, new = found[-1]
            if not line.startswith("+"):
                old.append(line[1:] if line[:1] in ("-", " ") else line)
            if not line.startswith("-"):
                new.append(line[1:] if line[:1] in ("+", " ") else line)
    return [("\n".join(old), "\n".join(new)) for old, new in found if old != new]


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


# --- tool calls -------------------------------------------------------------------------------------------

_NAME = ("name", "tool", "tool_name", "action", "function")
_INPUT = ("arguments", "input", "parameters", "args", "action_input")
_TAGGED = re.compile(r"<(?:function=|invoke name=\")(\w+)\"?>(.*?)(?:</(?:function|invoke)>|\Z)", re.DOTALL)
_PARAMETER = re.compile(
    r"<parameter(?:=| name=\")(\w+)\"?>\n?(.*?)\n?(?:</parameter>|(?=<parameter)|\Z)", re.DOTALL
)


def calls_in(text: str, names: Sequence[str]) -> tuple[ToolCall, ...]:
    """Calls of known tools written in the text: in tags, as JSON, or as Python calls with keyword arguments.

    Arguments in tags are strings. Any other way of writing a call is not recognized.
    """
    if not any(name in text for name in names):
        return ()
    found = [*_tagged(text, names)] or [*_as_json(text, names)] or [*_as_python_calls(text, names)]
    return tuple(
        ToolCall(id=f"text-{place}", name=name, input=given) for place, (name, given) in enumerate(found)
    )


def _as_json(text: str, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for data in objects(text):
        listed = data.get("tool_calls")
        for item in listed if isinstance(listed, list) else [data]:
            if isinstance(item, dict) and (call := _call(item, names)) is not None:
                yield call


def _call(data: Mapping[str, Any], names: Sequence[str]) -> tuple[str, Mapping[str, Any]] | None:
    function = data.get("function")
    if isinstance(function, dict):
        return _call(function, names)
    for name in names:  # {"hypothesize": {…}}
        if isinstance(given := data.get(name), dict) and len(data) == 1:
            return name, given
    key = next((key for key in _NAME if data.get(key) in names), None)
    if key is None:
        return None
    given = next((data[other] for other in _INPUT if other in data), None)
    if isinstance(given, str):
        given = next(objects(given), None)
    if given is None:  # {"tool": "run", "code": …}
        given = {other: value for other, value in data.items() if other not in (key, "type", "id", *_INPUT)}
    return (data[key], given) if isinstance(given, Mapping) else None


def _tagged(text: str, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, inside in _TAGGED.findall(text):
        if name in names:
            parameters = dict(_PARAMETER.findall(inside))
            yield name, parameters or next(objects(inside), {})


def _as_python_calls(text: str, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for match in re.finditer(rf"^[ \t\[`]*({'|'.join(map(re.escape, names))})\(", text, re.MULTILINE):
        given = _arguments(text[match.start(1) :])
        if given is not None:
            yield match[1], given


def _arguments(text: str) -> Mapping[str, Any] | None:
    """The arguments of the call at the beginning of the text, if all are keywords with literal values."""
    for end in [place for place, mark in enumerate(text[:20_000]) if mark == ")"][:50]:
        try:
            node = ast.parse(text[: end + 1], mode="eval").body
            if isinstance(node, ast.Call) and node.keywords and not node.args:
                return {str(item.arg): ast.literal_eval(item.value) for item in node.keywords if item.arg}
        except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
            continue
    return None
