"""Columns of tables in text (CSV, Markdown, printed DataFrames) whose headers say that they are secret."""

import re
from collections.abc import Iterator

from cot_magic.capture.secrets import names as secret_names
from cot_magic.capture.secrets.forms import Found

MOST_ROWS = 2_000  # below one header
SHORTEST_CELL = 4
_HEADER = re.compile(r"[\w.%-]+")
_LIKE_A_HEADER = re.compile(
    r"(?m:^)[ \t|]*+[\"'`]?[\w.%-]++(?:[\"'`]?(?:[ \t]*+[,|;]|\t|  )[ \t]*+[\"'`]?[\w.%-]++)*+"
    r"[\"'`]?[ \t|]*+\r?\n"
)
_ALIGNED = re.compile(r"(?: {2,}|(?=\S+ {2}))[\w.%-]+(?: {2,}[\w.%-]+)*\s*")
_WORD = re.compile(r"\S+")
_AROUND = " \t\r\n\"'`"

Cell = tuple[int, int, str]  # start and end in its line, and what stands there without blanks and quotes


def find(text: str) -> Iterator[Found]:
    """The values below the headers that `name_weight` is sure of."""
    done = 0
    for header in _LIKE_A_HEADER.finditer(text):
        if header.start() < done or not secret_names.may_hold(header[0].lower()):
            continue
        for place, (start, end, value), name in _below(header[0], text, header.end()):
            done = place + end
            if len(value) >= SHORTEST_CELL and secret_names.hides(name, value):
                yield Found(place + start, place + end, name)


def _lines(text: str, place: int) -> Iterator[tuple[int, str]]:
    """Where each line begins in which a table can go on, and the line: up to the first that is empty."""
    for _ in range(MOST_ROWS):
        end = text.find("\n", place) + 1 or len(text)
        line = text[place:end]
        if not line.strip():
            return
        yield place, line
        place = end


def _below(header: str, text: str, below: int) -> Iterator[tuple[int, Cell, str]]:
    """Where the row begins, cell and header of each cell in a secret column."""
    separator = next((sign for sign in ",\t|;" if sign in header), None)
    if separator is not None:
        yield from _separated(header, separator, text, below)
    elif _ALIGNED.fullmatch(header):
        yield from _aligned(header, text, below)


def _separated(header: str, separator: str, text: str, below: int) -> Iterator[tuple[int, Cell, str]]:
    names = _split(header, separator)
    inner = names[1:-1] if header.strip().startswith("|") else names
    if len(inner) < 2 or not all(_HEADER.fullmatch(name) for _, _, name in inner):
        return
    secret = [place for place, (_, _, name) in enumerate(names) if secret_names.name_weight(name) == 2]
    for place, line in _lines(text, below) if secret else ():
        cells = _split(line, separator)
        if len(cells) != len(names) and not set(line.strip()) <= set("-+=|: "):
            return
        for column in secret if len(cells) == len(names) else ():
            if separator != "," or " " not in cells[column][2]:  # else prose
                yield place, cells[column], names[column][2]


def _split(line: str, separator: str) -> list[Cell]:
    cells, at = [], 0
    for part in line.split(separator):
        value = part.strip(_AROUND)
        start = at + (part.find(value) if value else 0)
        cells.append((start, start + len(value), value))
        at += len(part) + 1
    return cells


def _aligned(header: str, text: str, below: int) -> Iterator[tuple[int, Cell, str]]:
    """pandas writes columns flush right: a cell ends where its header ends."""
    names = [(match.start(), match.end(), match[0]) for match in _WORD.finditer(header)]
    for column, (_, end, name) in enumerate(names):
        if secret_names.name_weight(name) < 2:
            continue
        left = names[column - 1][1] if column else 0
        for place, line in _lines(text, below):
            if not line[end - 1 : end].strip() or line[end : end + 1].strip():
                break
            value = line[left:end].strip()
            if not column and "  " in value:  # the index stands before the first column
                value = value.rpartition("  ")[2]
            yield place, (end - len(value), end, value), name
