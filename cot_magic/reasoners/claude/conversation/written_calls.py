"""Tool calls that a model or its server wrote as text, in the forms that are usual."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cot_magic.reasoners.claude.conversation.loose_json import objects
from cot_magic.reasoners.claude.messages.turn import ToolCall

_NAME = ("name", "tool", "tool_name", "action", "function")
_INPUT = ("arguments", "input", "parameters", "args", "action_input")
_TAGGED = re.compile(r"<(?:function=|invoke name=\")(\w+)\"?>(.*?)(?:</(?:function|invoke)>|\Z)", re.DOTALL)
_PARAMETER = re.compile(
    r"<parameter(?:=| name=\")(\w+)\"?>\n?(.*?)\n?(?:</parameter>|(?=<parameter)|\Z)", re.DOTALL
)


def calls_in(text: str, names: Sequence[str]) -> tuple[ToolCall, ...]:
    """The calls of known tools in a text: as JSON, in tags, or as Python calls with named arguments.

    Arguments in tags are texts. What is written otherwise is no call.
    """
    if not any(name in text for name in names):
        return ()
    found = [*_tagged(text, names)] or [*_as_json(text, names)] or [*_as_python(text, names)]
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
    for name in names:  # {"run_probe": {…}}
        if isinstance(given := data.get(name), dict) and len(data) == 1:
            return name, given
    key = next((key for key in _NAME if data.get(key) in names), None)
    if key is None:
        return None
    given = next((data[other] for other in _INPUT if other in data), None)
    if isinstance(given, str):
        given = next(objects(given), None)
    if given is None:  # {"tool": "run_probe", "code": …}
        given = {other: value for other, value in data.items() if other not in (key, "type", "id", *_INPUT)}
    return (data[key], given) if isinstance(given, Mapping) else None


def _tagged(text: str, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, inside in _TAGGED.findall(text):
        if name in names:
            parameters = dict(_PARAMETER.findall(inside))
            yield name, parameters or next(objects(inside), {})


def _as_python(text: str, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for match in re.finditer(rf"^[ \t\[`]*({'|'.join(map(re.escape, names))})\(", text, re.MULTILINE):
        given = _arguments(text[match.start(1) :])
        if given is not None:
            yield match[1], given


def _arguments(text: str) -> Mapping[str, Any] | None:
    """The arguments of the call that a text begins with, if they are named and written out."""
    for end in [place for place, mark in enumerate(text[:20_000]) if mark == ")"][:50]:
        try:
            node = ast.parse(text[: end + 1], mode="eval").body
            if isinstance(node, ast.Call) and node.keywords and not node.args:
                return {str(item.arg): ast.literal_eval(item.value) for item in node.keywords if item.arg}
        except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
            continue
    return None
