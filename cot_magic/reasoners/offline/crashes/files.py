"""Rules for files: misspelt paths, missing folders, encodings, invalid JSON."""

import ast
from collections.abc import Iterator
from pathlib import Path

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.stored import TEXT, format_of
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_MOST = 2_000  # entries of a folder that are read
_MOST_FOLDERS = 200  # of one depth in which a file is looked for


@rule(
    "file.encoding",
    "UnicodeDecodeError",
    lesson="A text file is stored in some encoding. Most are UTF-8; files from older Windows programs are "
    "often cp1252.",
)
def encoding(site: Site) -> Iterator[Suspicion]:
    for call in site.calls("open", "read_csv", "read_text", "decode", "read_table") or _opened(site):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        path = site.literal(call.args[0]) if name != "decode" and call.args else None
        if type(path) is str and format_of((site.folder or Path()) / path) not in TEXT:
            return
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
    for call in site.calls("loads", "load", least=1):
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


RULES = (mode, of_bytes, fieldnames, encoding, damaged_json)
