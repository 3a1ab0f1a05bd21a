"""Rules for ValueError: strings read as numbers or dates, searching, empty sequences."""

import ast
import re
from collections.abc import Iterator

from cot_magic.core.language import marked, worded
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import pure
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import UNKNOWN, Site, number_in, shown
from cot_magic.reasoners.offline.written import rule


@rule(
    "value.not_in_list",
    "ValueError",
    lesson="`remove` and `index` raise an error if the element is not in the list. Test with `in` first if "
    "it may be missing.",
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
            yield site.cause(claim, "It is not one of the elements.", f"({item}) not in {holder}", weight=0.8)
        if isinstance(value, list | tuple) and wanted is not UNKNOWN:
            similar = [item for item in value if type(item) is not type(wanted) and str(item) == str(wanted)]
            if similar:
                yield _of_other_type(site, call.args[0], wanted, similar[0], holder)
                return
        statement = site.statement
        if isinstance(statement, ast.Expr) and statement.value is call and call.func.attr == "remove":
            lines = src.lines_of(site.cell.source, statement).strip()
            change = site.over(
                statement, f"if {item} in {holder}:\n{' ' * (statement.col_offset + 4)}{lines}"
            )
            yield site.reading(
                "A missing element may be acceptable.",
                site.repair("Remove it only if it is in the list.", change),
                weight=0.6,
            )
        elif call.func.attr in ("index", "rindex") and isinstance(value, str):
            start = src.span(site.cell.source, call.func.value)[1]
            end = src.span(site.cell.source, call.func)[1]
            new = ".find" if call.func.attr == "index" else ".rfind"
            repair = site.repair(
                f"Use `{new[1:]}`, which returns -1 if there is no match.",
                src.Splice(start=start, end=end, text=new),
            )
            yield site.reading("A missing substring may be acceptable.", repair, weight=0.5)
        return


def _of_other_type(site: Site, argument: ast.expr, wanted: object, stored: object, holder: str) -> Suspicion:
    """`xs.remove('1')` where the list has 1."""
    convert = type(stored).__name__
    why = f"Convert it: the elements are of type `{convert}`."
    return site.cause(
        f"{wanted!r} is of type `{type(wanted).__name__}`, but the list has {stored!r}.",
        "The list has it, but with another type.",
        f"{stored!r} in {holder}",
        site.repair(why, *site.call(convert, argument)),
        weight=0.9,
    )


@rule(
    "value.empty",
    "ValueError",
    "StatisticsError",
    lesson="An empty sequence has no largest or smallest element. `max(x, default=…)` returns a default "
    "value for it.",
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
            claim = "An empty sequence may be acceptable."
            yield site.reading(
                claim,
                site.repair("Return `None` for an empty sequence.", default),
                site.repair("Return 0 for an empty sequence.", zero),
                weight=0.4,
            )
        return


@rule(
    "value.math_domain",
    "ValueError",
    lesson="Functions of `math` are not defined for all numbers: there is no square root of a negative "
    "number, and no logarithm of 0 or less.",
)
def math_domain(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"math domain error|expected a positive input|expected a nonnegative input"):
        return
    for call in site.find(ast.Call, lambda node: bool(node.args)):
        argument = call.args[0]
        claim = f"`{site.one_line(call.func)}` is not defined for {site.mention(argument)}."
        if pure(argument):
            yield site.cause(
                claim,
                "The number is outside the domain.",
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
                "You may want a complex root.",
                site.repair("Use `cmath`, which has roots of negative numbers.", *change),
                weight=0.4,
            )
        return


@rule(
    "value.time_format",
    "ValueError",
    lesson="`strptime` reads a date only if the format matches it exactly, punctuation and spaces included.",
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
        found = [form for form in formats_of(text) if form != used]
        for meant in found[:3]:
            claim = f"{text!r} matches the format {meant!r}, not {used!r}."
            check = f"__import__('datetime').datetime.strptime({text!r}, {meant!r}) is not None"
            repair = site.repair(f"Use the format {meant!r}.", site.over(call.args[1], repr(meant)))
            begins = meant.startswith(used)  # the format is right, but too short
            if len(found) == 1 or (begins and sum(form.startswith(used) for form in found) == 1):
                yield site.cause(claim, f"The format {meant!r} matches.", check, repair, weight=0.9)
            else:
                yield site.reading(claim, repair, weight=0.7)
        return


def formats_of(text: str) -> list[str]:
    """The usual formats that match the string."""
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
# pattern of the string, function, suffix to add, description, and how likely this is meant
_SIGNS = (
    (re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"), "", ".replace(',', '')",
     marked("{value!r} has thousands separators."), 0.85),
    (
        re.compile(r"[+-]?\d+,\d+"),
        "float",
        ".replace(',', '.')",
        marked("{value!r} has a decimal comma."),
        0.8,
    ),
    (
        re.compile(r"[$€£]\s?[\d.,]+"),
        "",
        ".lstrip('$€£ ')",
        marked("{value!r} begins with a currency sign."),
        0.8,
    ),
    (re.compile(r"[\d.]+\s?%"), "", ".rstrip(' %')", marked("{value!r} ends with a percent sign."), 0.7),
    (re.compile(r"[\d.]+[A-Za-z ]+"), "", ".rstrip({0!r})", marked("{value!r} ends with letters."), 0.4),
)  # fmt: skip


@rule(
    "value.number_text",
    "ValueError",
    lesson="`int` reads integers only: a sign and digits. Strings such as `'3.5'`, `'1e6'` or `'1,000'` need "
    "another conversion.",
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
    for call in site.calls("int", "float", least=1):
        argument = call.args[0]
        yield from _readings(site, call, argument, value, wanted)
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "id", "") == "map" and len(node.args) == 2
    ):
        if getattr(call.args[0], "id", "") == "int" and number_in(value) == "float":
            claim = worded(
                "{value!r} has a decimal point or an exponent, which `int` does not read.", value=value
            )
            yield site.reading(
                claim, site.repair(worded("Use `float`."), site.over(call.args[0], "float")), weight=0.8
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
                worded("Use `split()`, which leaves no empty parts."),
                src.Splice(start=start, end=end, text="()"),
            )
            yield site.reading(worded("One part is empty."), repair, weight=0.8)
        return


def _readings(site: Site, call: ast.Call, argument: ast.expr, value: str, wanted: str) -> Iterator[Suspicion]:
    text = site.text(argument)
    if wanted == "int" and number_in(value) == "float" and len(call.args) == 1:
        claim = worded(
            "{value!r} has a decimal point or an exponent, which `int` does not read.", value=value
        )
        check = f"float({text}) is not None"
        whole = float(value).is_integer() if abs(float(value)) < 1e300 else False
        through = site.repair(
            worded("Convert it with `float`, then with `int`."), *site.call("float", argument)
        )
        plain = site.repair(
            worded("Use `float`, which keeps the decimal places."), site.over(call.func, "float")
        )
        if whole and pure(argument):
            yield site.cause(
                claim,
                worded("`float` reads it, and the value is a whole number."),
                check,
                through,
                weight=0.92,
            )
        else:
            yield site.reading(claim, plain, through, weight=0.8)
        return
    yield from _decorated(site, call, argument, value, wanted)


def _decorated(
    site: Site, call: ast.Call, argument: ast.expr, value: str, wanted: str
) -> Iterator[Suspicion]:
    """Numbers with other characters around them, or in another base."""
    bare, text = value.strip(), site.text(argument)
    for pattern, base, told in (
        (_HEX, 16, marked("{value!r} is a hexadecimal number.")),
        (_BINARY, 2, marked("{value!r} is a binary number.")),
    ):
        if pattern.fullmatch(bare) and len(call.args) == 1 and wanted == "int":
            repair = site.repair(
                worded("Read it with base {base}.", base=base), site.after(argument, f", {base}")
            )
            check = f"int({text}, {base}) is not None"
            yield site.cause(
                worded(told, value=value),
                worded("It can be read with base {base}.", base=base),
                check,
                repair,
                weight=0.9,
            )
            return
    for pattern, only, suffix, what, weight in _SIGNS:
        found = pattern.fullmatch(bare)
        if found is not None and only in ("", wanted):
            letters = re.sub(r"[\d.,]", "", bare)
            repair = site.repair(
                worded("Remove what is not part of the number."), site.after(argument, suffix.format(letters))
            )
            yield site.reading(worded(what, value=value), repair, weight=weight)
            return
    if re.fullmatch(r"[0-9a-fA-F]+", bare) and wanted == "int" and len(call.args) == 1:
        repair = site.repair(worded("Read it with base 16."), site.after(argument, ", 16"))
        yield site.reading(worded("{value!r} may be a hexadecimal number.", value=value), repair, weight=0.5)
    elif bare:
        check = f"isinstance({text}, str) and not ({text}).strip().replace('.', '', 1).isdigit()"
        if pure(argument):
            yield site.cause(
                worded("{value!r} is not a number.", value=value),
                worded("The string holds no number."),
                check,
                weight=0.5,
            )
    else:
        check = f"isinstance({text}, str) and not ({text}).strip()"
        if pure(argument):
            claim = worded("The string is empty, so there is no number to read.")
            yield site.cause(claim, worded("It is empty."), check, weight=0.8)
        if value == "":
            repair = site.repair(worded("Use 0 for an empty string."), site.after(argument, " or 0"))
            yield site.reading(worded("An empty string may mean 0."), repair, weight=0.3)


RULES = (not_in_list, empty, math_domain, time_format, number_text)
