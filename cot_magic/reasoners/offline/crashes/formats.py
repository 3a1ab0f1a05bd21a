"""Rules for strings, JSON and files being made: joining, formatting, converting."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pure
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site, number_in, shown
from cot_magic.reasoners.offline.written import rule


@rule(
    "text.sum",
    "TypeError",
    lesson="`sum` adds numbers and starts at 0. Texts are joined with `''.join(texts)`; lists are "
    "joined with "
    "`sum(lists, [])`.",
)
def summed(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"unsupported operand type\(s\) for \+: 'int' and '(str|list|tuple)'") or site.says(
        r"sum\(\) can't sum (strings)"
    )
    if said is None:
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "id", "") == "sum" and bool(node.args)):
        items, value = call.args[0], site.literal(call.args[0])
        text = site.text(items)
        if said[1] in ("list", "tuple"):
            empty = "[]" if said[1] == "list" else "()"
            repair = site.repair("The sum starts with an empty one.", site.after(items, f", {empty}"))
            yield site.cause(
                f"`{text}` holds {said[1]}s, and `sum` starts at the number 0.",
                f"They are {said[1]}s.",
                f"type(next(iter({text}))).__name__ == {said[1]!r}",
                repair,
                weight=0.9,
            )
            return
        texts = list(value) if isinstance(value, list | tuple | set | str) else []
        claim = f"`{text}` holds text, and `sum` adds numbers."
        if texts and all(isinstance(item, str) and number_in(item) for item in texts):
            convert = "int" if all(number_in(item) == "int" for item in texts) else "float"
            repair = site.repair(
                "Each becomes a number.", *src.wrap(site.cell.source, items, f"map({convert}, ", ")")
            )
            yield site.cause(
                claim,
                "Each is a number in quotes.",
                f"bool(list(map({convert}, {text})))",
                repair,
                weight=0.9,
            )
        elif texts and all(isinstance(item, str) for item in texts):
            repair = site.repair("`join` puts texts together.", site.over(call, f"''.join({text})"))
            yield site.cause(claim, "Each is text.", f"isinstance(''.join({text}), str)", repair, weight=0.9)
        return


@rule(
    "text.join",
    "TypeError",
    lesson="`join` puts texts together. Other things must become text first: `', '.join(map(str, items))`.",
)
def joined(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"sequence item \d+: expected str instance"):
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "attr", "") == "join" and len(node.args) == 1
    ):
        items = call.args[0]
        repair = site.repair("Each becomes text.", *src.wrap(site.cell.source, items, "map(str, ", ")"))
        if (
            isinstance(items, ast.GeneratorExp)
            and not site.text(items).startswith("((")
            and site.cell.source[src.span(site.cell.source, items)[0] - 1] != "("
        ):
            change = [*site.call("str", items.elt)]
            repair = site.repair("Each becomes text.", *change)
        claim = f"`{site.one_line(items)}` holds something that is not text."
        check = f"any([not isinstance(item, str) for item in {site.text(items)}])"
        if pure(items):
            yield site.cause(
                claim,
                "At least one element is not text.",
                f"import builtins\nbuiltins.set(map(type, {site.text(items)})) != {{str}}",
                repair,
                weight=0.93,
            )
        else:
            yield site.cause(claim, "At least one element is not text.", check, repair, weight=0.9)
        return


@rule(
    "text.percent",
    "TypeError",
    lesson="After `%` several values must stand in brackets: `'%s %s' % (a, b)`. An f-string is simpler: "
    "`f'{a} {b}'`.",
)
def percent(site: Site) -> Iterator[Suspicion]:
    few = site.says(r"not enough arguments for format string")
    many = site.says(r"not all arguments converted during string formatting")
    if not few and not many:
        return
    for node in site.find(ast.BinOp, lambda node: isinstance(node.op, ast.Mod)):
        if few:
            holder = _tuple_around(site, node)
            if holder is not None:
                elements: list[ast.expr] = [node.right, *holder[holder.index(node) + 1 :]]
                start, end = (
                    src.span(site.cell.source, elements[0])[0],
                    src.span(site.cell.source, elements[-1])[1],
                )
                changes = [
                    src.Splice(start=start, end=start, text="("),
                    src.Splice(start=end, end=end, text=")"),
                ]
                repair = site.repair("In brackets they are one tuple of values.", *changes)
                claim = "Only the first value belongs to the `%`; the others stand outside."
                yield site.cause(
                    claim,
                    "The left side is a text with more places.",
                    f"isinstance({site.text(node.left)}, str)",
                    repair,
                    weight=0.9,
                )
            return
        value = site.literal(node.left)
        if number_in(value):
            claim = (
                f"`{site.one_line(node.left)}` is the text {shown(site.value(node.left))}, so `%` "
                "means formatting."
            )
            repair = site.repair("It becomes a number.", *site.call(number_in(value), node.left))
            yield site.cause(
                claim,
                "It is a number in quotes.",
                f"isinstance({site.text(node.left)}, str)",
                repair,
                weight=0.9,
            )
        elif kind_of(site, node.right) == "tuple" and isinstance(node.right, ast.Name):
            repair = site.repair("The tuple is one value.", site.over(node.right, f"({node.right.id},)"))
            yield site.reading("The tuple is taken for several values.", repair, weight=0.7)
        return


def _tuple_around(site: Site, node: ast.BinOp) -> list[ast.expr] | None:
    for item in ast.walk(site.statement or site.tree):
        elements = (
            item.elts if isinstance(item, ast.Tuple) else item.args if isinstance(item, ast.Call) else []
        )
        if any(part is node for part in elements) and elements[-1] is not node:
            return list(elements)
    return None


@rule(
    "text.format_code",
    "ValueError",
    "TypeError",
    lesson="A format such as `.2f` works on numbers. Text must become a number first, or be written "
    "without it.",
)
def format_code(site: Site) -> Iterator[Suspicion]:
    if not site.says(
        r"Unknown format code '\w' for object of type 'str'|(?:a real number|an integer) is required, "
        r"not str|unsupported format string passed"
    ):
        return
    for part in site.find(ast.FormattedValue):
        value = site.literal(part.value)
        if kind_of(site, part.value) == "str" and number_in(value):
            claim = (
                f"`{site.one_line(part.value)}` is the text {shown(site.value(part.value))}, not a number."
            )
            repair = site.repair("It becomes a number.", *site.call(number_in(value), part.value))
            yield site.cause(
                claim,
                "It is a number in quotes.",
                f"isinstance({site.text(part.value)}, str)",
                repair,
                weight=0.85,
            )
            return
    for node in site.find(ast.BinOp, lambda node: isinstance(node.op, ast.Mod)):
        values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        changes = [
            c
            for item in values
            if number_in(site.literal(item))
            for c in site.call(number_in(site.literal(item)), item)
        ]
        if changes:
            yield site.reading(
                "A value is text where the format wants a number.",
                site.repair("It becomes a number.", *changes),
                weight=0.7,
            )
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "format"):
        changes = [
            c
            for item in call.args
            if number_in(site.literal(item)) and kind_of(site, item) == "str"
            for c in site.call(number_in(site.literal(item)), item)
        ]
        if changes:
            yield site.reading(
                "A value is text where the format wants a number.",
                site.repair("It becomes a number.", *changes),
                weight=0.75,
            )
        return


@rule(
    "text.join_of_one",
    "TypeError",
    lesson="`join` needs a collection of texts. One value becomes text with `str`.",
)
def join_of_one(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"can only join an iterable"):
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "attr", "") == "join" and len(node.args) == 1
    ):
        claim = (
            f"`{site.one_line(call.args[0])}` is {shown(site.value(call.args[0]))}, which is no collection."
        )
        yield site.reading(
            claim, site.repair("Its digits are joined.", *site.call("str", call.args[0])), weight=0.6
        )
        changes = src.wrap(site.cell.source, call.args[0], "[str(", ")]")
        yield site.reading(claim, site.repair("It is the only element.", *changes), weight=0.4)


@rule(
    "text.ord",
    "TypeError",
    lesson="`ord` gives the number of a sign, `chr` the sign of a number.",
)
def ord_and_chr(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"ord\(\) expected string of length 1, but int found"):
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "id", "") == "ord"):
        yield site.reading(
            "`ord` got a number.",
            site.repair("`chr` takes a number.", site.over(call.func, "chr")),
            weight=0.7,
        )
        return


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
            "`default` converts it.", src.Splice(start=end, end=end, text=f", default={convert}")
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
        repair = site.repair(f"`{meant}` takes that.", src.Splice(start=start, end=end, text=f".{meant}"))
        module, first = site.text(call.func.value), site.text(call.args[0])
        claim = f"`{name}` got {'text' if text is not None else 'a file'}; that is for `{meant}`."
        check = f"hasattr({module}, {meant!r}) and hasattr({first}, 'read') is {file is not None}"
        if pure(call.args[0]):
            yield site.cause(claim, f"`{module}` has `{meant}`.", check, repair, weight=0.93)
        else:
            yield site.reading(claim, repair, weight=0.9)
        return


RULES = (
    join_of_one,
    ord_and_chr,
    summed,
    joined,
    percent,
    format_code,
    load_or_loads,
    json_not_plain,
    text_or_bytes,
    number_of_collection,
)
