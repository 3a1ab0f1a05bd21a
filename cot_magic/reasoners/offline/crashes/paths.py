"""Rules for paths: misspelt ones, other folders, patterns that match nothing, folders that are not there."""

import ast
import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path

from cot_magic.core.case import Cell
from cot_magic.core.language import worded
from cot_magic.core.spelling import near
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import UNKNOWN, Site
from cot_magic.reasoners.offline.written import rule

_MOST = 2_000  # entries of a folder that are read
_MOST_FOLDERS = 200  # of one depth in which a file is looked for
_MOST_MEANT = 3  # paths that are offered
_ESCAPED = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}


def missing_path(site: Site) -> str:
    """The path that was not found."""
    said = site.says(r"No such file or directory: '(.*)'$") or site.says(
        r"No such file or directory: \"(.*)\"$"
    )
    written = said[1] if said is not None else ""
    try:
        return str(ast.literal_eval(f"'{written}'"))  # the message has its repr
    except (SyntaxError, ValueError):
        return written


def listing(folder: Path) -> list[str]:
    """The names in a folder; none if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for _, entry in zip(range(_MOST), entries, strict=False))
    except OSError:
        return []


def existing(cwd: Path, wrong: str) -> list[str]:
    """Paths that exist and are spelt most like one that does not, absolute or relative as that one."""
    for sign, escape in _ESCAPED.items():
        wrong = wrong.replace(sign, escape)
    path = Path(wrong.replace("\\", "/"))
    found = [Path(path.anchor)]
    for place, part in enumerate(path.parts[bool(path.anchor) :], 1 + bool(path.anchor)):
        following = []
        for folder in found:
            if part == ".." or (cwd / folder / part).exists():
                following.append(folder / part)
                continue
            names = listing(cwd / folder)
            alike = near(part, names)
            if not alike and place == len(path.parts):
                alike = [name for name in names if Path(name).stem == Path(part).stem]
            following += [folder / name for name in alike]
        found = following[:_MOST_MEANT]
    return [str(meant) for meant in found if str(meant) != wrong]


@rule(
    "file.near_name",
    "FileNotFoundError",
    lesson="A relative path starts in the kernel's working directory. It must be spelt exactly: upper and "
    "lower case, and the extension.",
)
def near_name(site: Site) -> Iterator[Suspicion]:
    """A path whose parts are spelt otherwise, or a file that is in another folder."""
    wrong, cwd = missing_path(site), site.folder
    if not wrong or cwd is None:
        return
    found = existing(cwd, wrong)
    nearby = bool(found)
    found = found or _other_folders(cwd, Path(wrong.replace("\\", "/")))
    for place, meant in enumerate(found[:_MOST_MEANT]):
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


# --- where a path is written --------------------------------------------------------------------------------


def _respelt(site: Site, cwd: Path, wrong: str, meant: str) -> Repair | None:
    """The path where it is written as a whole; else the folder or the parts of it that are written."""
    moved = Path(meant).name == Path(wrong).name
    for cell, tree in site.cells():
        changes = []
        for node, text in _strings(tree):
            other = str(Path(meant).parent / Path(text).name)
            beside = moved and os.sep in text and Path(text).parent == Path(wrong).parent
            if text == wrong or (beside and (cwd / other).is_file()):
                changes.append(src.over(cell.source, node, repr(meant if text == wrong else other)))
        if changes:
            return Repair(edits=(src.edit(cell, *changes),), why=worded("Use `{meant}`.", meant=meant))
    return _other_parts(site, wrong, meant) or _other_folder(site, wrong, meant)


def _strings(tree: ast.AST) -> Iterator[tuple[ast.Constant, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node, node.value


def _other_parts(site: Site, wrong: str, meant: str) -> Repair | None:
    """The parts that differ, where each is written in a longer or shorter string, also one with `{}`."""
    was, now = Path(wrong).parts, Path(meant).parts
    if len(was) != len(now):
        return None
    changes: dict[str, tuple[Cell, list[src.Splice]]] = {}
    for old, new in ((a, b) for a, b in zip(was, now, strict=True) if a != b):
        for cell, node in _written(site):
            text = src.text_of(cell.source, node)
            part = rf"(?<![\w.\-]){re.escape(old)}(?![\w\-])"
            changed = re.sub(part, new.replace("\\", r"\\"), text)
            if changed != text:
                changes.setdefault(cell.id, (cell, []))[1].append(src.over(cell.source, node, changed))
                break
        else:
            return None
    edits = tuple(src.edit(cell, *splices) for cell, splices in changes.values())
    return Repair(edits=edits, why=worded("Use `{meant}`.", meant=meant)) if edits else None


def _written(site: Site) -> Iterator[tuple[Cell, ast.AST]]:
    """Strings of the failing statement, then all others, also those with `{}`; never one inside another."""
    for cell, tree in [(site.cell, site.statement), *site.cells()]:
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.JoinedStr) or (
                isinstance(node, ast.Constant) and type(node.value) is str
            ):
                yield cell, node


def _other_folder(site: Site, wrong: str, meant: str) -> Repair | None:
    """The folder in a string of its own, `DATA = '../input'`, from which the path is joined."""
    was, now = Path(wrong).parent, Path(meant).parent
    for cell, tree in site.cells():
        for node, value in _strings(tree):
            if Path(value) == was != now:
                text = f"{now}{'/' if value.endswith('/') else ''}"
                change = src.over(cell.source, node, repr(text))
                return Repair(
                    edits=(src.edit(cell, change),), why=worded("The folder is `{text}`.", text=text)
                )
    return None


# --- folders ------------------------------------------------------------------------------------------------


@rule(
    "file.missing_folder",
    "FileNotFoundError",
    "OSError",
    lesson="Opening a file for writing creates the file, but not its folder.",
)
def missing_folder(site: Site) -> Iterator[Suspicion]:
    """A file that is written into a folder that is not there."""
    said, wrong, cwd = site.says(r"non-existent directory: '(.*)'"), missing_path(site), site.folder
    folder = said[1] if said is not None else str(Path(wrong).parent) if wrong else "."
    if folder == "." or cwd is None or (cwd / folder).exists():
        return
    writes = (
        said is not None
        or any(re.fullmatch(r"[wax][bt+]{0,2}", text) for _, text in _strings(site.statement or site.tree))
        or any(
            getattr(node.func, "attr", "").startswith(("to_", "save", "write", "dump"))
            for node in site.find(ast.Call)
        )
    )
    if writes:
        statement = site.statement
        line = statement.lineno if statement is not None else site.frame.lineno
        changes = [
            src.add_import(site.cell, "import os"),  # first: both may be put above the first line
            src.line_before(site.cell.source, line, f"os.makedirs({folder!r}, exist_ok=True)"),
        ]
        yield site.cause(
            f"The folder `{folder}` does not exist, so no file can be created in it.",
            "The folder does not exist.",
            f"import os\nnot os.path.isdir({folder!r})",
            site.repair("Create the folder first.", *changes),
            weight=0.88,
        )


@rule(
    "file.is_folder",
    "IsADirectoryError",
    lesson="`open` reads one file. A folder is listed with `os.listdir` or `Path.iterdir`.",
)
def is_folder(site: Site) -> Iterator[Suspicion]:
    """`open('data')`: the files in that folder."""
    said, cwd = site.says(r"Is a directory: '(.*)'"), site.folder
    if said is None or cwd is None:
        return
    files = [name for name in listing(cwd / said[1]) if (cwd / said[1] / name).is_file()]
    if not files:
        return
    found = (_respelt(site, cwd, said[1], str(Path(said[1], name))) for name in files[:_MOST_MEANT])
    repairs = [repair for repair in found if repair is not None]
    there = ", ".join(f"`{name}`" for name in files[:_MOST_MEANT]) + ("…" if len(files) > _MOST_MEANT else "")
    claim = f"`{said[1]}` is a folder, and its files are {there}."
    if len(files) == 1:
        claim = f"`{said[1]}` is a folder, and its only file is {there}."
    check = f"import os\nos.path.isdir({said[1]!r})"
    yield site.cause(claim, "It is a folder.", check, *repairs, weight=0.85)


@rule(
    "file.no_match",
    "ValueError",
    "IndexError",
    "TypeError",
    "ZeroDivisionError",
    "StopIteration",
    lesson="`glob` finds nothing, without an error, where a folder or the pattern is misspelt.",
)
def no_match(site: Site) -> Iterator[Suspicion]:
    """`glob.glob('dat/*.csv')`, of which later code expects at least one file."""
    cwd = site.folder
    for cell, tree in site.cells() if cwd is not None else ():
        for node, text in _strings(tree):
            if not glob.has_magic(text) or "/" not in text or not _is_pattern(tree, node):
                continue
            if cwd is None or any(glob.iglob(text, root_dir=cwd, recursive=True)):
                continue
            folder = Path(*(part for part in Path(text).parts if not glob.has_magic(part)))
            rest = Path(text).relative_to(folder)
            for meant in existing(cwd, str(folder)):
                new = str(Path(meant) / rest)
                if not any(glob.iglob(new, root_dir=cwd, recursive=True)):
                    continue
                repair = Repair(
                    edits=(src.edit(cell, src.over(cell.source, node, repr(new))),),
                    why=worded("Use `{meant}`.", meant=new),
                )
                check = f"import glob\nnot glob.glob({text!r}) and bool(glob.glob({new!r}))"
                claim = f"No file matches `{text}`: there is no folder `{folder}`, the closest is `{meant}`."
                yield site.cause(claim, "With that folder something matches.", check, repair, weight=0.95)


def _is_pattern(tree: ast.AST, node: ast.Constant) -> bool:
    """Whether it is the argument of a function that searches files."""
    return any(
        isinstance(call, ast.Call)
        and call.args[:1] == [node]
        and getattr(call.func, "attr", getattr(call.func, "id", "")) in ("glob", "iglob", "rglob")
        for call in ast.walk(tree)
    )


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


RULES = (near_name, listed, missing_folder, is_folder, no_match, absent_file)
