"""Rules for ValueError: strings read as numbers or dates, searching, empty sequences."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import pure
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import UNKNOWN, Site, number_in, shown
from cot_magic.reasoners.offline.written import rule


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
            claim = (
                f"{shown(site.value(call.args[0]))} is not in `{holder}`, which is "
                f"{shown(site.value(call.func.value))}."
            )
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
            repair = site.repair(f"`{new[1:]}` gives -1 then.", src.Splice(start=start, end=end, text=new))
            yield site.reading("A text that is not there may be allowed.", repair, weight=0.5)
        return


@rule(
    "value.empty",
    "ValueError",
    "StatisticsError",
    lesson="The largest or smallest of nothing does not exist. `max(x, default=…)` says what to give then.",
)
def empty(site: Site) -> Iterator[Suspicion]:
    if not site.says(
        r"(arg is an empty sequence|iterable argument is empty|requires at least one data "
        r"point|zero-size array to reduction)"
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
            default = src.Splice(start=end, end=end, text=", default=None")
            zero = src.Splice(start=end, end=end, text=", default=0")
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
    lesson="`math.sqrt` and `math.log` have no result for these numbers: the root of a negative "
    "number, the logarithm "
    "of 0 or less.",
)
def math_domain(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"math domain error|expected a positive input|expected a nonnegative input"):
        return
    for call in site.find(ast.Call, lambda node: bool(node.args)):
        argument = call.args[0]
        claim = (
            f"`{site.one_line(argument)}` is {shown(site.value(argument))}, for which "
            f"`{site.one_line(call.func)}` has no result."
        )
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
    if not site.says(r"time data .* does not match format|unconverted data remains"):
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "attr", "") == "strptime" and len(node.args) == 2
    ):
        text, used = site.literal(call.args[0]), site.literal(call.args[1])
        if not isinstance(text, str) or not isinstance(used, str):
            return
        found = [form for form in _formats(text) if form != used]
        for meant in found[:3]:
            claim = f"{text!r} is not written as {used!r} says; {meant!r} fits it."
            check = f"__import__('datetime').datetime.strptime({text!r}, {meant!r}) is not None"
            repair = site.repair(f"{meant!r} fits the text.", site.over(call.args[1], repr(meant)))
            begins = meant.startswith(used)  # the format was right and went not far enough
            if len(found) == 1 or (begins and sum(form.startswith(used) for form in found) == 1):
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


_HEX, _BINARY = re.compile(r"[+-]?0x[0-9a-fA-F]+"), re.compile(r"[+-]?0b[01]+")
# how the text looks, for which function, what to put behind it, in words, and how likely that is meant
_SIGNS = (
    (
        re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"),
        "",
        ".replace(',', '')",
        "has commas between thousands",
        0.85,
    ),
    (re.compile(r"[+-]?\d+,\d+"), "float", ".replace(',', '.')", "has a decimal comma", 0.8),
    (re.compile(r"[$€£]\s?[\d.,]+"), "", ".lstrip('$€£ ')", "begins with a currency sign", 0.8),
    (re.compile(r"[\d.]+\s?%"), "", ".rstrip(' %')", "ends with a percent sign", 0.7),
    (re.compile(r"[\d.]+[A-Za-z ]+"), "", ".rstrip({0!r})", "ends with letters", 0.4),
)


@rule(
    "value.number_text",
    "ValueError",
    lesson="`int` reads whole numbers only: digits and a sign. A text such as `'3.5'`, `'1e6'` or "
    "`'1,000'` must be "
    "read in another way.",
)
def number_text(site: Site) -> Iterator[Suspicion]:
    said = site.says(
        r"invalid literal for int\(\) with base (\d+): ('.*'|\".*\")|could not convert string to "
        r"float: ('.*'|\".*\")"
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
                "`split()` leaves no empty parts.", src.Splice(start=start, end=end, text="()")
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
    yield from _decorated(site, call, argument, value, wanted)


def _decorated(
    site: Site, call: ast.Call, argument: ast.expr, value: str, wanted: str
) -> Iterator[Suspicion]:
    """Numbers with signs around them, or in another base."""
    bare, text = value.strip(), site.text(argument)
    for pattern, base, name in ((_HEX, 16, "hexadecimal"), (_BINARY, 2, "binary")):
        if pattern.fullmatch(bare) and len(call.args) == 1 and wanted == "int":
            repair = site.repair(f"Base {base} reads it.", site.after(argument, f", {base}"))
            seen, check = f"It can be read with base {base}.", f"int({text}, {base}) is not None"
            yield site.cause(f"{value!r} is a {name} number.", seen, check, repair, weight=0.9)
            return
    for pattern, only, suffix, what, weight in _SIGNS:
        found = pattern.fullmatch(bare)
        if found is not None and only in ("", wanted):
            letters = re.sub(r"[\d.,]", "", bare)
            repair = site.repair("Then it is a number.", site.after(argument, suffix.format(letters)))
            yield site.reading(f"{value!r} {what}.", repair, weight=weight)
            return
    if re.fullmatch(r"[0-9a-fA-F]+", bare) and wanted == "int" and len(call.args) == 1:
        repair = site.repair("Base 16 reads it.", site.after(argument, ", 16"))
        yield site.reading(f"{value!r} may be a hexadecimal number.", repair, weight=0.5)
    elif bare:
        check = f"isinstance({text}, str) and not ({text}).strip().replace('.', '', 1).isdigit()"
        if pure(argument):
            yield site.cause(f"{value!r} is no number.", "It is text without a number.", check, weight=0.5)
    else:
        check = f"isinstance({text}, str) and not ({text}).strip()"
        if pure(argument):
            claim = "The text is empty, so there is no number to read."
            yield site.cause(claim, "It is empty.", check, weight=0.8)
        if value == "":
            repair = site.repair("An empty text counts as 0.", site.after(argument, " or 0"))
            yield site.reading("Empty may mean 0.", repair, weight=0.3)


RULES = (
    not_in_list,
    empty,
    math_domain,
    time_format,
    number_text,
)
