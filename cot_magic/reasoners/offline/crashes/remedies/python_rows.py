"""Remedies for messages of Python and its standard library, and for idioms that give a wrong result."""

import ast
import math
from typing import Any

from cot_magic.reasoners.offline.crashes.remedies.pattern import Bound, code
from cot_magic.reasoners.offline.crashes.remedies.remedy import Remedy, Swap
from cot_magic.reasoners.offline.site import Site

_COPIES = (
    "An assignment copies nothing: both names are the same object, and a change of one changes the other."
)
_ONCE = "An iterator can be read once. A list can be read as often as you like."
_NONE = "Methods that change an object in place return `None`."
_ZONES = "A time with a time zone and one without cannot be compared or subtracted."


def _is_frozen(_: Site, bound: Bound) -> bool:
    """Whether the object is not `self`, which no assignment to a name replaces for its caller."""
    held = bound["name"]
    return isinstance(held, ast.Name) and held.id != "self"


def _number(site: Site, node: ast.AST) -> Any:
    """The value of a node, if it is known."""
    try:
        return ast.literal_eval(site.text(node))
    except (SyntaxError, ValueError):  # it is no literal
        return site.literal(node)


def _nearly_equal(site: Site, bound: Bound) -> bool:
    """Whether a float is compared, and the two are not known to differ by more than a rounding."""
    sides = [_number(site, code(bound, hole)) for hole in "xy"]
    if not all(type(side) in (int, float) for side in sides):
        return "float" in [site.type(code(bound, hole)) for hole in "xy"] or "." in site.text(
            code(bound, "y")
        )
    return float in map(type, sides) and math.isclose(*sides, rel_tol=1e-6, abs_tol=1e-9)


def _is_unsorted(_: Site, bound: Bound) -> bool:
    held = bound["x"]
    return not (isinstance(held, ast.Call) and getattr(held.func, "id", "") == "sorted")


def _goes_on(site: Site, bound: Bound) -> bool:
    """Whether the string beside a path goes on with it, as a suffix does, and is no name of its own."""
    held = bound["y"]
    text = site.literal(held) if isinstance(held, ast.expr) else None
    return isinstance(text, str) and text[:1] in (*"/\\._-",)


ROWS = (
    Remedy(
        code="python.sql_parameters",
        on=("ProgrammingError", "ValueError", "InterfaceError"),
        says=r"Incorrect number of bindings supplied|parameters are of unsupported type|binding parameter",
        find=("_c.execute(_q, (_x))", "_c.execute(_q, _x)", "_c.executemany(_q, _x)"),
        write=(
            Swap(text="{c}.{method}({q}, ({x},))", why="Put the value into a tuple: `(x,)`."),
            Swap(text="{c}.executemany({q}, {x})", why="Execute it for each of the rows."),
            Swap(text="{c}.executemany({q}, [(item,) for item in {x}])", why="Make a tuple of each value."),
            Swap(text="{c}.{method}({q}, tuple({x}))", why="Make one tuple of the values."),
        ),
        claim="The parameters of a statement are one tuple; `{x}` is taken apart instead.",
        check="not isinstance({x}, (tuple, list, dict))",
        lesson="Parameters of SQL are a tuple, even a single one: `(name,)`. A string is taken as its characters.",
        example=(
            "import sqlite3\nc = sqlite3.connect(':memory:')\nn = 'ab'",
            "r = c.execute('select ?', (n)).fetchone()",
            "r == ('ab',)",
        ),
        weight=0.9,
    ),
    Remedy(
        code="python.strings_joined_as_paths",
        on=("TypeError",),
        says=r"unsupported operand type\(s\) for /: 'str' and 'str'",
        find=("_x / _y",),
        write=(
            Swap(
                text="Path({x}) / {y}",
                why="Make a path of the left side.",
                needs=("from pathlib import Path",),
            ),
        ),
        claim="`{x}` is a string: only a path is joined with `/`.",
        lesson="`Path('data') / 'file.csv'` joins the parts of a path; two strings have no `/`.",
        check="all(isinstance(side, str) and not side.strip('$€ ').replace(',', '').replace('.', '').isdigit() "
        "for side in ({x}, {y}))",  # two amounts that were read as text are no path
        example=("folder = 'a'", "p = folder / 'b.csv'", "p.parts == ('a', 'b.csv')"),
        weight=0.9,
    ),
    Remedy(
        code="python.date_as_text",
        on=("TypeError",),
        says=r"concatenate str \(not \"datetime\.timedelta\"\)|for -: 'str' and 'datetime\.\w+'",
        find=("_text + _y", "_text - _y"),
        write=(
            Swap(
                text="datetime.fromisoformat({text}) {sign} {y}",
                why="Make a date of the string.",
                needs=("from datetime import datetime",),
            ),
            Swap(text="datetime.datetime.fromisoformat({text}) {sign} {y}", why="Make a date of the string."),
        ),
        claim="`{text}` is a date as a string, which cannot be computed with.",
        lesson="`datetime.fromisoformat('2024-01-31')` makes a date of a string; `strptime` reads other formats.",
        check="isinstance({text}, str)",
        example=(
            "from datetime import datetime, timedelta\nstart = '2024-01-30'",
            "end = start + timedelta(days=3)",
            "(end.month, end.day) == (2, 2)",
        ),
        weight=0.9,
    ),
    Remedy(
        code="python.path_joined",
        on=("TypeError",),
        says=r"unsupported operand type\(s\) for \+: '(PosixPath|WindowsPath|str)' and '(str|PosixPath|WindowsPath)'",
        find=("_x + _y",),
        when=lambda site, bound: not _goes_on(site, bound),
        write=(
            Swap(text="{x} / {y}", why="Join paths with `/`."),
            Swap(text="str({x}) + {y}", why="Make a string of the path."),
            Swap(text="{x} + str({y})", why="Make a string of the path."),
        ),
        claim="A path and a string are joined with `/`, not `+`.",
        check="any(hasattr(side, '__fspath__') for side in ({x}, {y}))",
        lesson="`Path('data') / 'file.csv'` joins the parts of a path.",
        example=("from pathlib import Path\nd = Path('a')", "p = d + 'b.csv'", "p.name == 'b.csv'"),
        weight=0.92,
    ),
    Remedy(
        code="python.json_keys",
        on=("TypeError",),
        says=r"keys must be str, int, float, bool or None, not (\w+)",
        find=("_m.dumps(_x, ...)", "_m.dump(_x, ...)"),
        write=(
            Swap(
                text="{m}.{method}(dict(zip(map(str, {x}), {x}.values())), {rest})",
                why="Make strings of the keys.",
            ),
        ),
        claim="The keys of a JSON object are strings.",
        lesson="JSON knows text, numbers, true, false, null, lists and dictionaries with text as keys.",
        example=("import json", "s = json.dumps({(1, 2): 3})", "'(1, 2)' in s"),
        weight=0.85,
    ),
    Remedy(
        code="python.shared_rows",
        on=("AssertionError",),
        says="",
        find=("_name = [[_x] * _n] * _m", "_name = [[]] * _m"),
        write=(
            Swap(text="{name} = [[{x}] * {n} for _ in range({m})]", why="Make a new row each time."),
            Swap(text="{name} = [[] for _ in range({m})]", why="Make a new list each time."),
        ),
        claim="All rows are one and the same list.",
        check="all(row is {name}[0] for row in {name})",
        lesson=_COPIES,
        everywhere=True,
        example=("g = [[0] * 2] * 2\ng[0][0] = 1", "assert g[1][0] == 0", "g == [[1, 0], [0, 0]]"),
        weight=0.95,
    ),
    Remedy(
        code="python.second_name",
        on=("AssertionError",),
        says="",
        find=("_name1 = _name2",),
        write=(
            Swap(text="{name1} = {name2}.copy()", why="Make a copy, which changes by itself."),
            Swap(text="{name1} = list({name2})", why="Make a copy, which changes by itself."),
        ),
        when=lambda site, bound: (
            site.type(code(bound, "name2"))
            in (
                "list",
                "dict",
                "set",
                "numpy.ndarray",
                "pandas.core.frame.DataFrame",
                "pandas.core.series.Series",
            )
        ),
        claim="`{name1}` and `{name2}` are two names of the same object.",
        check="{name1} is {name2}",
        lesson=_COPIES,
        everywhere=True,
        example=("a = [1]\nb = a\nb.append(2)", "assert a == [1]", "a == [1] and b == [1, 2]"),
        weight=0.85,
    ),
    Remedy(
        code="python.exact_floats",
        on=("AssertionError",),
        says="",
        find=("_x == _y",),
        when=_nearly_equal,
        write=(
            Swap(text="{math}.isclose({x}, {y})", why="Compare up to rounding.", needs=("math",)),
            Swap(text="round({x}, 9) == {y}", why="Compare up to rounding."),
            Swap(text="abs({x} - {y}) < 1e-9", why="Compare up to rounding."),
        ),
        claim="`{x}` is a float: it differs from `{y}` in its last digits only.",
        lesson="Most decimal fractions have no exact float; compare with `math.isclose`.",
        example=("t = 0.1 + 0.2", "assert t == 0.3", "True"),
        check="abs(({x}) - ({y})) < 1e-9",
        weight=0.9,
    ),
    Remedy(
        code="python.same_or",
        on=("AssertionError",),
        says="",
        find=("_x == _a or _b", "_x == _a or _b or _c"),
        write=(
            Swap(text="{x} in ({a}, {b}, {c})", why="Compare with each of the values."),
            Swap(text="{x} in ({a}, {b})", why="Compare with each of the values."),
        ),
        when=lambda site, bound: not hasattr(bound["b"], "ops"),
        claim="`… or {b}` is always true: `{b}` is not compared with anything.",
        check="not ({x} == {a}) and bool({b})",
        lesson="`x == 1 or 2` means `(x == 1) or 2`. Compare with both: `x in (1, 2)`.",
        everywhere=True,
        example=("x = 3\ny = 'a' if x == 1 or 2 else 'b'", "assert y == 'b'", "y == 'b'"),
        weight=0.93,
    ),
    Remedy(
        code="python.same_or_of_columns",
        on=("ValueError",),
        says=r"truth value of an? (array|Series|DataFrame|Index)",
        find=("_x == _a or _b", "_x == _a or _b or _c", "_x != _a and _b"),
        when=lambda site, bound: not hasattr(bound["b"], "ops"),
        write=(
            Swap(text="{x}.isin([{a}, {b}, {c}])", why="Compare with each of the values."),
            Swap(text="{x}.isin([{a}, {b}])", why="Compare with each of the values."),
            Swap(text="({x} == {a}) | ({x} == {b})", why="Compare with each of the values."),
        ),
        claim="`{b}` is not compared with anything.",
        lesson="`x == 1 or 2` means `(x == 1) or 2`. Compare with both: `x.isin([1, 2])`.",
        example=("import pandas as pd\nq = pd.Series([1, 2, 3])", "r = q[q == 1 or 2]", "list(r) == [1, 2]"),
        weight=0.96,
    ),
    Remedy(
        code="python.compared_after_and",
        on=("AssertionError", "ValueError", "TypeError", "KeyError"),
        says="",
        find=("_x & _y <cmp> _z", "_x | _y <cmp> _z", "_z <cmp> _x & _y", "_z <cmp> _x | _y"),
        write=(
            Swap(
                text="{x} {bits} ({y} {sign} {z})", why="Compare first: put the comparison into parentheses."
            ),
            Swap(
                text="({z} {sign} {x}) {bits} {y}", why="Compare first: put the comparison into parentheses."
            ),
        ),
        when=lambda site, bound: not hasattr(bound["x"], "ops"),
        claim="`{bits}` binds more tightly than `{sign}`, so `{x} {bits} {y}` is compared.",
        lesson="`a & b == 0` means `(a & b) == 0`. Put each comparison into parentheses: `a & (b == 0)`.",
        everywhere=True,
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'a': [True, False, True], 'b': [2, 2, 0]})",
            "n = (df['a'] & df['b'] == 2).sum()\nassert n == 1",
            "n == 1",
        ),
        weight=0.92,
    ),
    Remedy(
        code="python.and_between_comparisons",
        on=("TypeError", "ValueError"),
        says=r"for [&|]|truth value|Cannot perform 'r?(and|or)_|operand types",
        find=("_w <cmp> _x & _y <cmp> _z", "_w <cmp> _x | _y <cmp> _z"),
        write=(
            Swap(
                text="({w} {sign} {x}) {bits} ({y} {sign2} {z})",
                why="Compare first: put each comparison into parentheses.",
            ),
        ),
        claim="`{bits}` binds more tightly than `{sign}`, so `{x} {bits} {y}` comes first.",
        lesson="`a > 1 & b == 2` means `a > (1 & b) == 2`. Put each comparison into parentheses.",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'a': [1, 3], 'k': ['x', 'y']})",
            "n = len(df[df['a'] > 2 & df['k'] == 'y'])",
            "n == 1",
        ),
        weight=0.95,
    ),
    Remedy(
        code="python.read_once",
        on=("AssertionError", "ValueError", "StopIteration", "IndexError", "ZeroDivisionError", "TypeError"),
        says="",
        find=(
            "_name = zip(...)",
            "_name = map(...)",
            "_name = filter(...)",
            "_name = reversed(...)",
            "_name = _m.reader(...)",
        ),
        write=(Swap(text="{name} = list({value_of_node})", why="Make a list, which can be read again."),),
        claim="`{name}` can be read only once, and was read before.",
        lesson=_ONCE,
        everywhere=True,
        example=("z = zip([1], [2])\nn = len(list(z))", "assert len(list(z)) == 1", "True"),
        weight=0.85,
    ),
    Remedy(
        code="dates.span_in_units",
        on=("AttributeError",),
        says=r"(timedelta|Timedelta|TimedeltaProperties|TimedeltaIndex)' object has no attribute "
        r"'([a-z]+_)?(milliseconds?|minutes?|hours?|days?|weeks?|months?|years?)'",
        find=("_x._unit()", "_x._unit"),
        when=lambda site, bound: site.says(f"'{bound['unit']}'") is not None,
        write=(Swap(text="{x}.total_seconds() / {seconds}", why="Divide the seconds by those of the unit."),),
        claim="A span of time has days, seconds and microseconds, and no `{unit}`.",
        lesson="`span.total_seconds()` is the whole span; divide it by the seconds of the unit that you want.",
        check="not hasattr({x}, '{unit}')",
        example=(
            "from datetime import timedelta\nspan = timedelta(days=1, hours=1.5)",
            "hours = span.hours",
            "hours == 25.5",
        ),
        weight=0.94,
    ),
    Remedy(
        code="python.frozen",
        on=("FrozenInstanceError", "AttributeError"),
        says=r"cannot assign to field|can't set attribute",
        find=("_name._attr = _v", "_name._attr += _v", "_name._attr -= _v", "_name._attr *= _v"),
        when=_is_frozen,
        write=(
            Swap(
                text="{name} = {name}._replace({attr}={new_value})",
                why="Make a changed copy: this one cannot be changed.",
            ),
            Swap(
                text="{name} = replace({name}, {attr}={new_value})",
                why="Make a changed copy: this one cannot be changed.",
                needs=("from dataclasses import replace",),
            ),
        ),
        claim="`{name}` cannot be changed: its class is frozen.",
        lesson="Frozen dataclasses and named tuples are never changed; `replace` and `_replace` make a copy with "
        "other values.",
        check="hasattr({name}, '{attr}')",
        example=(
            "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass P:\n    x: int\np = P(1)",
            "p.x += 4",
            "p.x == 5",
        ),
        weight=0.9,
    ),
    Remedy(
        code="python.frozen_self",
        on=("FrozenInstanceError",),
        says="cannot assign to field",
        find=("self._attr = _v",),
        write=(
            Swap(
                text="object.__setattr__(self, '{attr}', {v})",
                why="Set it past the class, while the object is being made.",
            ),
        ),
        claim="The class is frozen: its own methods cannot set `{attr}` either.",
        lesson="A frozen dataclass sets computed fields in `__post_init__`, with `object.__setattr__`.",
        check="hasattr(type(self), '__dataclass_params__')",
        example=(
            "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass P:\n    x: int\n"
            "    def __post_init__(self):\n        self.y = self.x + 1",
            "y = P(1).y",
            "y == 2",
        ),
        weight=0.9,
    ),
    Remedy(
        code="python.groups_of_unsorted",
        on=("AssertionError", "KeyError", "ValueError"),
        says="",
        find=(
            "groupby(_x, _k)",
            "groupby(_x, key=_k)",
            "_m.groupby(_x, key=_k)",
            "groupby(_x)",
            "itertools.groupby(_x, _k)",
        ),
        when=_is_unsorted,
        write=(
            Swap(text="groupby(sorted({x}, key={k}), key={k})", why="Sort by the same key first."),
            Swap(text="groupby(sorted({x}))", why="Sort it first."),
        ),
        claim="`groupby` of itertools only joins neighbours: a key that comes again begins another group.",
        lesson="`itertools.groupby` groups equal neighbours. Sort by the same key first.",
        everywhere=True,
        example=(
            "from itertools import groupby\nwords = ['ax', 'be', 'an']\n"
            "d = {k: list(g) for k, g in groupby(words, key=lambda w: w[0])}",
            "assert d['a'] == ['ax', 'an']",
            "d == {'a': ['ax', 'an'], 'b': ['be']}",
        ),
        weight=0.94,
    ),
    Remedy(
        code="python.plain_pattern",
        on=("error", "PatternError"),
        says=r"unterminated|nothing to repeat|unbalanced|bad escape|multiple repeat|bad character range",
        find=("_x.str._f(_p, ...)", "re._f(_p, ...)"),
        write=(
            Swap(
                text="{x}.str.{f}({p}, {rest}, regex=False)",
                why="Take the string as it is, not as a pattern.",
            ),
            Swap(text="re.{f}(re.escape({p}), {rest})", why="Take the string as it is, not as a pattern."),
        ),
        claim="`{p}` is no regular expression: {0}.",
        lesson="`( ) [ ] * + ? .` and the backslash mean something in a pattern. `re.escape` or `regex=False` takes "
        "them as they are.",
        example=(
            "import re\nnames = ['a (x)', 'b']",
            "n = [w for w in names if re.search('(x', w)]",
            "n == ['a (x)']",
        ),
        weight=0.9,
    ),
    Remedy(
        code="dates.milliseconds",
        on=("ValueError", "OverflowError"),
        says=r"year -?\d+ is out of range|timestamp out of range",
        find=("_d.fromtimestamp(_t, ...)", "_d.utcfromtimestamp(_t, ...)"),
        write=(Swap(text="{d}.{method}({t} / 1000, {rest})", why="Give seconds: divide by 1,000."),),
        claim="`{t}` is a time in milliseconds, and `{method}` takes seconds.",
        lesson="JavaScript and many services count milliseconds since 1970, Python's `fromtimestamp` seconds.",
        check="{t} > 10**11",
        example=(
            "from datetime import datetime\nt = 1704110400000",
            "y = datetime.fromtimestamp(t).year",
            "y == 2024",
        ),
        weight=0.92,
    ),
)
