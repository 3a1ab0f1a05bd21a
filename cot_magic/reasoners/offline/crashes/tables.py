"""Rules for DataFrames and Series of pandas, and the input of scikit-learn."""

import ast
import re
from collections.abc import Iterator

from cot_magic.core.spelling import only_near
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pandas_name, pure
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "table.positions",
    "InvalidIndexError",
    "KeyError",
    "TypeError",
    lesson="`df[…]` selects columns of a DataFrame. `df.iloc[rows, columns]` selects by position, "
    "`df.loc[…]` by label.",
)
def table_positions(site: Site) -> Iterator[Suspicion]:
    for node in site.find(ast.Subscript, lambda node: isinstance(node.slice, ast.Tuple)):
        if kind_of(site, node.value) != "pandas.core.frame.DataFrame":
            continue
        assert isinstance(node.slice, ast.Tuple)
        text = site.text(node.value)
        strings = [
            item for item in node.slice.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)
        ]
        keys = site.keys(node.value)
        if len(strings) == len(node.slice.elts) and all(repr(item.value) in keys for item in strings):
            start, end = src.span(site.cell.source, node.slice)
            changes = [src.Splice(start=start, end=start, text="["), src.Splice(start=end, end=end, text="]")]
            yield site.cause(
                "Several columns need a list: a second pair of square brackets.",
                "Each of them is a column.",
                " and ".join(f"{item.value!r} in {text}.columns" for item in strings),
                site.repair("Put the columns into a list.", *changes),
                weight=0.93,
            )
        elif strings:
            yield site.reading(
                "To select rows and columns by label, use `loc`.",
                site.repair("Use `loc`, which selects by label.", site.after(node.value, ".loc")),
                weight=0.8,
            )
        else:
            yield site.reading(
                "To select rows and columns by position, use `iloc`.",
                site.repair("Use `iloc`, which selects by position.", site.after(node.value, ".iloc")),
                weight=0.85,
            )
        return


@rule(
    "table.one_column_as_features",
    "ValueError",
    lesson="Models of scikit-learn need a table of features, even for one feature: n rows and 1 column.",
)
def one_feature(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"Expected 2D (array|input), got (1D|scalar) array"):
        return
    for call in site.find(ast.Call, lambda node: bool(node.args)):
        first = call.args[0]
        kind = kind_of(site, first)
        text = site.text(first)
        if kind == "pandas.core.series.Series" and isinstance(first, ast.Subscript):
            changes = src.wrap(site.cell.source, first.slice, "[", "]")
            repair = site.repair("Use double square brackets, which keep it a DataFrame.", *changes)
        elif kind == "list":
            repair = site.repair(
                "Make a row of each value.", site.over(first, f"[[item] for item in {text}]")
            )
        else:
            end = ".to_numpy().reshape(-1, 1)" if kind.startswith("pandas") else ".reshape(-1, 1)"
            repair = site.repair("Make a row of each value.", site.after(first, end))
        claim = f"`{text}` has one dimension, but the model needs rows and columns."
        predicted = _predicted(site, first)
        if predicted is not None:
            given = site.repair("Give the features that were predicted from.", site.over(first, predicted))
            claim = f"`{text}` is what a model predicted, not features; `{predicted}` are the features."
            yield site.reading(claim, given, weight=0.97)
        elif pure(first) and not _is_target(site, first):
            check = f"getattr({text}, 'ndim', 1) == 1"
            yield site.cause(claim, "It has one dimension.", check, repair, weight=0.9)
        else:
            yield site.reading(claim, repair, weight=0.85)
        return


def _predicted(site: Site, node: ast.expr) -> str | None:
    """The features from which a model predicted these values, if one did."""
    made = next(site.assignments(node.id), None) if isinstance(node, ast.Name) else None
    cell, value = (made[0], made[1].value) if made is not None else (site.cell, node)
    match value:
        case ast.Call(func=ast.Attribute(attr=name), args=[features, *_]) if name.startswith("predict"):
            return src.text_of(cell.source, features)
    return None


def _is_target(site: Site, node: ast.expr) -> bool:
    """Whether a model of the notebook was fitted to these values."""
    fits = [
        call
        for _, tree in site.cells()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "fit" and len(call.args) > 1
    ]
    return any(ast.dump(call.args[1]) == ast.dump(node) for call in fits)


@rule(
    "table.numbers_as_text",
    "ValueError",
    lesson="A column that was read from a file may hold strings: numbers with thousands separators, currency "
    "signs or spaces.",
)
def numbers_as_text(site: Site) -> Iterator[Suspicion]:
    """`df['x'].astype(float)` on strings such as `1,234`."""
    said = site.says(
        r"could not convert string to float: '(.*)'|invalid literal for int\(\) with base 10: '(.*)'"
    )
    if said is None:
        return
    value = said[1] if said[1] is not None else said[2]
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "astype"):
        assert isinstance(call.func, ast.Attribute)
        strip = {",": r"','", "$": r"'$'", "%": r"'%'", "€": r"'€'", " ": r"' '"}
        signs = [sign for sign in strip if sign in value.strip()]
        if not signs or re.search(r"\d,\d{1,2}\D*$", value):
            return  # that comma is a decimal one
        new = "".join(f".str.replace({strip[sign]}, '', regex=False)" for sign in signs)
        claim = f"`{site.one_line(call.func.value)}` holds strings such as `{value}`."
        yield site.reading(
            claim,
            site.repair("Remove these characters before the conversion.", site.after(call.func.value, new)),
            weight=0.85,
        )
        return


@rule(
    "table.missing_values",
    "ValueError",
    "IntCastingNaNError",
    lesson="A missing value (NaN) is not an integer, and most models cannot work with it. Fill it, or drop "
    "its row.",
)
def missing_values(site: Site) -> Iterator[Suspicion]:
    if not site.says(
        r"cannot convert (non-finite|float NaN)|Cannot convert non-finite values|Input X? ?contains NaN"
    ):
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "astype"):
        assert isinstance(call.func, ast.Attribute)
        claim = f"`{site.one_line(call.func.value)}` has missing values, which are not integers."
        keep = site.over(call.args[0], "'Int64'") if call.args else None
        if keep is not None:
            yield site.reading(
                claim, site.repair("Use the type `Int64`, which allows missing values.", keep), weight=0.7
            )
        yield site.reading(
            claim,
            site.repair("Replace missing values with 0.", site.after(call.func.value, ".fillna(0)")),
            weight=0.5,
        )
        return


@rule(
    "table.overlap",
    "ValueError",
    lesson="Two tables that are joined must not have columns of the same name, unless suffixes distinguish "
    "them.",
)
def overlap(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"columns overlap but no suffix specified"):
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "join"):
        end = src.span(site.cell.source, call)[1] - 1
        change = src.Splice(start=end, end=end, text=", rsuffix='_right'")
        claim = "Both tables have a column of the same name."
        yield site.reading(
            claim, site.repair("Add a suffix to the columns of the right table.", change), weight=0.7
        )
        return


@rule(
    "table.labels_differ",
    "ValueError",
    lesson="Columns can be compared row by row only if both have the same row labels in the same order.",
)
def labels_differ(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"Can only compare identically-labeled"):
        return
    for node in site.find(ast.Compare, lambda node: len(node.ops) == 1):
        claim = "The two have different row labels."
        changes = [site.after(item, ".to_numpy()") for item in (node.left, node.comparators[0])]
        yield site.reading(
            claim, site.repair("Compare them by position, without labels.", *changes), weight=0.6
        )
        return


@rule(
    "table.dates_as_text",
    "AttributeError",
    lesson="Dates that are read from a file are strings until `pd.to_datetime` converts them.",
)
def dates_as_text(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"Can only use \.dt accessor with datetimelike values"):
        return
    for node in [item for item in ast.walk(site.statement or site.tree) if isinstance(item, ast.Attribute)]:
        if node.attr == "dt":
            text, pd = site.text(node.value), pandas_name(site)
            repair = site.repair(
                f"Convert them with `{pd}.to_datetime`.", *site.call(f"{pd}.to_datetime", node.value)
            )
            day_first = f"{pd}.to_datetime({text}, dayfirst=True)"
            check = (
                f"dates = {pd}.to_datetime({text})\nbool({text}.astype(str).str.match(r'\\d{{4}}').all()) or "
                f"dates.equals({day_first})"
            )
            claim = f"`{text}` holds dates as strings."
            prediction = "Each of them can be read as a date, and in one way only."
            yield site.cause(claim, prediction, check, repair, weight=0.9)
            return


@rule(
    "table.query_assigns",
    "ValueError",
    lesson="In `query`, as in Python, `==` compares and `=` assigns.",
)
def query_assigns(site: Site) -> Iterator[Suspicion]:
    """`df.query('n = 2')`."""
    if not site.says(r"cannot assign without a target|[Aa]ssignment"):
        return
    for call in site.find(
        ast.Call, lambda node: getattr(node.func, "attr", "") == "query" and bool(node.args)
    ):
        text = site.literal(call.args[0])
        if isinstance(text, str):
            new = re.sub(r"(?<![<>=!])=(?!=)", "==", text)
            repair = site.repair("Compare with `==`.", site.over(call.args[0], repr(new)))
            yield site.reading(f"`{text}` assigns; `==` compares.", repair, weight=0.9)
        return


@rule(
    "table.key_of_both",
    "KeyError",
    lesson="`on=…` names a column that both tables have. Where its names differ, `left_on` and `right_on` "
    "name both.",
)
def key_of_both(site: Site) -> Iterator[Suspicion]:
    """`a.merge(b, on='id')`, where one of them has `ID`."""
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "merge"):
        word = next((item for item in call.keywords if item.arg == "on"), None)
        key = site.literal(word.value) if word is not None else None
        assert isinstance(call.func, ast.Attribute)
        tables = [call.func.value, *call.args] if len(call.args) == 1 else list(call.args[:2])
        if word is None or not isinstance(key, str) or len(tables) != 2:
            return
        names = [_column_like(site, table, key) for table in tables]
        if None in names or names[0] == names[1]:
            return
        text = f"left_on={names[0]!r}, right_on={names[1]!r}"
        repair = site.repair("Name the column of each table.", site.over(word, text))
        claim = f"The tables name this column {names[0]!r} and {names[1]!r}."
        yield site.reading(claim, repair, weight=0.9)
        return


@rule(
    "table.keys_of_merge",
    "MergeError",
    "KeyError",
    lesson="Without `on=`, `merge` joins on the columns that both tables have. Where the names differ, "
    "`left_on` and `right_on` name them.",
)
def keys_of_merge(site: Site) -> Iterator[Suspicion]:
    """`orders.merge(customers)`, where the key is `cust_id` in one table and `id` in the other."""
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "merge"):
        word = next((item for item in call.keywords if item.arg == "on"), None)
        assert isinstance(call.func, ast.Attribute)
        tables = [call.func.value, *call.args] if len(call.args) == 1 else list(call.args[:2])
        wanted = site.literal(word.value) if word is not None else None
        if len(tables) != 2 or not (site.says("No common columns") or isinstance(wanted, str)):
            return
        pairs = _keys_alike(site, tables, wanted if isinstance(wanted, str) else None)
        repairs = []
        for left, right in pairs[:3]:
            text = f"left_on={left!r}, right_on={right!r}"
            end = src.span(site.cell.source, call)[1] - 1
            change = site.over(word, text) if word else src.Splice(start=end, end=end, text=f", {text}")
            repairs.append(site.repair("Name the key of each table.", change))
        if repairs:
            claim = f"The key is {pairs[0][0]!r} in one table and {pairs[0][1]!r} in the other."
            yield site.reading(claim, *repairs, weight=0.88)
        return


def _keys_alike(site: Site, tables: list[ast.expr], wanted: str | None) -> list[tuple[str, str]]:
    """Pairs of columns whose names share words, those that share most first; one of them is `wanted`."""
    names = [[ast.literal_eval(text) for text in site.keys(table)] for table in tables]
    found = []
    for left in [name for name in names[0] if isinstance(name, str)]:
        for right in [name for name in names[1] if isinstance(name, str)]:
            words = [set(re.findall(r"[^\W_]+", name.lower())) for name in (left, right)]
            shared = len(words[0] & words[1]) / max(len(words[0] | words[1]), 1)
            if shared and left != right and wanted in (None, left, right):
                found.append((-shared, left, right))
    return [(left, right) for _, left, right in sorted(found)]


def _column_like(site: Site, table: ast.expr, key: str) -> str | None:
    """The column of that name, or the only one that is like it."""
    columns = [ast.literal_eval(text) for text in site.keys(table)]
    texts = [name for name in columns if isinstance(name, str)]
    return key if key in texts else only_near(key, texts)


RULES = (
    query_assigns,
    key_of_both,
    keys_of_merge,
    dates_as_text,
    one_feature,
    numbers_as_text,
    missing_values,
    overlap,
    labels_differ,
    table_positions,
)
