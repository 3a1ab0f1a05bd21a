"""Rules for files: misspelt paths, missing folders, encodings, invalid JSON."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

from cot_magic.core.language import worded
from cot_magic.core.spelling import near
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import UNKNOWN, Site
from cot_magic.reasoners.offline.written import rule

_MOST = 2_000  # entries of a folder that are read
_MOST_FOLDERS = 200  # of one depth in which a file is looked for


def missing_path(site: Site) -> str:
    """The path that was not found."""
    said = site.says(r"No such file or directory: '(.*)'$") or site.says(
        r"No such file or directory: \"(.*)\"$"
    )
    return said[1] if said is not None else ""


def listing(folder: Path) -> list[str]:
    """The names in a folder; none if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for _, entry in zip(range(_MOST), entries, strict=False))
    except OSError:
        return []


@rule(
    "file.near_name",
    "FileNotFoundError",
    lesson="A relative path starts in the kernel's working directory. It must be spelt exactly: upper and "
    "lower case, and the extension.",
)
def near_name(site: Site) -> Iterator[Suspicion]:
    wrong, cwd = missing_path(site), site.folder
    if not wrong or cwd is None:
        return
    path = Path(wrong)
    folder = cwd / path.parent
    names = listing(folder)
    same_stem = [name for name in names if Path(name).stem == path.stem]
    candidates = near(path.name, names) or same_stem
    found = [str(path.parent / name) if str(path.parent) != "." else name for name in candidates]
    nearby = bool(found)
    if not found:
        found = _other_folders(cwd, path)
    for place, meant in enumerate(found[:3]):
        claim = worded(
            "There is no `{wrong}` in `{cwd}`. The closest name is `{meant}`."
            if nearby
            else "There is no `{wrong}` in `{cwd}`. It exists at `{meant}`.",
            wrong=wrong,
            cwd=site.case.environment.cwd,
            meant=meant,
        )
        repairs = [repair for repair in (_respelt(site, cwd, wrong, meant),) if repair is not None]
        check = f"import os\nnot os.path.exists({wrong!r}) and os.path.exists({meant!r})"
        if len(found) == 1:
            yield site.cause(
                claim,
                worded("`{meant}` exists, and `{wrong}` does not.", meant=meant, wrong=wrong),
                check,
                *repairs,
                weight=0.92,
            )
        else:
            yield site.reading(claim, *repairs, weight=0.8 - 0.1 * place)


def _respelt(site: Site, cwd: Path, wrong: str, meant: str) -> Repair | None:
    """The path where it is written, and others of the same folder; else the part of it that is written."""
    strings = [
        (node, node.value)
        for node in ast.walk(site.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    moved = Path(meant).name == Path(wrong).name
    changes = []
    for node, text in strings:
        other = str(Path(meant).parent / Path(text).name)
        beside = moved and os.sep in text and Path(text).parent == Path(wrong).parent
        if text == wrong or (beside and (cwd / other).is_file()):
            changes.append(site.over(node, repr(meant if text == wrong else other)))
    if changes:
        return site.repair(worded("Use `{meant}`.", meant=meant), *changes)
    if Path(meant).parent != Path(wrong).parent and (repair := _other_folder(site, wrong, meant)) is not None:
        return repair
    name, new = Path(wrong).name, Path(meant).name
    changes = [site.over(node, repr(new)) for node, text in strings if text == name != new]
    return site.repair(worded("Use `{new}`.", new=new), *changes) if changes else None


def _other_folder(site: Site, wrong: str, meant: str) -> Repair | None:
    """The folder in a string of its own, `DATA = '../input'`, from which the path is joined."""
    was, now = Path(wrong).parent, Path(meant).parent
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and Path(node.value) == was != now
            ):
                text = f"{now}{'/' if node.value.endswith('/') else ''}"
                change = src.over(cell.source, node, repr(text))
                return Repair(
                    edits=(src.edit(cell, change),), why=worded("The folder is `{text}`.", text=text)
                )
    return None


def _other_folders(cwd: Path, path: Path) -> list[str]:
    """The same file name one folder up, or up to three folders down."""
    found = []
    if path.name in listing(cwd) and path.parent != Path("."):
        found.append(path.name)
    if path.name in listing(cwd.parent):
        found.append(f"../{path.name}")
    if not found and (cwd.parent != cwd.parent.parent):
        beside = [name for name in ("data", "input") if path.name in listing(cwd.parent / name)]
        found += [f"../{name}/{path.name}" for name in beside]
    found += [f"{folder}/{path.name}" for folder in _below(cwd, 3) if path.name in listing(cwd / folder)]
    return [item for item in dict.fromkeys(found) if Path(item) != path]


def _below(cwd: Path, depth: int) -> Iterator[str]:
    """Folders below this one, those that are nearer first; hidden ones are left out."""
    waiting = [""]
    for _ in range(depth):
        nearer, waiting = waiting, []
        for folder in nearer[:_MOST_FOLDERS]:
            for name in listing(cwd / folder):
                if not name.startswith((".", "__")) and (cwd / folder / name).is_dir():
                    waiting.append(f"{folder}/{name}".lstrip("/"))
        yield from waiting[:_MOST_FOLDERS]


@rule(
    "file.missing_folder",
    "FileNotFoundError",
    lesson="Opening a file for writing creates the file, but not its folder.",
)
def missing_folder(site: Site) -> Iterator[Suspicion]:
    wrong, cwd = missing_path(site), site.folder
    folder = str(Path(wrong).parent) if wrong else "."
    if folder == "." or cwd is None or (cwd / folder).exists():
        return
    writes = any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value[:1] in ("w", "a", "x")
        and len(node.value) <= 3
        for node in ast.walk(site.statement or site.tree)
    ) or any(
        getattr(node.func, "attr", "").startswith(("to_", "save", "write")) for node in site.find(ast.Call)
    )
    if writes:
        statement = site.statement
        line = statement.lineno if statement is not None else site.frame.lineno
        changes = [
            src.line_before(site.cell.source, line, f"os.makedirs({folder!r}, exist_ok=True)"),
            src.add_import(site.cell, "import os"),
        ]
        yield site.cause(
            f"The folder `{folder}` does not exist, so no file can be created in it.",
            "The folder does not exist.",
            f"import os\nnot os.path.isdir({folder!r})",
            site.repair("Create the folder first.", *changes),
            weight=0.88,
        )


@rule(
    "file.encoding",
    "UnicodeDecodeError",
    lesson="A text file is stored in some encoding. Most are UTF-8; files from older Windows programs are "
    "often cp1252.",
)
def encoding(site: Site) -> Iterator[Suspicion]:
    for call in site.find(
        ast.Call,
        lambda node: (
            getattr(node.func, "id", getattr(node.func, "attr", ""))
            in ("open", "read_csv", "read_text", "decode", "read_table")
        ),
    ) or _opened(site):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        given = next((word for word in call.keywords if word.arg == "encoding"), None)
        end = src.span(site.cell.source, call)[1] - 1
        comma = ", " if call.args or call.keywords else ""
        for place, codec in enumerate(("cp1252", "latin-1", "utf-16")):
            if (
                site.says(r"invalid start byte.*|position 0: invalid start byte")
                and site.says(r"byte 0xff in position 0")
                and codec != "utf-16"
            ):
                continue
            if given is not None:
                change = site.over(given.value, repr(codec))
            elif name == "decode":
                change = src.Splice(
                    start=src.span(site.cell.source, call.func)[1], end=end + 1, text=f"({codec!r})"
                )
            else:
                change = src.Splice(start=end, end=end, text=f"{comma}encoding={codec!r}")
            yield site.reading(
                f"The file is not UTF-8; its encoding may be {codec}.",
                site.repair(f"Read it as {codec}.", change),
                weight=0.7 - 0.1 * place,
            )
        return


def _opened(site: Site) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(site.tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "open"
    ]


@rule(
    "json.damaged",
    "JSONDecodeError",
    lesson="JSON is stricter than Python: only double quotes, no comma after the last element, and "
    "lower-case `true` and `null`.",
)
def damaged_json(site: Site) -> Iterator[Suspicion]:
    for call in site.find(
        ast.Call,
        lambda node: (
            getattr(node.func, "attr", getattr(node.func, "id", "")) in ("loads", "load") and bool(node.args)
        ),
    ):
        argument = call.args[0]
        value = site.literal(argument)
        if getattr(call.func, "attr", getattr(call.func, "id", "")) == "load":
            if site.says(r"Expecting value: line 1 column 1 \(char 0\)"):
                yield site.reading("The file is empty, or was already read to its end.", weight=0.6)
            elif site.says(r"Extra data: line 2 ") and isinstance(call.func, ast.Attribute):
                loads = f"{site.text(call.func.value)}.loads"
                new = f"[{loads}(line) for line in {site.text(argument)} if line.strip()]"
                repair = site.repair("Read it line by line.", site.over(call, new))
                yield site.reading("Each line is a JSON document of its own.", repair, weight=0.85)
            return
        if isinstance(value, str):
            yield from _json_readings(site, call, argument, value)
        elif site.says(r"Extra data: line 2 "):
            yield _line_by_line(site, call, argument)
        return


def _line_by_line(site: Site, call: ast.Call, argument: ast.expr) -> Suspicion:
    loads, text = site.text(call.func), site.text(argument)
    change = site.over(call, f"[{loads}(line) for line in {text}.splitlines() if line.strip()]")
    repair = site.repair("Read it line by line.", change)
    return site.reading("Each line is a JSON document of its own.", repair, weight=0.8)


def _json_readings(site: Site, call: ast.Call, argument: ast.expr, value: str) -> Iterator[Suspicion]:
    text = site.text(argument)
    if not value.strip():
        yield site.cause(
            "The string is empty; even empty JSON is `{}` or `[]`.",
            "It is empty.",
            f"not {text}.strip()",
            weight=0.9,
        )
    elif value.startswith("\ufeff"):
        change = site.after(argument, ".lstrip('\\ufeff')")
        yield site.cause(
            "The string begins with a byte order mark.",
            "Its first character is U+FEFF.",
            f"{text}[0] == '\\ufeff'",
            site.repair("Remove the byte order mark.", change),
            weight=0.93,
        )
    elif _is_python(value):
        changes = [site.over(call, f"ast.literal_eval({text})"), src.add_import(site.cell, "import ast")]
        claim = "The string is a Python literal (single quotes, `True`, `None`), not JSON."
        yield site.cause(
            claim,
            "Python can evaluate it.",
            f"import ast\nast.literal_eval({text}) is not None",
            site.repair("Use `ast.literal_eval`, which reads Python literals.", *changes),
            weight=0.9,
        )
    elif "Extra data" in site.raised.evalue and "\n" in value.strip():
        yield _line_by_line(site, call, argument)


def _is_python(value: str) -> bool:
    try:
        return isinstance(ast.literal_eval(value.strip()), dict | list | tuple)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False


_BYTES = (
    r"write\(\) argument must be str, not bytes|a bytes-like object is required, not 'str'|opened in text "
    r"mode|can't decode byte|expected .*bytes.*, got|must be str, not bytes"
)


@rule(
    "file.bytes",
    "TypeError",
    "UnicodeDecodeError",
    "Error",
    lesson="Pickles, pictures and archives are bytes: open them with `'rb'` or `'wb'`. Text and CSV files "
    "are opened without the `b`.",
)
def of_bytes(site: Site) -> Iterator[Suspicion]:
    """`pickle.dump(x, open(path, 'w'))`, `csv.writer(open(path, 'wb'))`: the mode of the other kind."""
    opened = [call for call in _opened(site) if call.lineno <= site.frame.lineno and call.args]
    if not site.says(_BYTES) or not opened:
        return
    call = max(opened, key=lambda node: node.lineno)
    given = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "mode")]
    now = site.literal(given[0]) if given else "r"
    decoded = site.says("can't decode byte") is not None
    if not isinstance(now, str) or (decoded and not _loads_bytes(site)):
        return
    other = now.replace("b", "") if "b" in now else f"{now.replace('t', '')}b"
    kept = [item for item in call.keywords if item.arg not in ("mode", "encoding", "newline", "errors")]
    parts = [site.text(call.args[0]), repr(other), *map(site.text, kept)]
    new = site.over(call, f"{site.text(call.func)}({', '.join(parts)})")
    wants, has = ("text", "bytes") if "b" in now else ("bytes", "text")
    needed = "text is needed" if wants == "text" else "bytes are needed"
    claim = f"`{site.one_line(call)}` opens the file for {has}, and {needed}."
    yield site.reading(claim, site.repair(f"Open it for {wants}: {other!r}.", new), weight=0.9)


def _loads_bytes(site: Site) -> bool:
    """Whether the failing statement reads objects or arrays, not text."""
    calls = site.find(ast.Call, lambda node: getattr(node.func, "attr", "") in ("load", "Unpickler"))
    return any("json" not in site.text(call.func) for call in calls)


@rule(
    "csv.fieldnames",
    "ValueError",
    lesson="A `DictWriter` writes the fields in `fieldnames` and refuses rows with others, unless "
    "`extrasaction='ignore'` tells it to leave them out.",
)
def fieldnames(site: Site) -> Iterator[Suspicion]:
    """`csv.DictWriter(f, fieldnames=[…])`, and a row with another field."""
    said = site.says(r"dict contains fields not in fieldnames: (.+)")
    calls = [
        (cell, node)
        for cell, tree in (site.cells() if said is not None else ())
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "DictWriter"
    ]
    for cell, call in calls[:1]:
        named = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "fieldnames")]
        new = said[1] if said is not None else ""
        repairs = []
        if named and isinstance(named[0], ast.List | ast.Tuple) and named[0].elts:
            more = src.after(cell.source, named[0].elts[-1], f", {new}")
            repairs.append(Repair(edits=(src.edit(cell, more),), why=f"Write {new} too."))
        every = site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "writerows")
        for rows in [item.args[0] for item in every if item.args][:1] if named and not repairs else ():
            names = f"list(dict.fromkeys(name for row in {site.text(rows)} for name in row))"
            why = "Write the fields of all rows."
            repairs.append(Repair(edits=(src.edit(cell, src.over(cell.source, named[0], names)),), why=why))
        fewer = src.after(cell.source, [*call.args, *call.keywords][-1], ", extrasaction='ignore'")
        repairs.append(Repair(edits=(src.edit(cell, fewer),), why=f"Leave {new} out of the file."))
        claim = f"A row has {new}, which is not among the `fieldnames` of the writer."
        yield site.reading(claim, *repairs, weight=0.9)


@rule(
    "file.mode",
    "UnsupportedOperation",
    lesson="`open` reads by default. Its second argument says what else: `'w'` writes anew, `'a'` adds.",
)
def mode(site: Site) -> Iterator[Suspicion]:
    """A file that is written to and was opened to be read, or the reverse."""
    said = site.says(r"not (writable|readable)")
    opened = [call for call in _opened(site) if call.lineno <= site.frame.lineno and call.args]
    if said is None or not opened:
        return
    call = max(opened, key=lambda node: node.lineno)
    given = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "mode")]
    binary = "b" if any("b" in str(site.literal(item)) for item in given) else ""
    modes = (
        {"w": "Write the file anew.", "a": "Add to the file."} if said[1] == "writable" else {"r": "Read it."}
    )
    repairs = []
    for letter, why in modes.items():
        new = repr(letter + binary)
        change = site.over(given[0], new) if given else site.after(call.args[0], f", {new}")
        repairs.append(site.repair(why, change))
    claim = f"`{site.one_line(call)}` opens the file in a mode in which it is not {said[1]}."
    yield site.reading(claim, *repairs, weight=0.85)


@rule(
    "file.absent",
    "FileNotFoundError",
    lesson="A path without a leading `/` starts in the kernel's working directory, usually the notebook's "
    "folder.",
)
def absent_file(site: Site) -> Iterator[Suspicion]:
    """Where the file was looked for, and what is there."""
    wrong = missing_path(site)
    if not wrong:
        return
    yield site.cause(
        _absence(Path(wrong), site),
        "The path does not exist.",
        f"import os\nnot os.path.exists({wrong!r})",
        weight=0.4,
    )


def _absence(path: Path, site: Site) -> str:
    """What is where a file was looked for, in a sentence."""
    if site.folder is None:
        return f"There is no `{path.name}` in the kernel's working directory."
    if not (site.folder / path.parent).is_dir():
        return f"The folder `{path.parent}` does not exist."
    names, folder = listing(site.folder / path.parent), Path(site.case.environment.cwd) / path.parent
    if not names:
        return f"There is no `{path.name}` in `{folder}`, which is empty."
    there = ", ".join(f"`{name}`" for name in names[:8])
    return f"There is no `{path.name}` in `{folder}`, which has {there}{'…' if len(names) > 8 else ''}."


@rule(
    "file.listed",
    "FileNotFoundError",
    lesson="`os.listdir` gives names without their folder. `os.path.join(folder, name)` is the path.",
)
def listed(site: Site) -> Iterator[Suspicion]:
    """`for name in os.listdir(folder): open(name)`."""
    wrong = missing_path(site)
    loops = [
        (node.target, node.iter)
        for node in ast.walk(site.tree)
        if isinstance(node, ast.For | ast.comprehension)
    ]
    for target, goes_over in loops if wrong else ():
        folder = _listed_folder(site, goes_over)
        if folder is None or not isinstance(target, ast.Name) or site.literal(target) not in (wrong, UNKNOWN):
            continue
        used = [
            argument
            for node in ast.walk(site.statement or site.tree)
            if isinstance(node, ast.Call)
            for argument in node.args
            if isinstance(argument, ast.Name) and argument.id == target.id
        ]
        if not used:
            continue
        changes = [site.over(node, f"os.path.join({folder}, {target.id})") for node in used]
        missing = [] if site.known("os") is not None else [src.add_import(site.cell, "import os")]
        repair = site.repair("Join the folder and the name.", *changes, *missing)
        claim = f"`{target.id}` is the name of a file in `{folder}`, without the folder."
        check = (
            f"import os\nos.path.exists(os.path.join({folder}, {wrong!r})) and not os.path.exists({wrong!r})"
        )
        yield site.cause(claim, "It exists in that folder.", check, repair, weight=0.96)
        return


def _listed_folder(site: Site, goes_over: ast.expr) -> str | None:
    """The folder whose names a loop goes over."""
    whole = goes_over
    if isinstance(whole, ast.Name):
        made = next(site.assignments(whole.id), None)
        if made is None:
            return None
        whole = made[1].value
    for node in ast.walk(whole):
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", "")) == "listdir"
        ):
            return ast.unparse(node.args[0]) if node.args else None
    return None


RULES = (mode, of_bytes, fieldnames, absent_file, near_name, listed, missing_folder, encoding, damaged_json)
