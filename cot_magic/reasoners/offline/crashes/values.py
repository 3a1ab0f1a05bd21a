"""Rules for ValueError: numbers in text, unpacking, searching, tables and arrays."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import pure
from cot_magic.reasoners.offline.described import UNKNOWN, shown
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
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
            repair = site.repair(f"`{new[1:]}` gives -1 then.", src.Change(start=start, end=end, text=new))
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


RULES = (
    not_in_list,
    empty,
    math_domain,
    time_format,
)
