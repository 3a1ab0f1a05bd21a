"""Rules for making strings, JSON and files: joining, formatting, converting."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pure
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site, number_in
from cot_magic.reasoners.offline.written import rule


@rule(
    "text.sum",
    "TypeError",
    lesson="`sum` adds numbers, starting at 0. Join strings with `''.join(strings)`, and lists with "
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
            repair = site.repair(f"Start the sum with an empty {said[1]}.", site.after(items, f", {empty}"))
            yield site.cause(
                f"`{text}` holds {said[1]}s, but `sum` starts at the number 0.",
                f"They are {said[1]}s.",
                f"type(next(iter({text}))).__name__ == {said[1]!r}",
                repair,
                weight=0.9,
            )
            return
        texts = list(value) if isinstance(value, list | tuple | set | str) else []
        claim = f"`{text}` holds strings, but `sum` adds numbers."
        if texts and all(isinstance(item, str) and number_in(item) for item in texts):
            convert = "int" if all(number_in(item) == "int" for item in texts) else "float"
            repair = site.repair(
                "Convert each of them to a number.",
                *src.wrap(site.cell.source, items, f"map({convert}, ", ")"),
            )
            yield site.cause(
                claim,
                "Each of them is a string that holds a number.",
                f"bool(list(map({convert}, {text})))",
                repair,
                weight=0.9,
            )
        elif texts and all(isinstance(item, str) for item in texts):
            repair = site.repair("Use `join`, which joins strings.", site.over(call, f"''.join({text})"))
            yield site.cause(
                claim, "Each of them is a string.", f"isinstance(''.join({text}), str)", repair, weight=0.9
            )
        return


@rule(
    "text.join",
    "TypeError",
    lesson="`join` joins strings. Convert anything else first: `', '.join(map(str, items))`.",
)
def joined(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"sequence item \d+: expected str instance"):
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "attr", "") == "join" and len(node.args) == 1
    ):
        items = call.args[0]
        repair = site.repair(
            "Convert each element to a string.", *src.wrap(site.cell.source, items, "map(str, ", ")")
        )
        if (
            isinstance(items, ast.GeneratorExp)
            and not site.text(items).startswith("((")
            and site.cell.source[src.span(site.cell.source, items)[0] - 1] != "("
        ):
            change = [*site.call("str", items.elt)]
            repair = site.repair("Convert each element to a string.", *change)
        claim = f"`{site.one_line(items)}` has an element that is not a string."
        check = f"any([not isinstance(item, str) for item in {site.text(items)}])"
        if pure(items):
            yield site.cause(
                claim,
                "At least one element is not a string.",
                f"import builtins\nbuiltins.set(map(type, {site.text(items)})) != {{str}}",
                repair,
                weight=0.93,
            )
        else:
            yield site.cause(claim, "At least one element is not a string.", check, repair, weight=0.9)
        return


@rule(
    "text.percent",
    "TypeError",
    lesson="After `%`, put several values in parentheses: `'%s %s' % (a, b)`. An f-string is simpler: `f'{a} "
    "{b}'`.",
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
                repair = site.repair("Put the values in parentheses, which makes them one tuple.", *changes)
                claim = "Only the first value belongs to the `%`; the others are outside."
                yield site.cause(
                    claim,
                    "The left operand is a format string.",
                    f"isinstance({site.text(node.left)}, str)",
                    repair,
                    weight=0.9,
                )
            return
        value = site.literal(node.left)
        if number_in(value):
            claim = f"{site.mention(node.left)} is a string, so `%` formats it."
            repair = site.repair("Convert it to a number.", *site.call(number_in(value), node.left))
            yield site.cause(
                claim,
                "It is a string that holds a number.",
                f"isinstance({site.text(node.left)}, str)",
                repair,
                weight=0.9,
            )
        elif kind_of(site, node.right) == "tuple" and isinstance(node.right, ast.Name):
            repair = site.repair(
                "Put the tuple into a tuple of its own, so that it is one value.",
                site.over(node.right, f"({node.right.id},)"),
            )
            yield site.reading("The elements of the tuple are taken as several values.", repair, weight=0.7)
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
    lesson="A format such as `.2f` is for numbers. Convert the string to a number, or remove the format.",
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
            claim = f"{site.mention(part.value)} is a string, not a number."
            repair = site.repair("Convert it to a number.", *site.call(number_in(value), part.value))
            yield site.cause(
                claim,
                "It is a string that holds a number.",
                f"isinstance({site.text(part.value)}, str)",
                repair,
                weight=0.85,
            )
            return
    percent = site.find(ast.BinOp, lambda node: isinstance(node.op, ast.Mod))
    given = [node.right.elts if isinstance(node.right, ast.Tuple) else [node.right] for node in percent]
    for values in [*given, *(call.args for call in site.calls("format"))][:1]:
        numbers = [item for item in values if kind_of(site, item) == "str" and number_in(site.literal(item))]
        changes = [change for item in numbers for change in site.call(number_in(site.literal(item)), item)]
        if changes:
            yield site.reading(
                "A value is a string, but the format is for numbers.",
                site.repair("Convert it to a number.", *changes),
                weight=0.7,
            )


@rule(
    "text.join_of_one",
    "TypeError",
    lesson="`join` needs an iterable of strings. Convert a single value with `str`.",
)
def join_of_one(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"can only join an iterable"):
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "attr", "") == "join" and len(node.args) == 1
    ):
        claim = f"{site.mention(call.args[0])} is not an iterable."
        yield site.reading(
            claim, site.repair("Join its digits.", *site.call("str", call.args[0])), weight=0.6
        )
        changes = src.wrap(site.cell.source, call.args[0], "[str(", ")]")
        yield site.reading(
            claim, site.repair("Join a list with it as the only element.", *changes), weight=0.4
        )


@rule(
    "text.ord",
    "TypeError",
    lesson="`ord` gives the code of a character, and `chr` gives the character of a code.",
)
def ord_and_chr(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"ord\(\) expected string of length 1, but int found"):
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "id", "") == "ord"):
        yield site.reading(
            "`ord` got an integer, but needs a character.",
            site.repair("Use `chr`, which takes an integer.", site.over(call.func, "chr")),
            weight=0.7,
        )
        return


_LISTED = ("set", "frozenset", "dict_keys", "dict_values", "map", "range", "filter")


_WRITTEN = ("datetime", "date", "Timestamp", "PosixPath", "UUID")


@rule(
    "json.not_plain",
    "TypeError",
    lesson="JSON has strings, numbers, arrays (lists), objects (dictionaries), true, false and null. Convert "
    "values of other types first, or with `default=`.",
)
def json_not_plain(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"Object of type (\w+) is not JSON serializable")
    if said is None:
        return
    convert = "list" if said[1] in _LISTED else "str" if said[1] in _WRITTEN else None
    convert = {"ndarray": "lambda value: value.tolist()", "Decimal": "float"}.get(said[1], convert)
    if (said[1].startswith(("int", "float", "uint", "bool")) and said[1][-1].isdigit()) or said[1] == "bool_":
        convert = "lambda value: value.tolist()"  # of numbers and arrays of numpy
    if convert is None:
        return
    for call in site.calls("dumps", "dump"):
        end = src.span(site.cell.source, call)[1] - 1
        claim = f"The data contains a `{said[1]}`, which JSON cannot represent."
        repair = site.repair(
            "Convert it with `default`.", src.Splice(start=end, end=end, text=f", default={convert}")
        )
        weight = 0.95
        if call.args and kind_of(site, call.args[0]).rsplit(".", 1)[-1] == said[1] and convert == "list":
            direct = site.repair(
                "Convert it to a list, which JSON can represent.", *site.call("list", call.args[0])
            )
            yield site.reading(claim, direct, weight=0.96)
        yield site.reading(claim, repair, weight=weight)
        return


@rule(
    "file.text_or_bytes",
    "TypeError",
    lesson="A file that is opened with `b` in its mode reads and writes bytes; any other file reads and "
    "writes strings.",
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
            claim = f"{site.mention(argument)} is not a string, but this file takes only strings."
            repair = site.repair("Convert it to a string.", *site.call("str", argument))
            yield site.cause(
                claim,
                "It is not a string.",
                f"not isinstance({site.text(argument)}, str)",
                repair,
                weight=0.9,
            )
            return
        change = site.after(argument, ".encode()" if wants_bytes else ".decode()")
        yield site.reading(
            "You may want to convert what is written.",
            site.repair("Convert it for this file.", change),
            weight=0.5,
        )
        return
    if wants_bytes:
        for node in site.find(ast.Call)[:1]:
            if isinstance(node.func, ast.Attribute) and kind_of(site, node.func.value) == "bytes":
                change = site.after(node.func.value, ".decode()")
                yield site.reading(
                    "Bytes are used like a string.",
                    site.repair("Decode them to a string.", change),
                    weight=0.7,
                )


@rule(
    "number.of_collection",
    "TypeError",
    lesson="`int` and `float` convert one value. To convert a list, convert each of its elements.",
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
        yield site.reading(claim, site.repair("Convert each element.", site.over(call, new)), weight=0.8)
        found = site.literal(call.args[0])
        if isinstance(found, list | tuple) and len(found) == 1:
            yield site.reading(
                claim, site.repair("Convert its only element.", site.after(call.args[0], "[0]")), weight=0.7
            )
        return


@rule(
    "json.load_or_loads",
    "AttributeError",
    "TypeError",
    lesson="`json.load` reads a file and `json.loads` a string (the s is for string); so do `dump` and "
    "`dumps` for writing.",
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
        repair = site.repair(f"Use `{meant}`.", src.Splice(start=start, end=end, text=f".{meant}"))
        module, first = site.text(call.func.value), site.text(call.args[0])
        claim = f"`{name}` got {'a string' if text is not None else 'a file'}; use `{meant}` for that."
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
