"""Advice: what libraries said to do, in the rest of the message and in the warnings of the cells."""

import re
from collections.abc import Iterator

from cot_magic.autopsy.scene import LONGEST_SOURCE, Scene
from cot_magic.capture.lineage.history import CellRun, Warned
from cot_magic.core.facts import Fact

MOST_WARNINGS = 4
LONGEST_ADVICE = 300
_ADVISES = re.compile(
    r"\b(try|use|using|instead|should|must|please|consider|specify|pass(ing)?|set|rename[dr]?|provide|install|"
    r"expected|did you mean|in favou?r of|reshape|convert|make sure|ensure|need(s|ed)? to|has to|have to)\b|"
    r"dayfirst",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(r"https?://|^\s*(see|read) |documentation", re.IGNORECASE)
_CODE = re.compile(r"'([^'\n]{2,80})'|`+([^`\n]{2,80})`+|\"([^\"\n]{2,80})\"")
_ENDS = re.compile(r"(?<=[.!?:;])\s+(?=[A-Z(\"'`-])|\n+")


def advice(scene: Scene) -> Iterator[Fact]:
    """`advice.message` for what the message says to do after its first line, `advice.warning` for what the
    cells that the failing one depends on were warned of."""
    yield from _message(scene)
    yield from _warnings(scene)


def advising(text: str) -> list[str]:
    """The sentences of a message that say what to do; not those that only name a page to read."""
    found = [part.strip(" -*•\t") for part in _ENDS.split(text)]
    return [part[:LONGEST_ADVICE] for part in found if _ADVISES.search(part) and not _ELSEWHERE.search(part)]


def _message(scene: Scene) -> Iterator[Fact]:
    """The advice below the first line of the message, and in notes that were added to the exception."""
    first, _, rest = scene.message.strip().partition("\n")
    notes = getattr(scene.raised, "__notes__", None)
    told = [note for note in notes if type(note) is str] if type(notes) is list else []
    found = list(dict.fromkeys(line for text in (rest, *told) for line in advising(text)))[:4]
    if not found:
        return
    redacted = [scene.redactor.text(line) for line in found]
    yield Fact.of(
        "advice.message",
        " ".join((_ended(scene.redactor.text(first[:LONGEST_ADVICE])), *map(_ended, redacted))).strip(),
        first=scene.redactor.text(first[:LONGEST_ADVICE]),
        advice=redacted,
        code=_quoted(redacted),
    )


def _warnings(scene: Scene) -> Iterator[Fact]:
    """Warnings of the failing cell first, then those of the cells that it depends on, the latest first."""
    involved = {scene.case.cell.id, *(item.cell.id for item in scene.case.lineage)}
    latest = {run.cell: run for run in scene.history.runs if run.cell in involved}
    seen: set[tuple[str, str]] = set()
    told = 0
    for run in sorted(latest.values(), key=lambda run: -run.order):
        for item in run.warned:
            if told < MOST_WARNINGS and (item.category, item.message) not in seen:
                seen.add((item.category, item.message))
                told += 1
                yield _warning(scene, run, item)


def _warning(scene: Scene, run: CellRun, item: Warned) -> Fact:
    lines = run.source.splitlines()
    line = lines[item.lineno - 1].strip() if 0 < item.lineno <= len(lines) else ""
    statement = scene.redactor.source(line)[:LONGEST_SOURCE]
    # a warning of code from elsewhere has a line that this cell may not have
    place = f" at `{statement}` ({scene.label(run.cell)}, line {item.lineno})" if statement else ""
    message = scene.redactor.text(item.message)
    found = advising(message)
    first = _ended((_ENDS.split(message.strip()) or [""])[0][:LONGEST_ADVICE])
    said = [part for part in found[:2] if _ended(part) != first]
    return Fact.of(
        "advice.warning",
        " ".join([f"{item.category}{place}:", first, *(_ended(part) for part in said)]),
        cell=run.cell,
        lineno=item.lineno,
        category=item.category,
        message=message,
        statement=statement,
        advice=found,
        code=_quoted(found),
    )


def _quoted(sentences: list[str]) -> list[str]:
    """The code that the advice has in quotes, in the order in which it says it."""
    found = [next(filter(None, part)) for line in sentences for part in _CODE.findall(line)]
    return list(dict.fromkeys(found))[:8]


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", ":", ";")) else f"{sentence}."
