"""Whether the outputs of a cell are what they were, and which differences say nothing about the code."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cot_magic.core.certificate import OutputVerdict

Output = Mapping[str, Any]
"""One output of a cell, as nbformat keeps it."""
MOST_SHOWN = 600  # characters of an output that differs
WIDGET = "application/vnd.jupyter.widget-view+json"

# what differs from run to run and means nothing: it is taken out of both texts
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NAMES_OF_A_RUN = (
    (re.compile(r"0x[0-9a-fA-F]{5,}"), "0x…"),
    (re.compile(r"\S*ipykernel_\d+[/\\]\d+\.py(:\d+)?"), "<cell>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<uuid>"),
    (re.compile(r"\bT_[0-9a-f]{5}(?=_|\b)"), "T_…"),  # a Styler of pandas
    (re.compile(r"\b(sk-\w+-id-|IPY_MODEL_|cell-|bk-|altair-viz-)[0-9a-f-]+"), r"\1…"),
)
# what tells the time: texts that differ only here cannot be compared
_TIMES = (
    re.compile(
        r"(?<![\w.])\d[\d.,]*(?:e[+-]?\d+)?\s*(?:ns|µs|μs|us|ms|s|secs?|seconds?|min|mins|minutes?|h|hours?)\b"
        r"(?:\s*±\s*\d[\d.,]*\s*\w+)?"
    ),
    re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"),
    re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .{4,24}?\d\d:\d\d(?::\d\d)?"),
    re.compile(r"\b\d\d?:\d\d:\d\d(?:[.,]\d+)?\b"),
    re.compile(r"\b\d\d:\d\d<[\d:?]+"),
    re.compile(r"\s*[\d.?]+\s*(?:it/s|s/it)"),
    re.compile(r"\d+(?=%\|)|(?<=%\|)[^|\n]*(?=\|)"),  # the bar of tqdm
    re.compile(r"\(\d+ loops?.*?\)|\b\d[\d,]* loops?\b"),
)
_CLOCK = re.compile(
    r"^(?:time\.(?:time|perf_counter|monotonic|process_time|ctime|strftime|localtime|gmtime)(?:_ns)?"
    r"|(?:datetime\.)?datetime\.(?:now|utcnow|today)|(?:datetime\.)?date\.today"
    r"|(?:pd|pandas)\.(?:Timestamp\.)?(?:now|today)|(?:perf_counter|monotonic|process_time)(?:_ns)?|timeit\..*)$"
)
_CHANCE = re.compile(
    r"(?:^|\.)(?:random|randint|randrange|uniform|gauss|normalvariate|choice|choices|shuffle|sample|rand|randn|normal"
    r"|permutation|default_rng|RandomState|uuid[14]|token_\w+|urandom|getpid|train_test_split)$"
)
_TIMING_MAGIC = re.compile(r"^\s*%%?(?:time|timeit|prun|memit|who\w?)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsCompared:
    """How the outputs of one cell compare; `was` and `now` show where they differ."""

    verdict: OutputVerdict
    reason: str = ""
    was: str = ""
    now: str = ""


_SAME = OutputsCompared(verdict=OutputVerdict.UNCHANGED)


def compare(
    before: Sequence[Output] | None, after: Sequence[Output], source: str, folders: Mapping[str, str] = {}
) -> OutputsCompared:
    """Compare the outputs that a cell had with those that it has now.

    Parameters
    ----------
    before
        None if nothing is known: the cell never ran, or its outputs were removed.
    source
        The source of the cell: if it reads the clock or draws random numbers, a difference says nothing.
    folders
        Paths in the later outputs and what they were in the earlier ones.
    """
    if before is None:
        return _open("it has no earlier outputs")
    if any(item.get("output_type") == "error" for item in before) and not any(
        item.get("output_type") == "error" for item in after
    ):
        return _open("it failed before")
    old, new = _parts(before, {}), _parts(after, folders)
    differing = [name for name in old.keys() | new.keys() if _differs(old.get(name), new.get(name))]
    if not differing:
        return _SAME
    texts = [(old.get(name, ""), new.get(name, "")) for name in sorted(differing)]
    if all(_without_times(one) == _without_times(other) for one, other in texts):
        return _open("time")
    if all(_without_order(one) == _without_order(other) for one, other in texts):
        return _open("order")
    if differing == ["stderr"]:
        return _open("messages on standard error")
    if why := varies(source):
        return _open(why)
    name = sorted(differing)[0]
    one, other = _excerpts(old.get(name, ""), new.get(name, ""), picture=_is_picture(name))
    return OutputsCompared(verdict=OutputVerdict.CHANGED, was=one, now=other)


def varies(source: str) -> str:
    """Why the outputs of a cell differ from run to run: `time`, `chance`, or "" if nothing in it says so."""
    if _TIMING_MAGIC.search(source):
        return "time"
    calls = list(_calls(source))
    if any(_CLOCK.match(call) for call in calls):
        return "time"
    return "chance" if any(_CHANCE.search(call) for call in calls) else ""


def normalised(text: str, folders: Mapping[str, str] = {}) -> str:
    """The text without what differs from run to run: colours, addresses, ids of objects, files of cells."""
    for path, real in folders.items():
        text = text.replace(path, real)
    text = _ANSI.sub("", text)
    for pattern, instead in _NAMES_OF_A_RUN:
        text = pattern.sub(instead, text)
    lines = (line.rpartition("\r")[2] if "\r" in line.rstrip("\r") else line for line in text.split("\n"))
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _open(reason: str) -> OutputsCompared:
    return OutputsCompared(verdict=OutputVerdict.OPEN, reason=reason)


def _parts(outputs: Sequence[Output], folders: Mapping[str, str]) -> dict[str, str]:
    """What is compared, by a name: all of standard output and error, and each display by place and type."""
    parts: dict[str, str] = {}
    count = 0
    for item in outputs:
        kind = item.get("output_type")
        if kind == "stream":
            name = str(item.get("name", "stdout"))
            parts[name] = parts.get(name, "") + _text(item.get("text", ""))
        elif kind == "error":
            parts["error"] = f"{item.get('ename', '')}: {item.get('evalue', '')}"
        elif kind in ("display_data", "execute_result"):
            count += 1
            data = item.get("data")
            for mime, value in data.items() if isinstance(data, Mapping) else ():
                if mime != WIDGET:
                    parts[f"{count} {mime}"] = _text(value)
    return {
        name: "".join(text.split()) if _is_picture(name) else normalised(text, folders)
        for name, text in parts.items()
    }


def _is_picture(part: str) -> bool:
    return " image/" in part and "svg" not in part


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(map(str, value))
    return value if isinstance(value, str) else repr(value)


def _differs(one: str | None, other: str | None) -> bool:
    return (one or "") != (other or "")


def _without_times(text: str) -> str:
    for pattern in _TIMES:
        text = pattern.sub("(time)", text)
    return " ".join(text.split())


def _without_order(text: str) -> list[str]:
    """The words of an output, sorted: a set or a folder has no order of its own."""
    return sorted(re.findall(r"[^\s,{}()\[\]]+", text))


def _excerpts(one: str, other: str, *, picture: bool) -> tuple[str, str]:
    """Both outputs from a little before their first difference."""
    if picture:
        return ("(a picture)" if one else "(nothing)"), ("(another picture)" if other else "(nothing)")
    same = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    start = max(0, same - MOST_SHOWN // 4)
    start = one.rfind("\n", 0, start) + 1 if start else 0
    return _cut(one[start:]), _cut(other[start:])


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def _calls(source: str) -> Iterator[str]:
    """The dotted names of what a source calls; none if it is not plain Python."""
    lines = ("" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield _dotted(node.func)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
