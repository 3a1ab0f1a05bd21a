"""Rules for data on its way out: JSON, files, conversions of whole collections."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pure
from cot_magic.reasoners.offline.described import shown
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_LISTED = ("set", "frozenset", "dict_keys", "dict_values", "map", "range", "filter")


_WRITTEN = ("datetime", "date", "Timestamp", "PosixPath", "UUID")


@rule(
    "json.not_plain",
    "TypeError",
    lesson="JSON knows text, numbers, lists, dictionaries, true, false and null. Other types must be "
    "converted first; "
    "`default=` tells how.",
)
def json_not_plain(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"Object of type (\w+) is not JSON serializable")
    if said is None:
        return
    convert = "list" if said[1] in _LISTED else "str" if said[1] in _WRITTEN else None
    convert = {"ndarray": "lambda value: value.tolist()", "Decimal": "float"}.get(said[1], convert)
    if (said[1].startswith(("int", "float", "uint", "bool")) and said[1][-1].isdigit()) or said[1] == "bool_":
        convert = "lambda value: value.item()"
    if convert is None:
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "attr", getattr(node.func, "id", "")) in ("dumps", "dump")
    ):
        end = src.span(site.cell.source, call)[1] - 1
        claim = f"The data holds a `{said[1]}`, which JSON does not know."
        repair = site.repair(
            "`default` converts it.", src.Change(start=end, end=end, text=f", default={convert}")
        )
        weight = 0.8
        if call.args and kind_of(site, call.args[0]).rsplit(".", 1)[-1] == said[1] and convert == "list":
            direct = site.repair("A list is known to JSON.", *site.call("list", call.args[0]))
            yield site.reading(claim, direct, weight=0.85)
        yield site.reading(claim, repair, weight=weight)
        return


@rule(
    "file.text_or_bytes",
    "TypeError",
    lesson="A file opened with `b` in its mode takes bytes, any other takes text.",
)
def text_or_bytes(site: Site) -> Iterator[Suspicion]:
    wants_text = site.says(r"write\(\) argument must be str, not (\w+)|string argument expected, got '(\w+)'")
    wants_bytes = site.says(r"a bytes-like object is required, not 'str'")
    if not wants_text and not wants_bytes:
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "attr", "") == "write" and len(node.args) == 1
    ):
        argument = call.args[0]
        if wants_text and (wants_text[1] or wants_text[2]) != "bytes":
            claim = f"`{site.one_line(argument)}` is {shown(site.value(argument))}; a file takes text."
            repair = site.repair("It becomes text.", *site.call("str", argument))
            yield site.cause(
                claim, "It is not text.", f"not isinstance({site.text(argument)}, str)", repair, weight=0.9
            )
            return
        for opened in [
            node
            for node in ast.walk(site.tree)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "open"
        ]:
            mode = opened.args[1] if len(opened.args) > 1 else None
            if isinstance(mode, ast.Constant) and isinstance(mode.value, str):
                new = mode.value.replace("b", "") if wants_bytes else mode.value + "b"
                claim = f"The file was opened with the mode {mode.value!r}."
                yield site.reading(
                    claim,
                    site.repair("The mode fits what is written.", site.over(mode, repr(new))),
                    weight=0.8,
                )
        change = site.after(argument, ".encode()" if wants_bytes else ".decode()")
        yield site.reading(
            "What is written may be converted instead.",
            site.repair("It fits the file then.", change),
            weight=0.5,
        )
        return
    if wants_bytes:
        for node in site.find(ast.Call)[:1]:
            if isinstance(node.func, ast.Attribute) and kind_of(site, node.func.value) == "bytes":
                change = site.after(node.func.value, ".decode()")
                yield site.reading(
                    "Bytes are treated as text.", site.repair("They become text.", change), weight=0.7
                )


@rule(
    "number.of_collection",
    "TypeError",
    lesson="`int` and `float` make one number of one text. For a list, each element must be converted.",
)
def number_of_collection(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"(int|float)\(\) argument must be .* not '(list|tuple)'")
    if said is None:
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "id", "") == said[1] and len(node.args) == 1
    ):
        new = f"[{said[1]}(item) for item in {site.text(call.args[0])}]"
        claim = f"`{site.one_line(call.args[0])}` is a {said[2]}."
        yield site.reading(claim, site.repair("Each element is converted.", site.over(call, new)), weight=0.8)
        found = site.literal(call.args[0])
        if isinstance(found, list | tuple) and len(found) == 1:
            yield site.reading(
                claim,
                site.repair("Its only element is converted.", site.after(call.args[0], "[0]")),
                weight=0.7,
            )
        return


@rule(
    "json.load_or_loads",
    "AttributeError",
    "TypeError",
    lesson="`json.load` reads a file, `json.loads` a text (the s stands for string). So it is for "
    "`dump` and `dumps`.",
)
def load_or_loads(site: Site) -> Iterator[Suspicion]:
    text = site.says(r"'(str|bytes)' object has no attribute '(read|readline)'|missing .*'fp'")
    file = site.says(
        r"object must be str, bytes or bytearray, not (TextIOWrapper|BufferedReader|StringIO|Response)"
    )
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") in ("load", "loads", "dump")):
        assert isinstance(call.func, ast.Attribute)
        name = call.func.attr
        meant = {("load", True): "loads", ("dump", True): "dumps", ("loads", False): "load"}.get(
            (name, text is not None)
        )
        if meant is None or (text is None and file is None) or not call.args:
            continue
        start, end = src.span(site.cell.source, call.func.value)[1], src.span(site.cell.source, call.func)[1]
        repair = site.repair(f"`{meant}` takes that.", src.Change(start=start, end=end, text=f".{meant}"))
        module, first = site.text(call.func.value), site.text(call.args[0])
        claim = f"`{name}` got {'text' if text is not None else 'a file'}; that is for `{meant}`."
        check = f"hasattr({module}, {meant!r}) and hasattr({first}, 'read') is {file is not None}"
        if pure(call.args[0]):
            yield site.cause(claim, f"`{module}` has `{meant}`.", check, repair, weight=0.93)
        else:
            yield site.reading(claim, repair, weight=0.9)
        return


RULES = (
    load_or_loads,
    json_not_plain,
    text_or_bytes,
    number_of_collection,
)
