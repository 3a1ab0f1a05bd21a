"""Rules for ValueError: numbers in text, unpacking, searching, tables and arrays."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.rules import source as src
from cot_magic.reasoners.rules.operators import kind_of, pure
from cot_magic.reasoners.rules.rule import Suspicion
from cot_magic.reasoners.rules.site import UNKNOWN, Site, number_in, shown
from cot_magic.reasoners.rules.written import rule


@rule(
    "value.number_text",
    "ValueError",
    lesson="`int` reads whole numbers only: digits and a sign. A text such as `'3.5'`, `'1e6'` or `'1,000'` must be "
    "read in another way.",
)
def number_text(site: Site) -> Iterator[Suspicion]:
    said = site.says(
        r"invalid literal for int\(\) with base (\d+): ('.*'|\".*\")|could not convert string to float: ('.*'|\".*\")"
    )
    if said is None:
        return
    try:
        value = ast.literal_eval(said[2] or said[3])
    except (ValueError, SyntaxError):
        return
    if not isinstance(value, str):
        return
    wanted = "int" if said[2] else "float"
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "id", "") in ("int", "float") and bool(node.args)
    ):
        argument = call.args[0]
        yield from _readings(site, call, argument, value, wanted)
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "id", "") == "map" and len(node.args) == 2
    ):
        if getattr(call.args[0], "id", "") == "int" and number_in(value) == "float":
            claim = f"{value!r} has a decimal part or an exponent, which `int` does not read."
            yield site.reading(
                claim, site.repair("`float` reads it.", site.over(call.args[0], "float")), weight=0.8
            )
        if (
            not value.strip()
            and isinstance(call.args[1], ast.Call)
            and getattr(call.args[1].func, "attr", "") == "split"
            and call.args[1].args
        ):
            start, end = (
                src.span(site.cell.source, call.args[1].func)[1],
                src.span(site.cell.source, call.args[1])[1],
            )
            repair = site.repair(
                "`split()` leaves no empty parts.", src.Change(start=start, end=end, text="()")
            )
            yield site.reading("One part is empty.", repair, weight=0.8)
        return


def _readings(site: Site, call: ast.Call, argument: ast.expr, value: str, wanted: str) -> Iterator[Suspicion]:
    text = site.text(argument)
    if wanted == "int" and number_in(value) == "float" and len(call.args) == 1:
        claim = f"{value!r} is a number that `int` does not read: it has a decimal point or an exponent."
        check = f"float({text}) is not None"
        whole = float(value).is_integer() if abs(float(value)) < 1e300 else False
        through = site.repair("`float` reads it, `int` makes it whole.", *site.call("float", argument))
        plain = site.repair("`float` keeps the decimal part.", site.over(call.func, "float"))
        if whole and pure(argument):
            yield site.cause(
                claim, "`float` can read it, and it is a whole number.", check, through, weight=0.92
            )
        else:
            yield site.reading(claim, plain, through, weight=0.8)
        return
    bare = value.strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", bare):
        repair = site.repair("Without commas it is a number.", site.after(argument, ".replace(',', '')"))
        yield site.reading(f"{value!r} has commas between thousands.", repair, weight=0.85)
    elif re.fullmatch(r"[+-]?\d+,\d+", bare) and wanted == "float":
        repair = site.repair("Python writes a decimal point.", site.after(argument, ".replace(',', '.')"))
        yield site.reading(f"{value!r} has a decimal comma.", repair, weight=0.8)
    elif re.fullmatch(r"[+-]?0x[0-9a-fA-F]+", bare) and wanted == "int" and len(call.args) == 1:
        repair = site.repair("Base 16 reads it.", site.after(argument, ", 16"))
        yield site.cause(
            f"{value!r} is a hexadecimal number.",
            "It can be read with base 16.",
            f"int({text}, 16) is not None",
            repair,
            weight=0.9,
        )
    elif re.fullmatch(r"[+-]?0b[01]+", bare) and len(call.args) == 1:
        repair = site.repair("Base 2 reads it.", site.after(argument, ", 2"))
        yield site.cause(
            f"{value!r} is a binary number.",
            "It can be read with base 2.",
            f"int({text}, 2) is not None",
            repair,
            weight=0.9,
        )
    elif re.fullmatch(r"[$€£]\s?[\d.,]+", bare):
        repair = site.repair(
            "Without the sign it is a number.", site.after(argument, f".strip({bare[0] + ' '!r})")
        )
        yield site.reading(f"{value!r} begins with a currency sign.", repair, weight=0.8)
    elif re.fullmatch(r"[\d.]+\s?%", bare):
        repair = site.repair("Without the sign it is a number.", site.after(argument, ".rstrip(' %')"))
        yield site.reading(f"{value!r} ends with a percent sign.", repair, weight=0.7)
    elif re.fullmatch(r"[\d.]+[A-Za-z ]+", bare):
        letters = re.sub(r"[\d.]", "", bare)
        repair = site.repair(
            "Without the unit it is a number.", site.after(argument, f".rstrip({letters!r})")
        )
        yield site.reading(f"{value!r} ends with letters.", repair, weight=0.4)
    elif re.fullmatch(r"[0-9a-fA-F]+", bare) and wanted == "int" and len(call.args) == 1:
        repair = site.repair("Base 16 reads it.", site.after(argument, ", 16"))
        yield site.reading(f"{value!r} may be a hexadecimal number.", repair, weight=0.5)
    elif not bare:
        check = f"isinstance({text}, str) and not ({text}).strip()"
        if pure(argument):
            yield site.cause(
                "The text is empty, so there is no number to read.", "It is empty.", check, weight=0.8
            )
        if value == "":
            repair = site.repair("An empty text counts as 0.", site.after(argument, " or 0"))
            yield site.reading("Empty may mean 0.", repair, weight=0.3)


@rule(
    "value.unpack",
    "ValueError",
    "TypeError",
    lesson="`a, b = x` needs exactly as many values as names. A name with a star takes the rest: `a, *rest = x`.",
)
def unpack(site: Site) -> Iterator[Suspicion]:
    many = site.says(r"too many values to unpack \(expected (\d+)")
    few = site.says(r"not enough values to unpack \(expected (?:at least )?(\d+), got (\d+)\)")
    statement = site.statement
    if not many and not few:
        return
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple | ast.List):
        target, value = statement.targets[0], statement.value
        found = site.literal(value)
        size = len(found) if isinstance(found, list | tuple | str | dict) else None
        if few:
            size = int(few[2])
        names = len(target.elts)
        claim = f"`{site.one_line(value)}` gives {size if size is not None else 'more'} value(s) for {names} name(s)."
        if pure(value) and not any(isinstance(item, ast.Starred) for item in target.elts):
            yield site.cause(claim, "The numbers differ.", f"len({site.text(value)}) != {names}", weight=0.85)
        if many:
            rest = site.repair(
                "The star takes the values that are left.", site.after(target.elts[-1], ", *_")
            )
            yield site.reading("The first values may be meant.", rest, weight=0.8)
            if size is not None and names and pure(value):
                cut = site.repair("Only as many as there are names.", site.after(value, f"[:{names}]"))
                yield site.reading("The first values may be meant.", cut, weight=0.5)
            star = src.span(site.cell.source, target.elts[-1])[0]
            tail = site.repair(
                "The last name takes all the rest.", src.Change(start=star, end=star, text="*")
            )
            yield site.reading("The rest may belong to the last name.", tail, weight=0.6)
        if few and size is not None and size < names:
            kept = (
                site.cell.source[
                    src.span(site.cell.source, target.elts[0])[0] : src.span(
                        site.cell.source, target.elts[size - 1]
                    )[1]
                ]
                if size
                else ""
            )
            if size == 1 and isinstance(value, ast.Call) and getattr(value.func, "attr", "") == "split":
                yield from _split(site, value, statement)
            elif kept:
                start, end = (
                    src.span(site.cell.source, target.elts[0])[0],
                    src.span(site.cell.source, target.elts[-1])[1],
                )
                comma = "," if size == 1 else ""
                change = src.Change(start=start, end=end, text=kept + comma)
                yield site.reading(
                    "Some of the names may be too many.",
                    site.repair("As many names as values.", change),
                    weight=0.4,
                )
    elif isinstance(statement, ast.For) and isinstance(statement.target, ast.Tuple):
        yield from _unpack_loop(site, statement.target, many is not None)


def _split(site: Site, value: ast.Call, statement: ast.Assign) -> Iterator[Suspicion]:
    """`a, b = text.split(',')` where the text has another separator."""
    assert isinstance(value.func, ast.Attribute)
    text = site.literal(value.func.value)
    if not isinstance(text, str):
        return
    for separator in (",", ";", ":", "\t", "|", "-", "=", "/", " "):
        target = statement.targets[0]
        wanted = len(target.elts) if isinstance(target, ast.Tuple | ast.List) else 0
        if text.count(separator) == wanted - 1:
            start, end = src.span(site.cell.source, value.func)[1], src.span(site.cell.source, value)[1]
            change = src.Change(start=start, end=end, text=f"({separator!r})")
            claim = (
                f"{text!r} is not divided by what `split` looks for; {separator!r} divides it into {wanted}."
            )
            yield site.reading(claim, site.repair(f"{separator!r} divides it.", change), weight=0.8)
            return


def _unpack_loop(site: Site, target: ast.Tuple, many: bool) -> Iterator[Suspicion]:
    claim = f"The elements do not have {len(target.elts)} parts."
    if many:
        rest = site.repair("The star takes the parts that are left.", site.after(target.elts[-1], ", *_"))
        yield site.reading(claim, rest, weight=0.7)


@rule(
    "value.not_in_list",
    "ValueError",
    lesson="`remove` and `index` need the element to be there. Ask with `in` before, if it may be missing.",
)
def not_in_list(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"x not in|is not in (list|deque|tuple)|not in tuple|substring not found"):
        return
    for call in site.find(
        ast.Call,
        lambda node: getattr(node.func, "attr", "") in ("remove", "index", "rindex") and bool(node.args),
    ):
        assert isinstance(call.func, ast.Attribute)
        holder, item = site.text(call.func.value), site.text(call.args[0])
        value, wanted = site.literal(call.func.value), site.literal(call.args[0])
        if pure(call.func.value) and pure(call.args[0]):
            claim = f"{shown(site.value(call.args[0]))} is not in `{holder}`, which is {shown(site.value(call.func.value))}."
            yield site.cause(claim, "It is not in it.", f"({item}) not in {holder}", weight=0.8)
        if isinstance(value, list | tuple) and wanted is not UNKNOWN:
            similar = [
                stored for stored in value if type(stored) is not type(wanted) and str(stored) == str(wanted)
            ]
            if similar:
                convert = type(similar[0]).__name__
                repair = site.repair(
                    f"The elements are of type `{convert}`.", *site.call(convert, call.args[0])
                )
                yield site.cause(
                    f"{wanted!r} is a `{type(wanted).__name__}`; the list has {similar[0]!r}.",
                    "It is there in another type.",
                    f"{similar[0]!r} in {holder}",
                    repair,
                    weight=0.9,
                )
                return
        statement = site.statement
        if isinstance(statement, ast.Expr) and statement.value is call and call.func.attr == "remove":
            lines = src.lines_of(site.cell.source, statement).strip()
            change = site.over(
                statement, f"if {item} in {holder}:\n{' ' * (statement.col_offset + 4)}{lines}"
            )
            yield site.reading(
                "A missing element may be allowed.",
                site.repair("It is removed only if it is there.", change),
                weight=0.6,
            )
        elif call.func.attr in ("index", "rindex") and isinstance(value, str):
            start = src.span(site.cell.source, call.func.value)[1]
            end = src.span(site.cell.source, call.func)[1]
            new = ".find" if call.func.attr == "index" else ".rfind"
            repair = site.repair(f"`{new[1:]}` gives -1 then.", src.Change(start=start, end=end, text=new))
            yield site.reading("A text that is not there may be allowed.", repair, weight=0.5)
        return


@rule(
    "value.ambiguous_truth",
    "ValueError",
    lesson="A comparison of a whole array or column gives one answer for each element. Combine such answers with `&` "
    "and `|`, each comparison in brackets; `any()` or `all()` makes one answer of them.",
)
def ambiguous_truth(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"truth value of an? (array|Series|DataFrame|Index)"):
        return
    for node in site.find(ast.BoolOp) or _bool_ops(site):
        sign = "&" if isinstance(node.op, ast.And) else "|"
        new = f" {sign} ".join(
            f"({site.text(item)})" if not isinstance(item, ast.Name | ast.Call) else site.text(item)
            for item in node.values
        )
        new = re.sub(r"\(\((.*)\)\)", r"(\1)", new)
        claim = f"`{'and' if sign == '&' else 'or'}` cannot combine whole arrays; `{sign}` does it for each element."
        check = " or ".join(f"getattr({site.text(item)}, 'ndim', 0) > 0" for item in node.values)
        repair = site.repair(f"`{sign}` combines element by element.", site.over(node, new))
        yield site.cause(claim, "Both sides are whole arrays.", check, repair, weight=0.9)
        return
    for chained in site.find(ast.Compare, lambda node: len(node.ops) > 1):
        parts = [chained.left, *chained.comparators]
        signs = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
        if all(type(op) in signs for op in chained.ops):
            new = " & ".join(
                f"({site.text(parts[i])} {signs[type(op)]} {site.text(parts[i + 1])})"
                for i, op in enumerate(chained.ops)
            )
            repair = site.repair("Each comparison stands alone.", site.over(chained, f"({new})"))
            yield site.cause(
                "A chain of comparisons does not work on whole arrays.",
                "The middle is a whole array.",
                f"getattr({site.text(parts[1])}, 'ndim', 0) > 0",
                repair,
                weight=0.92,
            )
            return
    for negated in site.find(ast.UnaryOp, lambda node: isinstance(node.op, ast.Not)):
        operand = negated.operand
        new = (
            f"~{site.text(operand)}"
            if isinstance(operand, ast.Name | ast.Call | ast.Attribute | ast.Subscript)
            else f"~({site.text(operand)})"
        )
        repair = site.repair("`~` negates each element.", site.over(negated, new))
        yield site.reading("`not` cannot negate a whole array.", repair, weight=0.75)
        return
    statement = site.statement
    test = getattr(statement, "test", None)
    if isinstance(test, ast.expr):
        whole = f"({site.text(test)})" if isinstance(test, ast.Compare | ast.BinOp) else site.text(test)
        claim = f"`{site.one_line(test)}` is a whole array of answers."
        if kind_of(site, test).endswith("DataFrame"):
            return
        everyone = site.repair("All must hold.", site.over(test, f"{whole}.all()"))
        anyone = site.repair("One is enough.", site.over(test, f"{whole}.any()"))
        yield site.reading(claim, everyone, anyone, weight=0.7)


def _bool_ops(site: Site) -> list[ast.BoolOp]:
    return [node for node in ast.walk(site.statement or site.tree) if isinstance(node, ast.BoolOp)]


@rule(
    "value.empty",
    "ValueError",
    "StatisticsError",
    lesson="The largest or smallest of nothing does not exist. `max(x, default=…)` says what to give then.",
)
def empty(site: Site) -> Iterator[Suspicion]:
    if not site.says(
        r"(arg is an empty sequence|iterable argument is empty|requires at least one data point|zero-size array to reduction)"
    ):
        return
    for call in site.find(ast.Call, lambda node: bool(node.args)):
        argument = call.args[0]
        text = site.text(argument)
        if pure(argument):
            yield site.cause(
                f"`{site.one_line(argument)}` is empty.",
                "Its length is 0.",
                f"len(list({text})) == 0",
                weight=0.85,
            )
        if getattr(call.func, "id", "") in ("max", "min") and len(call.args) == 1:
            end = src.span(site.cell.source, argument)[1]
            default = src.Change(start=end, end=end, text=", default=None")
            zero = src.Change(start=end, end=end, text=", default=0")
            claim = "An empty collection may be allowed."
            yield site.reading(
                claim,
                site.repair("It gives `None` then.", default),
                site.repair("It gives 0 then.", zero),
                weight=0.4,
            )
        return


@rule(
    "value.math_domain",
    "ValueError",
    lesson="`math.sqrt` and `math.log` have no result for these numbers: the root of a negative number, the logarithm "
    "of 0 or less.",
)
def math_domain(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"math domain error|expected a positive input|expected a nonnegative input"):
        return
    for call in site.find(ast.Call, lambda node: bool(node.args)):
        argument = call.args[0]
        claim = f"`{site.one_line(argument)}` is {shown(site.value(argument))}, for which `{site.one_line(call.func)}` has no result."
        if pure(argument):
            yield site.cause(
                claim,
                "It is not in the domain.",
                f"({site.text(argument)}) <= 0 or abs({site.text(argument)}) > 1",
                weight=0.85,
            )
        if (
            isinstance(call.func, ast.Attribute)
            and call.func.attr == "sqrt"
            and site.text(call.func.value) == "math"
        ):
            change = [site.over(call.func.value, "cmath"), src.add_import(site.cell, "import cmath")]
            yield site.reading(
                "A complex root may be meant.",
                site.repair("`cmath` has roots of negative numbers.", *change),
                weight=0.4,
            )
        return


@rule(
    "value.time_format",
    "ValueError",
    lesson="`strptime` reads a date only if the format describes it exactly, signs and spaces included.",
)
def time_format(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"time data '(.*)' does not match format '(.*)'") or site.says(
        r"unconverted data remains"
    )
    if said is None or not said.groups():
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "attr", "") == "strptime" and len(node.args) == 2
    ):
        for meant in _formats(said[1]):
            if meant != said[2]:
                claim = f"{said[1]!r} is not written as {said[2]!r} says; {meant!r} fits it."
                check = f"__import__('datetime').datetime.strptime({said[1]!r}, {meant!r}) is not None"
                repair = site.repair(f"{meant!r} fits the text.", site.over(call.args[1], repr(meant)))
                if len(_formats(said[1])) == 1:
                    yield site.cause(claim, f"{meant!r} reads it.", check, repair, weight=0.9)
                else:
                    yield site.reading(claim, repair, weight=0.7)
        return


def _formats(text: str) -> list[str]:
    """The usual formats that the text can be read with."""
    import datetime

    days = [
        f"{a}{s}{b}{s}{c}"
        for s in "-/. "
        for a, b, c in (
            ("%Y", "%m", "%d"),
            ("%d", "%m", "%Y"),
            ("%m", "%d", "%Y"),
            ("%d", "%m", "%y"),
            ("%m", "%d", "%y"),
        )
    ]
    days += ["%Y%m%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y"]
    times = ["", " %H:%M", " %H:%M:%S", "T%H:%M:%S", "T%H:%M", " %I:%M %p", "T%H:%M:%SZ", " %H:%M:%S.%f"]
    found = []
    for form in [day + time for day in days for time in times] + ["%H:%M", "%H:%M:%S", "%I:%M %p"]:
        try:
            datetime.datetime.strptime(text, form)
        except ValueError:
            continue
        found.append(form)
    return found


@rule(
    "value.lengths",
    "ValueError",
    lesson="Columns of one table, and arrays that are combined element by element, must have fitting lengths.",
)
def lengths(site: Site) -> Iterator[Suspicion]:
    """Facts about lengths that do not fit; the one repair that is safe to offer is a transposed product."""
    said = site.says(r"operands could not be broadcast together with shapes (\([\d,]*\)) (\([\d,]*\))")
    columns = site.says(
        r"All arrays must be of the same length|Length of values \((\d+)\) does not match length of index \((\d+)\)|arrays must all be same length"
    )
    product = site.says(r"matmul: Input operand|shapes \(.*\) and \(.*\) not aligned")
    if said is not None:
        yield site.reading(f"The shapes {said[1]} and {said[2]} do not fit element by element.", weight=0.6)
    elif columns is not None:
        sizes = [f"`{site.one_line(node)}` has {len(node.elts)}" for node in site.find(ast.List)][:4]
        told = f": {', '.join(sizes)} elements" if len(sizes) > 1 else ""
        yield site.reading(f"The columns have different lengths{told}.", weight=0.6)
    elif product is not None:
        for node in site.find(ast.BinOp, lambda node: isinstance(node.op, ast.MatMult)):
            claim = "The inner sizes of the two matrices differ."
            turned = [
                site.repair("The right one is transposed.", site.after(node.right, ".T")),
                site.repair("The left one is transposed.", site.after(node.left, ".T")),
            ]
            if isinstance(node.right, ast.Name | ast.Attribute) and isinstance(
                node.left, ast.Name | ast.Attribute
            ):
                yield site.reading(claim, *turned, weight=0.6)
            return


RULES = (
    number_text, unpack, not_in_list, ambiguous_truth, empty, math_domain, time_format, lengths,
)  # fmt: skip
