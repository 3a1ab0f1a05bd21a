"""Rules for operators whose operands do not fit: strings, numbers, bytes, lists, tuples, comparisons."""

import ast
from collections.abc import Iterator

from cot_magic.core.language import worded
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import (
    CALLABLE,
    LAZY,
    NUMBERS,
    Pair,
    is_type,
    kind_of,
    pairs,
    pandas_name,
    pure,
)
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import UNKNOWN, Site, number_in
from cot_magic.reasoners.offline.written import rule


def _both(site: Site, pair: Pair) -> str:
    return worded("{left} and {right}", left=site.mention(pair.left), right=site.mention(pair.right))


def _converted(site: Site, pair: Pair, node: ast.expr, function: str) -> Repair:
    """`function(node)`; the target of an augmented assignment cannot be wrapped, so the assignment is written
    out."""
    why = worded("Write `{function}({node})`.", function=function, node=site.one_line(node))
    if isinstance(pair.whole, ast.AugAssign) and node is pair.left:
        sign = site.cell.source[
            src.span(site.cell.source, pair.left)[1] : src.span(site.cell.source, pair.right)[0]
        ]
        sign = sign.strip().rstrip("=")
        left = site.text(pair.left)
        right = site.text(pair.right)
        simple = isinstance(pair.right, ast.Name | ast.Constant | ast.Call | ast.Attribute | ast.Subscript)
        right = right if simple else f"({right})"
        return site.repair(why, site.over(pair.whole, f"{left} = {function}({left}) {sign} {right}"))
    return site.repair(why, *site.call(function, node))


@rule(
    "operator.sequences",
    "TypeError",
    lesson="`+` joins two lists or two tuples, but not a list and a tuple. Convert one of them: `list(t)` or "
    "`tuple(x)`.",
)
def sequences(site: Site) -> Iterator[Suspicion]:
    """A list and a tuple, a list and an iterator, a list and one element."""
    for pair in pairs(site)[:1]:
        if not isinstance(pair.operator, ast.Add):
            continue
        kinds = [kind_of(site, side) for side in pair.sides]
        claim = f"{_both(site, pair)}: `{kinds[0]}` and `{kinds[1]}` cannot be joined with `+`."
        check = " and ".join(is_type(site, side) for side in pair.sides)
        if sorted(kinds) == ["list", "tuple"]:
            second = _converted(site, pair, pair.right, kinds[0])
            yield site.reading(claim, second, weight=0.8)
            if not isinstance(pair.whole, ast.AugAssign):
                yield site.reading(
                    f"{claim} You may have meant a {kinds[1]} as the result.",
                    _converted(site, pair, pair.left, kinds[1]),
                    weight=0.5,
                )
        elif "list" in kinds and set(kinds) & set(LAZY):
            other = pair.sides[1 - kinds.index("list")]
            yield site.cause(
                claim,
                "One of them is an iterable, but not a list.",
                check,
                _converted(site, pair, other, "list"),
                weight=0.92,
            )
        elif set(kinds) <= set(LAZY) and kinds[0] and kinds[1] and "set" not in kinds:
            both = [change for side in pair.sides for change in site.call("list", side)]
            yield site.cause(
                claim,
                "Both are iterables, but not lists.",
                check,
                site.repair("Convert both to lists.", *both),
                weight=0.9,
            )
        elif kinds == ["dict", "dict"] or kinds == ["set", "set"]:
            start, end = src.span(site.cell.source, pair.left)[1], src.span(site.cell.source, pair.right)[0]
            sign = site.cell.source[start:end].replace("+", "|", 1)
            change = src.Splice(start=start, end=end, text=sign)
            yield site.cause(
                claim,
                "Both are of that type.",
                check,
                site.repair("Merge them with `|`.", change),
                weight=0.9,
            )
        elif kinds[0] in ("list", "tuple") and kinds[1] in (*NUMBERS, "str", "dict"):
            text = site.text(pair.right)
            new = f"[{text}]" if kinds[0] == "list" else f"({text},)"
            repair = site.repair(
                f"Put the element into a {kinds[0]} of its own: `{new}`.", site.over(pair.right, new)
            )
            yield site.reading(claim, repair, weight=0.75)


@rule(
    "operator.missing_call",
    "TypeError",
    lesson="A function without parentheses is the function itself. Call it to get its result.",
)
def missing_call(site: Site) -> Iterator[Suspicion]:
    for pair in pairs(site)[:1]:
        for side in pair.sides:
            if kind_of(site, side) in CALLABLE and isinstance(side, ast.Name | ast.Attribute):
                text = site.text(side)
                if isinstance(side, ast.Attribute) and repr(side.attr) in site.keys(side.value):
                    yield _column_of_that_name(site, side)
                    continue
                yield site.cause(
                    f"`{text}` is a function that is not called here.",
                    f"`{text}` is callable.",
                    f"callable({text})",
                    site.repair(f"Call it: `{text}()`.", site.after(side, "()")),
                    weight=0.85,
                )


def _column_of_that_name(site: Site, node: ast.Attribute) -> Suspicion:
    """`df.count`, where the table has a column `count`: the method comes first."""
    table, name = site.text(node.value), node.attr
    return site.cause(
        f"`{table}.{name}` is a method of the table, not its column {name!r}.",
        "There is a column of that name.",
        f"callable({table}.{name}) and {name!r} in {table}",
        site.repair(f"Take the column: `{table}[{name!r}]`.", site.over(node, f"{table}[{name!r}]")),
        weight=0.95,
    )


@rule(
    "operator.power",
    "TypeError",
    lesson="In Python `^` is the bitwise XOR of integers. Powers are written with two stars: `x ** 2`.",
)
def power(site: Site) -> Iterator[Suspicion]:
    for pair in pairs(site)[:1]:
        if isinstance(pair.operator, ast.BitXor) and "float" in [kind_of(site, side) for side in pair.sides]:
            start, end = src.span(site.cell.source, pair.left)[1], src.span(site.cell.source, pair.right)[0]
            change = src.Splice(start=start, end=end, text=site.cell.source[start:end].replace("^", "**", 1))
            check = f"isinstance({site.text(pair.left)}, float) or isinstance({site.text(pair.right)}, float)"
            claim = "`^` is the bitwise XOR of integers; you may have meant a power."
            repair = site.repair("Use `**` for the power.", change)
            yield site.cause(
                claim, "One operand is a float, which has no bitwise XOR.", check, repair, weight=0.92
            )


@rule("operator.unary", "TypeError", lesson="The signs `+` and `-` in front of a value work on numbers only.")
def unary(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"bad operand type for unary"):
        return
    for node in site.find(ast.UnaryOp)[:1]:
        kind = kind_of(site, node.operand)
        value = site.literal(node.operand)
        statement = site.statement
        source = site.cell.source
        if number_in(value):
            edit = site.repair(
                f"Convert it: `{number_in(value)}({site.one_line(node.operand)})`.",
                *site.call(number_in(value), node.operand),
            )
            claim = f"{site.mention(node.operand)} is a string, not a number."
            yield site.cause(
                claim, "It is a string that holds a number.", is_type(site, node.operand), edit, weight=0.9
            )
        if isinstance(statement, ast.Assign) and statement.value is node and isinstance(node.op, ast.UAdd):
            start = src.span(source, statement.targets[0])[1]
            change = src.Splice(start=start, end=src.span(source, node.operand)[0], text=" += ")
            claim = "`= +` may be a typo for `+=`."
            yield site.reading(
                claim, site.repair("Use `+=`, which adds to the variable.", change), weight=0.75
            )
        if isinstance(statement, ast.Expr) and statement.value is node and isinstance(node.op, ast.UAdd):
            yield from _continued(site, statement)
        numbers = isinstance(value, list | tuple) and all(isinstance(item, int | float) for item in value)
        if kind in ("list", "tuple") and isinstance(node.op, ast.USub) and numbers and value:
            new = f"[-item for item in {site.text(node.operand)}]"
            claim = f"`-` does not work on a {kind}; you may have meant to negate each number."
            yield site.reading(claim, site.repair("Negate each element.", site.over(node, new)), weight=0.6)


def _continued(site: Site, statement: ast.Expr) -> Iterator[Suspicion]:
    """A line that begins with `+` and was meant to continue the line above."""
    for block in src.blocks(site.tree):
        if statement in block and (place := block.index(statement)) > 0:
            above = block[place - 1]
            if isinstance(above, ast.Assign | ast.Return | ast.AugAssign) and above.value is not None:
                start = src.span(site.cell.source, above.value)[0]
                change = [
                    src.Splice(start=start, end=start, text="("),
                    src.Splice(
                        start=src.span(site.cell.source, statement)[1],
                        end=src.span(site.cell.source, statement)[1],
                        text=")",
                    ),
                ]
                claim = (
                    f"Line {statement.lineno} begins with `+`; you may have meant it to continue line "
                    f"{above.lineno}."
                )
                repair = site.repair(
                    "Put the expression in parentheses, so that it can span several lines.", *change
                )
                yield site.reading(claim, repair, weight=0.85)


@rule(
    "operator.length",
    "TypeError",
    lesson="A list cannot be compared with a number, but its length can: `len(x) > 3`.",
)
def length(site: Site) -> Iterator[Suspicion]:
    for pair in pairs(site)[:1]:
        kinds = [kind_of(site, side) for side in pair.sides]
        if not isinstance(pair.operator, ast.Lt | ast.Gt | ast.LtE | ast.GtE):
            continue
        if set(kinds) & {"list", "tuple", "dict", "set"} and set(kinds) & set(NUMBERS):
            place = 0 if kinds[1] in NUMBERS else 1
            claim = f"{_both(site, pair)}: you may have meant the length."
            yield site.reading(claim, _converted(site, pair, pair.sides[place], "len"), weight=0.6)


@rule(
    "operator.objects_in_table",
    "TypeError",
    lesson="A column of type `object` often holds numbers as strings. `pd.to_numeric` converts them.",
)
def objects_in_table(site: Site) -> Iterator[Suspicion]:
    """Arithmetic with a pandas column of numbers that are strings."""
    pd = pandas_name(site)
    nodes: list[ast.expr] = [side for node in site.find(ast.BinOp) for side in (node.left, node.right)]
    nodes += [node.func.value for node in site.find(ast.Call) if isinstance(node.func, ast.Attribute)]
    for node in nodes:
        if kind_of(site, node) != "pandas.core.series.Series" or not pure(node):
            continue
        text = site.text(node)
        yield site.cause(
            f"`{text}` holds numbers as strings.",
            "The column is not numeric, and each of its values can be read as a number.",
            f"{text}.dtype.kind not in 'iufb' and bool({pd}.to_numeric({text}, "
            "errors='coerce').notna().all())",
            site.repair(f"Convert the column with `{pd}.to_numeric`.", *site.call(f"{pd}.to_numeric", node)),
            weight=0.85,
        )
        return


_TEXT = (
    "Strings and numbers do not mix: `'2' + 3` could mean 5 or `'23'`. Convert one of them: `int('2')` or "
    "`str(3)`."
)


@rule("operator.text_and_number", "TypeError", lesson=_TEXT)
def text_and_number(site: Site) -> Iterator[Suspicion]:
    """`+`, other arithmetic, and comparisons of a string with a number."""
    for pair in pairs(site)[:1]:
        kinds = [kind_of(site, side) for side in pair.sides]
        if kinds.count("str") != 1 or not set(kinds) & set(NUMBERS):
            continue
        place = kinds.index("str")
        text, number = pair.sides[place], pair.sides[1 - place]
        value = site.literal(text)
        convert = number_in(value)
        claim = worded("{site}: one is a string, the other is a number.", site=_both(site, pair))
        check = " and ".join(is_type(site, side) for side in pair.sides)
        decisive = pure(text) and pure(number)
        if isinstance(pair.operator, ast.Add):
            yield from _plus(site, pair, text, number, convert, claim, check if decisive else "")
        elif convert and not (isinstance(pair.operator, ast.Mult) and kinds[1 - place] in ("int", "bool")):
            edit = _converted(site, pair, text, convert)
            yield site.cause(
                claim,
                worded("The string `{value}` holds a number.", value=value),
                f"{check} and {convert}({site.text(text)}) is not None",
                edit,
                weight=0.92,
            )
        elif value is not UNKNOWN and not isinstance(text, ast.Call):
            if decisive:
                yield site.cause(claim, worded("They are of these types."), check, weight=0.5)
        else:
            convert = "float" if kinds[1 - place] == "float" else "int"
            yield site.reading(claim, _converted(site, pair, text, convert), weight=0.6)


@rule(
    "operator.text_and_other",
    "TypeError",
    lesson="`+` joins a string with strings only. Make a string of the other value: `str(x)`, `join`, or an "
    "f-string.",
)
def text_and_other(site: Site) -> Iterator[Suspicion]:
    """`+` of a string with a value that is neither string nor number."""
    for pair in pairs(site)[:1]:
        kinds = [kind_of(site, side) for side in pair.sides]
        if not isinstance(pair.operator, ast.Add) or kinds.count("str") != 1 or "" in kinds:
            continue
        other = pair.sides[1 - kinds.index("str")]
        if kind_of(site, other) in (*NUMBERS, *CALLABLE, "NoneType", "bytes", "coroutine"):
            continue
        if kind_of(site, other).startswith(("pandas.", "numpy.")) or isinstance(pair.whole, ast.AugAssign):
            continue
        yield site.reading(f"{_both(site, pair)}: one is a string.", *_as_text(site, other), weight=0.7)


def _as_text(site: Site, node: ast.expr) -> Iterator[Repair]:
    """What may be meant by a value in a string: its strings joined, its only string, or all of it."""
    value, text = site.literal(node), site.text(node)
    strings = [isinstance(item, str) for item in value] if isinstance(value, list | tuple) else []
    if strings and all(strings):
        yield site.repair("Join its strings.", site.over(node, f"', '.join({text})"))
    yield site.repair("Make a string of it.", *site.call("str", node))
    if strings.count(True) == 1:
        place = strings.index(True)
        yield site.repair("Take the string in it.", site.after(node, f"[{place}]"))


def _plus(
    site: Site, pair: Pair, text: ast.expr, number: ast.expr, convert: str, claim: str, check: str
) -> Iterator[Suspicion]:
    joined = _all_as_text(site, pair) or _converted(site, pair, number, "str")
    if convert:
        yield site.reading(
            worded("{claim} You may have meant the sum.", claim=claim),
            _converted(site, pair, text, convert),
            weight=0.6,
        )
        yield site.reading(worded("{claim} You may have meant a string.", claim=claim), joined, weight=0.5)
    elif check and _is_words(site, text):
        yield site.cause(
            claim,
            worded("The string holds no number, so only joining makes sense."),
            check,
            joined,
            weight=0.92,
        )
    else:
        yield site.reading(claim, joined, weight=0.85)


def _all_as_text(site: Site, pair: Pair) -> Repair | None:
    """`str(…)` around each number of a chain of `+`, if there are several."""
    chain = pair.whole
    above = [node for node in ast.walk(site.statement or site.tree) if isinstance(node, ast.BinOp)]
    while found := [node for node in above if node.left is chain and isinstance(node.op, ast.Add)]:
        chain = found[0]
    numbers = []
    while isinstance(chain, ast.BinOp) and isinstance(chain.op, ast.Add):
        numbers += [side for side in (chain.right, chain.left) if kind_of(site, side) in NUMBERS]
        chain = chain.left if chain.left not in numbers else chain.right
    if len(numbers) < 2:
        return None
    changes = [change for node in numbers for change in site.call("str", node)]
    return site.repair(worded("Make strings of the numbers."), *changes)


def _is_words(site: Site, node: ast.expr) -> bool:
    value = site.literal(node)
    return isinstance(value, str) and any(character.isalpha() for character in value)


@rule(
    "operator.two_texts",
    "TypeError",
    lesson="Of the arithmetic operators, only `+` works on two strings. To calculate with numbers in "
    "strings, convert them first: `int('2')`.",
)
def two_texts(site: Site) -> Iterator[Suspicion]:
    for pair in pairs(site)[:1]:
        types = [kind_of(site, side) for side in pair.sides]
        if "str" in types and set(types) & {"list", "tuple"} and isinstance(pair.operator, ast.Mult):
            yield from _repeated(site, pair, pair.sides[types.index("str")])
        if types != ["str", "str"] or isinstance(pair.operator, ast.Add):
            continue
        kinds = [number_in(site.literal(side)) for side in pair.sides]
        multiply = isinstance(pair.operator, ast.Mult)
        claim = f"{_both(site, pair)}: both are strings."
        check = " and ".join(is_type(site, side) for side in pair.sides)
        if all(kinds):
            both = [
                change
                for side, kind in zip(pair.sides, kinds, strict=True)
                for change in site.call(kind, side)
            ]
            if not isinstance(pair.whole, ast.AugAssign):
                repair = site.repair("Convert both to numbers.", *both)
                yield site.cause(claim, "Both are strings there.", check, repair, weight=0.7)
            yield site.reading(
                claim + " You may have meant a repetition.",
                _converted(site, pair, pair.right, kinds[1]),
                weight=0.5,
            )
        elif multiply and any(kind == "int" for kind in kinds):
            place = kinds.index("int")
            edit = _converted(site, pair, pair.sides[place], "int")
            yield site.cause(claim, "Only one of them holds a number.", check, edit, weight=0.9)


@rule(
    "operator.python2_print",
    "TypeError",
    lesson="`print >>file, text` is Python 2. In Python 3, write `print(text, file=file)`.",
)
def python2_print(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"for >>: 'builtin_function_or_method'"):
        return
    for node in site.find(ast.BinOp)[:1]:
        statement = site.statement
        if isinstance(statement, ast.Expr) and isinstance(node.left, ast.Name) and node.left.id == "print":
            rest = statement.value.elts[1:] if isinstance(statement.value, ast.Tuple) else []
            parts = ", ".join([*(site.text(item) for item in rest), f"file={site.text(node.right)}"])
            repair = site.repair(f"Write `print({parts})`.", site.over(statement, f"print({parts})"))
            yield site.cause(
                "`print >>` is Python 2.",
                "`print` is a function in this version of Python.",
                "callable(print)",
                repair,
                weight=0.97,
            )


def _repeated(site: Site, pair: Pair, text: ast.expr) -> Iterator[Suspicion]:
    """A list times a string that holds an integer."""
    if number_in(site.literal(text)) == "int":
        claim = f"{site.mention(text)} is a string, not a number."
        edit = _converted(site, pair, text, "int")
        yield site.cause(claim, "It is a string that holds a number.", is_type(site, text), edit, weight=0.92)


@rule(
    "operator.bytes_and_text",
    "TypeError",
    lesson="Bytes and strings are different types. `data.decode()` gives a string, `text.encode()` gives "
    "bytes.",
)
def bytes_and_text(site: Site) -> Iterator[Suspicion]:
    for pair in pairs(site)[:1]:
        kinds = [kind_of(site, side) for side in pair.sides]
        if sorted(kinds) != ["bytes", "str"]:
            continue
        raw, text = pair.sides[kinds.index("bytes")], pair.sides[kinds.index("str")]
        claim = f"{_both(site, pair)}: one is bytes, the other is a string."
        yield site.reading(
            claim, site.repair("Decode the bytes to a string.", site.after(raw, ".decode()")), weight=0.7
        )
        if not isinstance(text, ast.Constant):
            yield site.reading(
                claim, site.repair("Encode the string as bytes.", site.after(text, ".encode()")), weight=0.5
            )
        else:
            change = src.Splice(
                start=src.span(site.cell.source, text)[0], end=src.span(site.cell.source, text)[0], text="b"
            )
            yield site.reading(
                claim, site.repair("Write the string as bytes, with a `b` in front.", change), weight=0.55
            )


@rule(
    "operator.sequence_times",
    "TypeError",
    lesson="A string or list can be repeated only an integer number of times.",
)
def sequence_times(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"can't multiply sequence by non-int"):
        return
    for pair in pairs(site)[:1]:
        kinds = [kind_of(site, side) for side in pair.sides]
        if "float" not in kinds or not set(kinds) & {"str", "list", "tuple"}:
            continue
        number = pair.sides[kinds.index("float")]
        sequence = pair.sides[1 - kinds.index("float")]
        value = site.literal(sequence)
        if number_in(value):
            claim = f"{site.mention(sequence)} is a string, not a number."
            repair = _converted(site, pair, sequence, "float")
            yield site.cause(
                claim, "It is a string that holds a number.", is_type(site, sequence), repair, weight=0.92
            )
        elif (
            isinstance(value, list | tuple) and value and all(isinstance(item, int | float) for item in value)
        ):
            new = f"[item * {site.text(number)} for item in {site.text(sequence)}]"
            claim = f"`*` repeats `{site.one_line(sequence)}`; it does not multiply its elements."
            yield site.reading(
                claim, site.repair("Multiply each element.", site.over(pair.whole, new)), weight=0.7
            )
        else:
            claim = f"{site.mention(number)} is a float; a sequence is repeated an integer number of times."
            yield site.reading(claim, _converted(site, pair, number, "int"), weight=0.7)


@rule(
    "operator.mixed_elements",
    "TypeError",
    lesson="Numbers and strings cannot be ordered. Convert all elements to one type before you sort or "
    "compare them.",
)
def mixed_elements(site: Site) -> Iterator[Suspicion]:
    """`sorted`, `max` and `min` over numbers and strings that hold numbers."""
    if not site.says(r"'[<>]' not supported between instances of '(str|int|float)' and '(str|int|float)'"):
        return
    for call in site.find(ast.Call):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name not in ("sorted", "max", "min", "sort") or call.keywords:
            continue
        if len(call.args) > 1:
            yield from _mixed_arguments(site, call)
            return
        holder = (
            call.args[0] if call.args else call.func.value if isinstance(call.func, ast.Attribute) else call
        )
        items = site.literal(holder)
        if not isinstance(items, list | tuple | set):
            return
        claim = f"`{site.one_line(holder)}` holds numbers and strings."
        convert = (
            "float" if any(number_in(item) == "float" or isinstance(item, float) for item in items) else "int"
        )
        if call.args and all(isinstance(item, int | float) or number_in(item) for item in items):
            changes = src.wrap(site.cell.source, holder, f"map({convert}, ", ")")
            yield site.reading(claim, site.repair("Convert all of them to numbers.", *changes), weight=0.7)
        end = src.span(site.cell.source, call)[1] - 1
        key = src.Splice(start=end, end=end, text=", key=str" if call.args else "key=str")
        yield site.reading(claim, site.repair("Order them as strings.", key), weight=0.5)
        return


def _mixed_arguments(site: Site, call: ast.Call) -> Iterator[Suspicion]:
    texts = [item for item in call.args if number_in(site.literal(item))]
    if texts and len(texts) < len(call.args):
        changes = [change for item in texts for change in site.call(number_in(site.literal(item)), item)]
        claim = (
            f"`{site.one_line(texts[0])}` is a string that holds a number; the other arguments are numbers."
        )
        check = " and ".join(f"isinstance({site.text(item)}, str)" for item in texts)
        yield site.cause(
            claim, "It is a string.", check, site.repair("Convert it to a number.", *changes), weight=0.9
        )


RULES = (
    sequences,
    missing_call,
    power,
    unary,
    length,
    objects_in_table,
    mixed_elements,
    text_and_number,
    text_and_other,
    two_texts,
    python2_print,
    bytes_and_text,
    sequence_times,
)
