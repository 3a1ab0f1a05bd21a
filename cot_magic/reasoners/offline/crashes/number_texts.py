"""Rules for texts that are to be read as numbers."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import pure
from cot_magic.reasoners.offline.described import number_in
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

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


RULES = (number_text,)
