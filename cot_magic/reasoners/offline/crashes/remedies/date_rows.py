"""Remedies for dates that are still strings: in arithmetic, in comparisons, and asked for their parts."""

import ast

from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.crashes.remedies.pattern import Bound
from cot_magic.reasoners.offline.crashes.remedies.remedy import AtOrigin, Remedy, Swap
from cot_magic.reasoners.offline.site import Site

_COLUMN = (
    "A file holds dates as text. `pd.to_datetime` makes dates of a column, `parse_dates=` does where it is "
    "read; only then can they be subtracted and compared."
)
_ONE = "`datetime.fromisoformat('2024-01-31')` makes a date of a string; `strptime` reads other formats."
_SAYS = (
    r"operation '\w+' not supported for dtype 'str|Invalid comparison between dtype=str and|unsupported "
    r"operand type\(s\) for [-+]: '(str|Timestamp|Timedelta|DatetimeArray|datetime\.\w+)' and "
    r"'(str|Timestamp|Timedelta|DatetimeArray|datetime\.\w+)'|concatenate str \(not "
    r"\"(Timedelta|datetime\.timedelta)\"|not supported between instances of '(str|Timestamp|datetime\.\w+)' "
    r"and '(str|Timestamp|datetime\.\w+)'|can only concatenate str|[Cc]annot (subtract|compare|add)"
)
_DATES = r"r'^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}'"
_ARE_DATES = f"bool({{series}}.astype(str).str.contains({_DATES}, regex=True).all())"
_ZONES = "A time with a time zone and one without cannot be compared or subtracted: give both a zone."
_TIMES = "import datetime as dt\nstart = dt.datetime(2024, 5, 1, 8, tzinfo=dt.timezone.utc)\nend = dt.datetime(2024, 5, 1, 9)"


def _has_zone(site: Site, node: ast.AST | str) -> bool:
    """Whether the text of the value says that it has a time zone."""
    found = site.value(node) if isinstance(node, ast.expr) else None
    return found is not None and found.type == "datetime.datetime" and "tzinfo=" in found.text


def _of_span_and_number(site: Site, bound: Bound) -> bool:
    """Whether a span of time is on the left; beside a date it is no number that is meant."""
    sides = [kind_of(site, held) for hole in "xy" if isinstance(held := bound[hole], ast.expr)]
    return sides[1:] in (["int"], ["float"]) and sides[0] in ("", "datetime.timedelta")


def _zone_on_right(site: Site, bound: Bound) -> bool:
    return _has_zone(site, bound["y"]) and not _has_zone(site, bound["x"])


def _zone_on_left(site: Site, bound: Bound) -> bool:
    return _has_zone(site, bound["x"]) and not _has_zone(site, bound["y"])


ROWS = (
    Remedy(
        code="dates.days_and_number",
        on=("TypeError",),
        says=r"'(datetime\.timedelta|int|float)' and '(datetime\.timedelta|int|float)'",
        find=("_x <op> _y", "_x <cmp> _y"),
        when=_of_span_and_number,
        write=(
            Swap(text="{x}.days {sign} {y}", why="Compute with the number of days."),
            Swap(text="{x}.total_seconds() {sign} {y}", why="Compute with the number of seconds."),
        ),
        claim="`{x}` is a span of time, not a number.",
        check="'timedelta' in type({x}).__name__.lower()",
        lesson="The difference of two dates is a `timedelta`: `.days` or `.total_seconds()` makes a number of it.",
        example=(
            "from datetime import date\na, b = date(2024, 5, 6), date(2024, 5, 10)",
            "n = (b - a) + 1",
            "n == 5",
        ),
        weight=0.85,
    ),
    Remedy(
        code="dates.zone_on_right",
        on=("TypeError",),
        says="offset-naive and offset-aware",
        find=("_x - _y", "_x <cmp> _y"),
        when=_zone_on_right,
        write=(
            Swap(
                text="{x}.replace(tzinfo={y}.tzinfo) {sign} {y}",
                why="Read `{x}` as a time of the zone of `{y}`.",
            ),
            Swap(text="{x}.astimezone() {sign} {y}", why="Read `{x}` as a time of this computer's zone."),
        ),
        claim="`{y}` has a time zone, and `{x}` has none.",
        lesson=_ZONES,
        check="{x}.tzinfo is None and {y}.tzinfo is not None",
        example=(_TIMES, "m = (end - start).total_seconds()", "m == 3600"),
        weight=0.9,
    ),
    Remedy(
        code="dates.zone_on_left",
        on=("TypeError",),
        says="offset-naive and offset-aware",
        find=("_x - _y", "_x <cmp> _y"),
        when=_zone_on_left,
        write=(
            Swap(
                text="{x} {sign} {y}.replace(tzinfo={x}.tzinfo)",
                why="Read `{y}` as a time of the zone of `{x}`.",
            ),
            Swap(text="{x} {sign} {y}.astimezone()", why="Read `{y}` as a time of this computer's zone."),
        ),
        claim="`{x}` has a time zone, and `{y}` has none.",
        lesson=_ZONES,
        check="{x}.tzinfo is not None and {y}.tzinfo is None",
        example=(_TIMES, "late = start > end", "late is False"),
        weight=0.9,
    ),
    Remedy(
        code="dates.column_of_text",
        on=("TypeError",),
        says=_SAYS,
        find=("_series + _y", "_series - _y", "_series <cmp> _y"),
        write=(
            Swap(
                text="{pd}.to_datetime({series}) {sign} {y}", why="Make dates of the column.", needs=("pd",)
            ),
            Swap(
                text="{pd}.to_datetime({series}) {sign} {pd}.to_datetime({y})",
                why="Make dates of both sides.",
                needs=("pd",),
            ),
            Swap(
                text="{pd}.to_datetime({series}, dayfirst=True) {sign} {y}",
                why="Make dates of the column, the day first.",
                needs=("pd",),
            ),
        ),
        claim="`{series}` holds dates as text.",
        lesson=_COLUMN,
        check=_ARE_DATES,
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'d': ['2024-01-30', '2024-02-01']})",
            "due = df['d'] + pd.Timedelta(days=3)",
            "list(due.dt.day) == [2, 4]",
        ),
        weight=0.93,
    ),
    Remedy(
        code="dates.two_texts",
        on=("TypeError",),
        says=r"for -: 'str' and 'str'",
        find=("_text1 - _text2",),
        write=(
            Swap(
                text="datetime.fromisoformat({text1}) - datetime.fromisoformat({text2})",
                why="Make dates of both strings.",
                needs=("from datetime import datetime",),
            ),
            Swap(
                text="datetime.datetime.fromisoformat({text1}) - datetime.datetime.fromisoformat({text2})",
                why="Make dates of both strings.",
            ),
            Swap(
                text="{pd}.to_datetime({text1}) - {pd}.to_datetime({text2})",
                why="Make dates of both strings.",
                needs=("pd",),
            ),
        ),
        claim="`{text1}` and `{text2}` are dates as strings, which cannot be subtracted.",
        lesson=_ONE,
        check=f"import re\nall(re.match({_DATES}, text) for text in ({{text1}}, {{text2}}))",
        example=(
            "start = '2024-01-30'\nend = '2024-02-02'",
            "days = (end - start).days",
            "days == 3",
        ),
        weight=0.93,
    ),
    Remedy(
        code="dates.compared_with_text",
        on=("TypeError",),
        says=r"not supported between instances of '(str|datetime\.\w+)' and '(datetime\.\w+|str)'|for -: "
        r"'datetime\.\w+' and 'str'",
        find=("_text <cmp> _y", "_y1 <cmp> _text", "_y1 - _text"),
        write=(
            Swap(
                text="type({y}).fromisoformat({text}) {sign} {y}",
                why="Make a date of the string, as the other side is.",
            ),
            Swap(
                text="{y1} {sign} type({y1}).fromisoformat({text})",
                why="Make a date of the string, as the other side is.",
            ),
        ),
        claim="`{text}` is a date as a string.",
        lesson=_ONE,
        check=f"import re\nbool(re.match({_DATES}, {{text}}))",
        example=(
            "from datetime import date\nend = '2024-02-02'\ntoday = date(2024, 1, 1)",
            "left = today < end",
            "left is True",
        ),
        weight=0.92,
    ),
    Remedy(
        code="dates.part_of_text",
        on=("AttributeError",),
        says=r"'str' object has no attribute "
        r"'(strftime|year|month|day|hour|minute|weekday|isoweekday|isocalendar|date|timestamp|days|quarter|day_name|month_name|dayofweek)'",
        find=("_x._name",),
        when=lambda site, bound: site.says(f"'{bound['name']}'") is not None,
        write=(
            Swap(text="{pd}.to_datetime({x}).{name}", why="Make a date of the string first.", needs=("pd",)),
            Swap(
                text="{pd}.to_datetime({x}, dayfirst=True).{name}",
                why="Make a date of the string first, the day before the month.",
                needs=("pd",),
            ),
            Swap(
                text="datetime.fromisoformat({x}).{name}",
                why="Make a date of the string first.",
                needs=("from datetime import datetime",),
            ),
            AtOrigin(
                hole="x",
                text="{pd}.to_datetime({value})",
                why="Make dates where `{x}` is made.",
                needs=("pd",),
            ),
        ),
        claim="`{x}` is a string, which has no `{name}`: a date has.",
        lesson=_ONE,
        check="isinstance({x}, str)",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'d': ['2024-01-30']})",
            "m = df['d'].apply(lambda d: d.strftime('%d'))",
            "m[0] == '30'",
        ),
        weight=0.9,
    ),
)
