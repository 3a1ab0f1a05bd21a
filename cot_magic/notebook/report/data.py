"""Files that the cells of a report read: found by name in the sources, embedded or listed with their hash."""

import ast
import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cot_magic.core.edits import parsed
from cot_magic.notebook.report.cells import ReportCell, as_markdown, text_cell
from cot_magic.notebook.report.kit import literal
from cot_magic.render.blocks import Table

MOST_BYTES = 256 << 10  # of one file; all files together may have four times as much
MOST_FILES = 50
READABLE_BYTES = 4 << 10  # text up to this size is in the cell in plain form
WRITERS = ("to_csv", "to_json", "to_excel", "to_parquet", "to_pickle", "write_text", "write_bytes", "savefig")
NOT_ASKED = "not embedded: allow it with --embed-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A file near the notebook. `content` is None if it is not embedded; `reason` says why."""

    name: str
    size: int
    sha256: str
    content: bytes | None = None
    reason: str = ""


def data_files(
    sources: Sequence[str], folder: Path, *, embed: bool, redact: Callable[[str], str]
) -> tuple[DataFile, ...]:
    """Return the files in `folder` that the sources name in a string, or import as a module.

    With `embed`, files of up to 256 kB are embedded, but never one that holds what looks like a secret or is
    outside the folder.
    """
    found: list[DataFile] = []
    total = 0
    for name in list(_named(sources, folder))[:MOST_FILES]:
        content = (folder / name).read_bytes()
        reason = "" if embed else NOT_ASKED
        if not reason and total + len(content) > 4 * MOST_BYTES:
            reason = "not embedded: too much data in total"
        if not reason and len(content) > MOST_BYTES:
            reason = "not embedded: over 256 kB"
        text = _text(content)
        if not reason and text is not None and redact(text) != text:
            reason = "not embedded: it contains what looks like a secret"
        total += 0 if reason else len(content)
        found.append(
            DataFile(
                name=name,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                content=None if reason else content,
                reason=reason,
            )
        )
    return tuple(found)


def data_cells(found: Sequence[DataFile], *, moves: bool) -> Iterator[ReportCell]:
    """Yield the files in a table, and a cell that writes the embedded ones into a new folder and works there.

    With `moves`, there is a new folder even if no file is embedded, because the cells write files.
    """
    lost = [item.name for item in found if item.content is None]
    if found:
        rows = tuple(
            (item.name, f"{item.size:,} bytes", item.sha256, item.reason or "below") for item in found
        )
        table = Table(headers=("file", "size", "sha256", ""), rows=rows, code=(0, 2))
        text = as_markdown(table)
        ask = "To run the cells, put the files that are not embedded beside this notebook." if lost else ""
        yield text_cell("The cells read these files:", text, ask)
    kept = [item for item in found if item.content is not None]
    if kept or moves:
        yield ReportCell(source=_writing(kept, lost), ran=True, role="data")


def _writing(kept: Sequence[DataFile], lost: Sequence[str]) -> str:
    lines = [
        "def rca_files():",
        '    """Work in a new folder with the files that the cells read."""',
        "    import base64, os, pathlib, shutil, sys, tempfile, zlib",
        "",
        "    here = pathlib.Path.cwd()",
        '    os.chdir(tempfile.mkdtemp(prefix="rca-"))',
        "    sys.path.insert(0, os.getcwd())",
    ]
    for name in lost:
        lines += ["", f"    path = pathlib.Path({name!r})  # not embedded: put it beside this notebook"]
        lines += ["    path.parent.mkdir(parents=True, exist_ok=True)", "    shutil.copy(here / path, path)"]
    for item in kept:
        assert item.content is not None
        text = _text(item.content)
        lines += ["", f"    path = pathlib.Path({item.name!r})  # sha256 {item.sha256}"]
        if "/" in item.name:
            lines.append("    path.parent.mkdir(parents=True, exist_ok=True)")
        if text is not None and len(item.content) <= READABLE_BYTES:
            lines.append(f"    path.write_bytes({literal(text)}.encode())")
        else:
            packed = base64.b85encode(zlib.compress(item.content, 9)).decode()
            rows = [f"        {packed[place : place + 100]!r}" for place in range(0, len(packed), 100)]
            lines += [
                "    packed = (",
                *rows,
                "    )",
                "    path.write_bytes(zlib.decompress(base64.b85decode(packed)))",
            ]
    return "\n".join([*lines, "", "", "rca_files()", "del rca_files"])


def _text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _named(sources: Sequence[str], folder: Path) -> Iterator[str]:
    """Yield the names, relative to the folder, of regular files in it that the sources mention."""
    texts: dict[str, None] = {}
    for source in sources:
        tree = parsed(source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.setdefault(node.value)
            elif isinstance(node, ast.Import):
                texts.update(dict.fromkeys(_module_file(alias.name) for alias in node.names))
            elif isinstance(node, ast.ImportFrom) and node.module:
                texts.setdefault(_module_file(node.module))
    for text in _written(sources):
        texts.pop(text, None)
    short = [text for text in texts if 0 < len(text) <= 255 and "\0" not in text and "\n" not in text]
    folders = ["", *(f"{text.rstrip('/')}/" for text in short if _inside(folder, text, Path.is_dir))]
    seen: dict[str, None] = {}
    for text in short:
        for start in folders:
            name = f"{start}{text}"
            if _inside(folder, name, Path.is_file):
                seen.setdefault(Path(name).as_posix())
    yield from sorted(seen)


def _written(sources: Iterable[str]) -> Iterator[str]:
    """Yield strings in calls that write files: the cells create these files and do not need them."""
    for source in sources:
        tree = parsed(source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Call) and _writes(node):
                found = [item.value for item in ast.walk(node) if isinstance(item, ast.Constant)]
                yield from (text for text in found if isinstance(text, str))


def _writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name != "open":
        return name in WRITERS
    modes = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax") for mode in modes)


def _module_file(name: str) -> str:
    return f"{name.partition('.')[0]}.py"


def _inside(folder: Path, name: str, kind: Callable[[Path], bool]) -> bool:
    """Return whether the name is of this kind and within the folder; links out of it do not count."""
    if Path(name).is_absolute():
        return False
    try:
        path = (folder / name).resolve()
        return path != folder.resolve() and path.is_relative_to(folder.resolve()) and kind(path)
    except (OSError, ValueError, RuntimeError):  # not a possible file name
        return False
