"""Rules for DataFrames and Series of pandas, and the input of scikit-learn."""

import ast
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pure
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
    "table.query_assigns",
    "ValueError",
    lesson="In `query`, as in Python, `==` compares and `=` assigns.",
)
def query_assigns(site: Site) -> Iterator[Suspicion]:
    """`df.query('n = 2')`."""
    if not site.says(r"cannot assign without a target|[Aa]ssignment"):
        return
    for call in site.calls("query", least=1):
        text = site.literal(call.args[0])
        if isinstance(text, str):
            new = re.sub(r"(?<![<>=!])=(?!=)", "==", text)
            repair = site.repair("Compare with `==`.", site.over(call.args[0], repr(new)))
            yield site.reading(f"`{text}` assigns; `==` compares.", repair, weight=0.9)
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


RULES = (
    query_assigns,
    keys_of_merge,
    one_feature,
    overlap,
    labels_differ,
    table_positions,
)
