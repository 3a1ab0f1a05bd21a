"""Rules for what a file holds: another format than its reader reads, other columns than were asked for."""

import ast
import csv
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cot_magic.core.spelling import near
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_START = 1 << 16  # bytes that are read
_LINES = 20
_BEGINNINGS = {
    b"PAR1": "Parquet", b"\xd0\xcf\x11\xe0": "Excel", b"\x93NUMPY": "NumPy", b"\x89HDF": "HDF5",
    b"ARROW1": "Feather", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz",
    b"SQLite format 3": "SQLite",
}  # fmt: skip
"""What files of these formats begin with."""
READERS = {
    "CSV": "read_csv", "Excel": "read_excel", "JSON": "read_json", "JSON lines": "read_json",
    "Parquet": "read_parquet", "Feather": "read_feather", "pickle": "read_pickle", "HDF5": "read_hdf",
    "HTML": "read_html",
}  # fmt: skip
"""The function of pandas that reads a format."""
TEXT = frozenset({"CSV", "JSON", "JSON lines", "HTML", ""})
_COMPRESSED = {"gzip": "gzip", "bzip2": "bz2", "xz": "xz"}
_OF_ONE = frozenset({
    "sheet_name", "sep", "delimiter", "encoding", "engine", "on_bad_lines", "lines", "orient", "decimal",
    "thousands", "quotechar", "low_memory", "key", "header", "compression",
})  # fmt: skip
"""Arguments of a reader that others have not."""


def format_of(path: Path) -> str:
    """The format of a file by what it begins with; empty if it is none of `READERS` or cannot be read."""
    try:
        with open(path, "rb") as file:
            start = file.read(_START)
    except OSError:
        return ""
    if start.startswith(b"PK\x03\x04"):
        return _in_archive(path)
    for beginning, name in _BEGINNINGS.items():
        if start.startswith(beginning):
            return name
    if re.match(rb"\x80[\x02-\x05]", start):
        return "pickle"
    text = start.decode("utf-8", "replace")
    return "" if "\0" in text or not text.strip() else _of_text(text, whole=len(start) < _START)


def _in_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            return "Excel" if "xl/workbook.xml" in archive.namelist() else "zip"
    except (OSError, zipfile.BadZipFile):
        return ""


def _of_text(text: str, *, whole: bool) -> str:
    lines = [line for line in text.splitlines()[: _LINES if whole else _LINES + 1] if line.strip()]
    if len(lines) > 1 and all(_is_json(line, dict) for line in lines):
        return "JSON lines"
    if text.lstrip().startswith(("{", "[")):
        return "JSON" if not whole or _is_json(text, dict, list) else ""
    if re.match(r"\s*<(!doctype|html|table|\?xml)", text, re.IGNORECASE):
        return "HTML" if "<table" in text.lower() else ""
    return "CSV" if len(lines) > 1 and separator_of(lines) else ""


def _is_json(text: str, *kinds: type) -> bool:
    try:
        return isinstance(json.loads(text), kinds)
    except (ValueError, RecursionError):
        return False


def separator_of(lines: list[str]) -> str:
    """What separates the fields of these lines, if they have equally many; else an empty string."""
    for separator in (",", ";", "\t", "|"):
        try:
            counts = {len(row) for row in csv.reader(lines, delimiter=separator)}
        except csv.Error:
            continue
        if len(counts) == 1 and counts != {1}:
            return separator
    return ""


@rule(
    "file.format",
    "ValueError",
    "UnicodeDecodeError",
    "ParserError",
    "BadZipFile",
    "UnpicklingError",
    "OSError",
    "ArrowInvalid",
    "JSONDecodeError",
    lesson="Each format has a reader of its own. The name of a file does not decide what is in it.",
)
def other_format(site: Site) -> Iterator[Suspicion]:
    """`pd.read_excel('sales.csv')`: the reader of another format."""
    for call, path, name in _readers(site):
        found, function = format_of(path), getattr(call.func, "attr", "")
        reader, repairs = READERS.get(found, ""), list[Repair]()
        if found in _COMPRESSED and function == "read_csv":
            repairs.append(_with(site, call, f"compression={_COMPRESSED[found]!r}"))
        elif found == "JSON lines" and function == "read_json":
            repairs.append(_with(site, call, "lines=True"))
        elif reader and reader != function:
            repairs.append(_read_by(site, call, reader, found))
        else:
            continue
        claim = f"`{name}` is {found}, and `{site.one_line(call)}` does not read that."
        yield site.cause(claim, "It begins as such a file does.", _begins(path, name), *repairs, weight=0.93)


def _begins(path: Path, name: str) -> str:
    """Code that is true if the file begins as it did."""
    with open(path, "rb") as file:
        start = file.read(8)
    return f"with open({name!r}, 'rb') as file:\n    start = file.read({len(start)})\nstart == {start!r}"


def _with(site: Site, call: ast.Call, argument: str) -> Repair:
    last = [*call.args, *(word.value for word in call.keywords)][-1]
    return site.repair(f"Say `{argument}`.", site.after(last, f", {argument}"))


def _read_by(site: Site, call: ast.Call, reader: str, found: str) -> Repair:
    """The same file read by another function of pandas, with the arguments that both have."""
    kept = [word for word in call.keywords if word.arg not in _OF_ONE]
    parts = [site.text(call.args[0]), *map(site.text, kept)]
    if found == "JSON lines":
        parts.append("lines=True")
    function = call.func
    assert isinstance(function, ast.Attribute)
    new = f"{site.text(function.value)}.{reader}({', '.join(parts)})"
    return site.repair(f"Read it as {found}.", site.over(call, new))


def _readers(site: Site) -> Iterator[tuple[ast.Call, Path, str]]:
    """Calls of pandas' readers where it failed, with the file that each reads."""
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") in READERS.values()):
        name = site.literal(call.args[0]) if call.args else None
        if site.folder is not None and type(name) is str and (site.folder / name).is_file():
            yield call, site.folder / name, name


@rule(
    "file.columns",
    "ValueError",
    "KeyError",
    "IndexError",
    lesson="Columns that are named while a file is read are those of its header, which "
    "`pd.read_csv(path, nrows=0)` shows.",
)
def other_columns(site: Site) -> Iterator[Suspicion]:
    """`pd.read_csv(path, usecols=['Date'])`, where the header has `date`."""
    for call, path, name in _readers(site):
        if format_of(path) != "CSV":
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            head = [line.lstrip("\ufeff") for _, line in zip(range(_LINES), file, strict=False)]
        header = next(csv.reader(head, delimiter=separator_of(head) or ","), [])
        for node in (node for word in call.keywords for node in ast.walk(word.value)):
            if not isinstance(node, ast.Constant) or type(node.value) is not str or node.value in header:
                continue
            if (
                repr(node.value) not in site.raised.evalue
                and f"Index {node.value} " not in site.raised.evalue
            ):
                continue
            for meant in near(node.value, header):
                repair = site.repair(f"Use {meant!r}.", site.over(node, repr(meant)))
                claim = f"The header of `{name}` has no {node.value!r}; the closest is {meant!r}."
                check = f"with open({name!r}) as file:\n    first = file.readline()\n{meant!r} in first"
                yield site.cause(claim, f"{meant!r} is in the first line.", check, repair, weight=0.9)


RULES = (other_format, other_columns)
