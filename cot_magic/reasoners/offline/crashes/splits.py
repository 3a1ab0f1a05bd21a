"""Features that were split into training and test data before they were made fit for a model."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import pandas_name
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site, type_name
from cot_magic.reasoners.offline.written import rule

_TEXT = (
    r"could not convert string to float|[Pp]andas data cast to numpy dtype of object|dtype='numeric' is not "
    r"compatible|Unable to convert array of bytes/strings"
)
_MISSING = r"Input X contains (NaN|infinity)|Input contains (NaN|infinity)"
_LESSON = (
    "Training and test data need the same columns, so categories are encoded and gaps are filled before the "
    "split, or in a pipeline that is fitted with the training data."
)


@rule("model.before_split", "ValueError", lesson=_LESSON)
def before_split(site: Site) -> Iterator[Suspicion]:
    """`fit(X_train, …)`, where `X_train` is from `train_test_split(X, y)` and `X` holds text or gaps."""
    words, gaps = site.says(_TEXT), site.says(_MISSING)
    names = [node.id for node in ast.walk(site.statement or site.tree) if isinstance(node, ast.Name)]
    for name in dict.fromkeys(names) if words or gaps else ():
        found = _split(site, name)
        if found is None or not type_name(site.known(name)).endswith("DataFrame"):
            continue
        cell, statement, call = found
        features = src.text_of(cell.source, call.args[0])
        target = src.text_of(cell.source, call.args[1]) if len(call.args) > 1 else ""
        if not features.isidentifier():
            return
        pandas = pandas_name(site)
        lines = _encoded(features, pandas) if words else _filled(features, target)
        repairs = tuple(
            Repair(
                edits=(src.edit(cell, src.line_before(cell.source, src.first_line(statement), text)),),
                why=why,
            )
            for text, why in lines
        )
        what = "text" if words else "missing values"
        claim = f"`{features}` has {what} when it is split, so `{name}` has them too."
        yield replace(site.reading(claim, *repairs, weight=0.9), cell=cell.id, lineno=statement.lineno)
        return


def _encoded(features: str, pandas: str) -> list[tuple[str, str]]:
    return [
        (
            f"{features} = {pandas}.get_dummies({features}, dtype=float)",
            "Make columns of 0 and 1 of the categories, before the split.",
        ),
        (
            f"{features} = {pandas}.get_dummies({features}, drop_first=True, dtype=float)",
            "Make columns of 0 and 1 of all categories but the first, before the split.",
        ),
        (f"{features} = {features}.select_dtypes('number')", "Only use the columns that hold numbers."),
    ]


def _filled(features: str, target: str) -> list[tuple[str, str]]:
    found = [
        (
            f"{features} = {features}.fillna({features}.median(numeric_only=True))",
            "Fill in the median of each column, before the split.",
        ),
        (f"{features} = {features}.fillna(0)", "Fill in 0, before the split."),
    ]
    if target.isidentifier():
        rows = f"{features} = {features}.dropna()\n{target} = {target}.loc[{features}.index]"
        found.insert(1, (rows, "Leave out the rows with a missing value, before the split."))
    return found


def _split(site: Site, name: str) -> tuple[Cell, ast.Assign, ast.Call] | None:
    """The split that makes the name: `X_train, X_test, … = train_test_split(X, …)`."""
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets=[ast.Tuple(elts=elements)], value=ast.Call(args=[_, *_]) as call):
                    called = getattr(call.func, "attr", getattr(call.func, "id", ""))
                    if called == "train_test_split" and name in [
                        getattr(item, "id", "") for item in elements[:2]
                    ]:
                        return cell, node, call
    return None


@rule(
    "model.target_among_features",
    "ValueError",
    lesson="A model is fitted with the columns that will be there when it predicts, without the one that it "
    "is to predict.",
)
def target_among_features(site: Site) -> Iterator[Suspicion]:
    """`fit(train, train['y'])`, then `predict(test)`, where `test` has no `y`."""
    said = site.says(r"seen at fit time, yet now missing:\s*- (\w+)\s*$")
    calls = site.find(ast.Call, lambda node: getattr(node.func, "attr", "").startswith(("predict", "score")))
    if said is None or not calls or not isinstance(calls[0].func, ast.Attribute):
        return
    name, model = said[1], site.text(calls[0].func.value)
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(attr="fit"), args=[features, target, *_]):
                    of_target = src.text_of(cell.source, target)
                    if not re.search(rf"\b{name}\b", of_target):
                        continue
                    text = src.text_of(cell.source, features)
                    change = src.over(cell.source, features, f"{text}.drop(columns={name!r})")
                    why = f"Fit the model without {name!r}, which it is to predict."
                    repair = Repair(edits=(src.edit(cell, change),), why=why)
                    claim = f"`{model}` was fitted with {name!r} among its features, and that is its target."
                    check = f"{name!r} in {model}.feature_names_in_"
                    cause = site.cause(claim, "It is one of its features.", check, repair, weight=0.93)
                    yield replace(cause, cell=cell.id, lineno=node.lineno)
                    return


@rule(
    "model.fitted_to_a_part",
    "ValueError",
    lesson="An encoder gives numbers to the labels of its fit. Labels that are only in the test data have to "
    "be there too, and a second fit would number all of them anew.",
)
def fitted_to_a_part(site: Site) -> Iterator[Suspicion]:
    """`e.fit(train['c'])`, then `e.transform(test['c'])` with labels that `train` has not."""
    calls = site.find(
        ast.Call, lambda node: getattr(node.func, "attr", "") == "transform" and bool(node.args)
    )
    if not site.says("previously unseen labels") or not calls:
        return
    assert isinstance(calls[0].func, ast.Attribute)
    encoder, data = site.text(calls[0].func.value), site.text(calls[0].args[0])
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="fit" | "fit_transform" as how, value=value), args=[first]
                ):
                    part = src.text_of(cell.source, first)
                    if src.text_of(cell.source, value) != encoder or part == data:
                        continue
                    fitted = f"{encoder}.fit({pandas_name(site)}.concat([{part}, {data}]))"
                    text = f"{fitted}.transform({part})" if how == "fit_transform" else fitted
                    edit = src.edit(cell, src.over(cell.source, node, text))
                    repair = Repair(edits=(edit,), why=f"Fit it to the labels of `{data}` too.")
                    claim = f"`{encoder}` was fitted to `{part}` alone, which has not all labels of `{data}`."
                    made = site.reading(claim, repair, weight=0.86)
                    yield replace(made, cell=cell.id, lineno=node.lineno)
                    return


RULES = (before_split, target_among_features, fitted_to_a_part)
