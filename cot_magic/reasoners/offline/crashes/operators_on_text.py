"""Rules for text beside numbers or bytes, and for texts that are numbers in quotes."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import (
    NUMBERS,
    Pair,
    is_type,
    kind_of,
    pairs,
    pure,
)
from cot_magic.reasoners.offline.crashes.operators import _both, _converted
from cot_magic.reasoners.offline.described import UNKNOWN, number_in, shown
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_TEXT = (
    "Text and numbers do not mix: `'2' + 3` could mean 5 or `'23'`. Convert one of them: "
    "`int('2')` or `str(3)`."
)


@rule("operator.text_and_number", "TypeError", lesson=_TEXT)
def text_and_number(site: Site) -> Iterator[Suspicion]:
    """`+`, other arithmetic, and comparisons of text with a number."""
    for pair in pairs(site)[:1]:
        kinds = [kind_of(site, side) for side in pair.sides]
        if kinds.count("str") != 1 or not set(kinds) & set(NUMBERS):
            continue
        place = kinds.index("str")
        text, number = pair.sides[place], pair.sides[1 - place]
        value = site.literal(text)
        convert = number_in(value)
        claim = f"{_both(site, pair)}: one is text, the other a number."
        check = " and ".join(is_type(site, side) for side in pair.sides)
        decisive = pure(text) and pure(number)
        if isinstance(pair.operator, ast.Add):
            yield from _plus(site, pair, text, number, convert, claim, check if decisive else "")
        elif convert and not (isinstance(pair.operator, ast.Mult) and kinds[1 - place] in ("int", "bool")):
            edit = _converted(site, pair, text, convert)
            yield site.cause(
                claim,
                f"The text `{value}` is a number in quotes.",
                f"{check} and {convert}({site.text(text)}) is not None",
                edit,
                weight=0.92,
            )
        elif value is not UNKNOWN and not isinstance(text, ast.Call):
            if decisive:
                yield site.cause(claim, "They are of these types.", check, weight=0.5)
        else:
            convert = "float" if kinds[1 - place] == "float" else "int"
            yield site.reading(claim, _converted(site, pair, text, convert), weight=0.6)


def _plus(
    site: Site, pair: Pair, text: ast.expr, number: ast.expr, convert: str, claim: str, check: str
) -> Iterator[Suspicion]:
    joined = _converted(site, pair, number, "str")
    if convert:
        yield site.reading(f"{claim} A sum is meant.", _converted(site, pair, text, convert), weight=0.6)
        yield site.reading(f"{claim} Text is meant.", joined, weight=0.5)
    elif check and _is_words(site, text):
        yield site.cause(
            claim, "The text is no number, so only joining makes sense.", check, joined, weight=0.92
        )
    else:
        yield site.reading(claim, joined, weight=0.85)


def _is_words(site: Site, node: ast.expr) -> bool:
    value = site.literal(node)
    return isinstance(value, str) and any(character.isalpha() for character in value)


@rule(
    "operator.two_texts",
    "TypeError",
    lesson="Only `+` works on two texts. To calculate with numbers that are written as text, convert "
    "them first: "
    "`int('2')`.",
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
        claim = f"{_both(site, pair)}: both are text."
        check = " and ".join(is_type(site, side) for side in pair.sides)
        if all(kinds):
            both = [
                change
                for side, kind in zip(pair.sides, kinds, strict=True)
                for change in site.call(kind, side)
            ]
            if not isinstance(pair.whole, ast.AugAssign):
                yield site.reading(claim, site.repair("Both become numbers.", *both), weight=0.7)
            yield site.reading(
                claim + " A repetition may be meant.",
                _converted(site, pair, pair.right, kinds[1]),
                weight=0.5,
            )
        elif multiply and any(kind == "int" for kind in kinds):
            place = kinds.index("int")
            edit = _converted(site, pair, pair.sides[place], "int")
            yield site.cause(claim, "Only one of them is a number in quotes.", check, edit, weight=0.9)


@rule(
    "operator.python2_print",
    "TypeError",
    lesson="`print >>file, text` is Python 2. Python 3 writes `print(text, file=file)`.",
)
def python2_print(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"for >>: 'builtin_function_or_method'"):
        return
    for node in site.find(ast.BinOp)[:1]:
        statement = site.statement
        if isinstance(statement, ast.Expr) and isinstance(node.left, ast.Name) and node.left.id == "print":
            rest = statement.value.elts[1:] if isinstance(statement.value, ast.Tuple) else []
            parts = ", ".join([*(site.text(item) for item in rest), f"file={site.text(node.right)}"])
            repair = site.repair("So it is written today.", site.over(statement, f"print({parts})"))
            yield site.cause(
                "`print >>` is Python 2.",
                "`print` is a function here.",
                "callable(print)",
                repair,
                weight=0.97,
            )


def _repeated(site: Site, pair: Pair, text: ast.expr) -> Iterator[Suspicion]:
    """A list times a whole number in quotes."""
    if number_in(site.literal(text)) == "int":
        claim = f"`{site.one_line(text)}` is the text {shown(site.value(text))}, not a number."
        edit = _converted(site, pair, text, "int")
        yield site.cause(claim, "It is a number in quotes.", is_type(site, text), edit, weight=0.92)


@rule(
    "operator.bytes_and_text",
    "TypeError",
    lesson="Bytes and text are different things. `data.decode()` makes text of bytes, `text.encode()` "
    "bytes of text.",
)
def bytes_and_text(site: Site) -> Iterator[Suspicion]:
    for pair in pairs(site)[:1]:
        kinds = [kind_of(site, side) for side in pair.sides]
        if sorted(kinds) != ["bytes", "str"]:
            continue
        raw, text = pair.sides[kinds.index("bytes")], pair.sides[kinds.index("str")]
        claim = f"{_both(site, pair)}: one is bytes, the other text."
        yield site.reading(claim, site.repair("Bytes become text.", site.after(raw, ".decode()")), weight=0.7)
        if not isinstance(text, ast.Constant):
            yield site.reading(
                claim, site.repair("Text becomes bytes.", site.after(text, ".encode()")), weight=0.5
            )
        else:
            change = src.Change(
                start=src.span(site.cell.source, text)[0], end=src.span(site.cell.source, text)[0], text="b"
            )
            yield site.reading(claim, site.repair("The text is written as bytes.", change), weight=0.55)


@rule(
    "operator.sequence_times",
    "TypeError",
    lesson="A text or list can be repeated a whole number of times only.",
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
            claim = f"`{site.one_line(sequence)}` is the text {shown(site.value(sequence))}, not a number."
            repair = _converted(site, pair, sequence, "float")
            yield site.cause(claim, "It is a number in quotes.", is_type(site, sequence), repair, weight=0.92)
        elif (
            isinstance(value, list | tuple) and value and all(isinstance(item, int | float) for item in value)
        ):
            new = f"[item * {site.text(number)} for item in {site.text(sequence)}]"
            claim = f"`*` does not multiply the elements of `{site.one_line(sequence)}`."
            yield site.reading(
                claim, site.repair("Each element is multiplied.", site.over(pair.whole, new)), weight=0.7
            )
        else:
            claim = (
                f"`{site.one_line(number)}` is {shown(site.value(number))}, which is no whole "
                "number of times."
            )
            yield site.reading(claim, _converted(site, pair, number, "int"), weight=0.7)


@rule(
    "operator.mixed_elements",
    "TypeError",
    lesson="Numbers and texts have no common order. Make all elements of one kind before sorting or "
    "comparing them.",
)
def mixed_elements(site: Site) -> Iterator[Suspicion]:
    """`sorted`, `max` and `min` over numbers and numbers in quotes."""
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
        claim = f"`{site.one_line(holder)}` holds numbers and text."
        convert = (
            "float" if any(number_in(item) == "float" or isinstance(item, float) for item in items) else "int"
        )
        if call.args and all(isinstance(item, int | float) or number_in(item) for item in items):
            changes = src.wrap(site.cell.source, holder, f"map({convert}, ", ")")
            yield site.reading(claim, site.repair("All become numbers.", *changes), weight=0.7)
        end = src.span(site.cell.source, call)[1] - 1
        key = src.Change(start=end, end=end, text=", key=str" if call.args else "key=str")
        yield site.reading(claim, site.repair("They are ordered as text.", key), weight=0.5)
        return


def _mixed_arguments(site: Site, call: ast.Call) -> Iterator[Suspicion]:
    texts = [item for item in call.args if number_in(site.literal(item))]
    if texts and len(texts) < len(call.args):
        changes = [change for item in texts for change in site.call(number_in(site.literal(item)), item)]
        claim = f"`{site.one_line(texts[0])}` is a number in quotes among numbers."
        check = " and ".join(f"isinstance({site.text(item)}, str)" for item in texts)
        yield site.cause(
            claim, "It is text.", check, site.repair("It becomes a number.", *changes), weight=0.9
        )


RULES = (
    mixed_elements,
    text_and_number,
    two_texts,
    python2_print,
    bytes_and_text,
    sequence_times,
)
