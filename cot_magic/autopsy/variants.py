"""What a value can be turned into without another meaning: shapes, containers, plain types, equal lengths."""

import math
import os
import types
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from cot_magic.autopsy.scene import is_instance
from cot_magic.capture.describe import objects

Variant = tuple[str, str]
"""Code in which `_it` is the value, and what it does."""
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_WITHOUT_SLICES = (range, map, filter, zip, enumerate, reversed, deque)
_FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType)
_MATCH = "Use as many elements as `{other}` has."


def variants(value: Any, others: Sequence[tuple[str, Any]]) -> Iterator[Variant]:
    """The variants of an operand beside the others, given with their sources; likelier ones first."""
    if is_instance(value, "numpy.ndarray"):
        yield from _of_array(value)
    elif is_instance(value, "pandas.Series", "pandas.DataFrame", "pandas.Index"):
        yield from _of_table(value)
    elif is_instance(value, "torch.Tensor"):
        yield from _of_tensor(value)
    elif is_instance(value, "scipy.sparse.spmatrix", "scipy.sparse.sparray"):
        yield "_it.toarray()", "Make a dense array of it."
    else:
        yield from _of_plain(value)
    yield from _beside(value, others)
    if is_instance(value, "numpy.ndarray", "pandas.Series", "pandas.DataFrame"):
        yield "[_it]", "Make a list with it as the only element."


def _of_array(array: Any) -> Iterator[Variant]:
    axes = int(array.ndim)
    if axes == 0:
        yield "_it.item()", "Take the one value out of the array."
    elif axes == 1:
        yield "_it.reshape(-1, 1)", "Make a column of it: a row for each value."
        yield "_it.reshape(1, -1)", "Make a row of it."
        if len(array) == 1:
            yield "_it[0]", "Take the one value out of the array."
        side = math.isqrt(len(array))
        if side**2 == len(array) and side > 3:
            yield f"_it.reshape({side}, {side})", "Make a square of it."
    elif axes == 2:
        if 1 in array.shape:
            yield "_it.ravel()", "Make it one-dimensional."
        yield "_it.T", "Transpose it."
    else:
        if 1 in array.shape:
            yield "_it.squeeze()", "Leave out axes of length 1."
        if axes == 3 and array.shape[0] in (3, 4) and array.shape[2] not in (3, 4):
            yield "_it.transpose(1, 2, 0)", "Put the axis of the channels last."
        if axes == 4:
            yield "_it[0]", "Take the first of them."
        yield "_it.reshape(len(_it), -1)", "Make a row of each of its elements."
    if array.dtype.kind == "f" and axes:
        yield "_it.astype(int)", "Make whole numbers of it."
    if array.dtype.kind in "OU":
        yield "_it.astype(float)", "Make numbers of it."
    if array.dtype.kind != "O":
        yield "_it.tolist()", "Make a list of it."


def _of_tensor(tensor: Any) -> Iterator[Variant]:
    """The types of number and the axes that layers and losses ask for."""
    if tensor.requires_grad:
        yield "_it.detach()", "Leave its gradient out."
    if str(tensor.dtype) != "torch.float32":
        yield "_it.float()", "Make numbers of the type of the model's weights of it."
    if str(tensor.dtype) != "torch.int64" and not tensor.requires_grad:
        yield "_it.long()", "Make whole numbers of it, as the number of a class is."
    if tensor.ndim > 1 and tensor.shape[-1] == 1:
        yield "_it.squeeze(-1)", "Leave out the last axis, which has length 1."
    if tensor.ndim == 1:
        yield "_it.unsqueeze(1)", "Make a column of it: a row for each value."
        yield "_it.unsqueeze(1).float()", "Make a column of numbers of the type of the model's weights of it."
    if tensor.ndim == 2:
        yield "_it.T", "Transpose it."
    if tensor.ndim > 2:
        yield "_it.flatten(1)", "Make a row of each of its elements."


def _of_table(table: Any) -> Iterator[Variant]:
    if is_instance(table, "pandas.DataFrame"):
        if len(table.columns) == 1:
            yield "_it.iloc[:, 0]", "Take its only column."
        if len(table) == 1:
            yield "_it.iloc[0]", "Take its only row."
        yield "_it.to_numpy()", "Use the values, without labels."
        yield "_it.T", "Transpose it."
        return
    if is_instance(table, "pandas.Series"):
        if len(table) == 1:
            yield "_it.iloc[0]", "Take the one value out of it."
        yield "_it.to_frame()", "Make a table with one column of it."
        yield "_it.to_frame().T", "Make a table with one row of it."
    yield "_it.to_numpy()", "Use the values, without labels."
    yield "_it.tolist()", "Make a list of it."
    yield "_it.astype(str)", "Make strings of it."


def _of_plain(value: Any) -> Iterator[Variant]:
    if objects.is_a(value, *_FUNCTIONS):
        yield "_it()", "Call it."
    elif objects.is_a(value, list):
        if len(value) == 1:
            yield "_it[0]", "Take its only element."
        yield "tuple(_it)", "Make a tuple of it."
        yield "[_it]", "Make a list with it as the only element."
        yield "[[item] for item in _it]", "Make a row of each element."
    elif objects.is_a(value, tuple):
        yield "list(_it)", "Make a list of it."
        yield "[_it]", "Make a list with it as the only element."
    elif objects.is_a(value, dict):
        yield "list(_it.values())", "Use the values."
        yield "list(_it)", "Use the keys."
        yield "_it.items()", "Use the pairs of key and value."
        yield "[_it]", "Make a list with it as the only element."
    elif objects.is_a(value, set, frozenset):
        yield "sorted(_it)", "Make a list of it, in order."
    elif objects.is_a(value, *_VIEWS, *_WITHOUT_SLICES):
        yield "list(_it)", "Make a list of it."
    elif objects.is_a(value, bool):
        return
    elif objects.is_a(value, float):
        yield "int(_it)", "Make a whole number of it."
        yield "[_it]", "Make a list with it as the only element."
    elif objects.is_a(value, int):
        yield "str(_it)", "Make a string of it."
        yield "[_it]", "Make a list with it as the only element."
    elif objects.is_a(value, str):
        yield from _of_text(value)
    elif is_instance(value, "numpy.generic"):
        yield "_it.item()", "Make a plain Python value of it."
    elif is_instance(value, "pathlib.Path"):
        yield "str(_it)", "Make a string of the path."


def _of_text(value: str) -> Iterator[Variant]:
    text = value.strip()
    if len(value) < 1_000 and os.path.isfile(value):
        yield "open(_it).read()", "Read the file of that name."
    if text.lstrip("-").isdigit():
        yield "int(_it)", "Make a whole number of it."
    elif text.lstrip("-").replace(".", "", 1).isdigit():
        yield "float(_it)", "Make a number of it."
    yield "[_it]", "Make a list with it as the only element."
    yield "_it.encode()", "Make bytes of the string."


def _beside(value: Any, others: Sequence[tuple[str, Any]]) -> Iterator[Variant]:
    """Fewer elements, where another operand has fewer; the labels of another one, where both have labels."""
    size = _size(value)
    if size is None:
        return
    for source, other in others:
        length = _size(other)
        if length is None:
            continue
        labelled = all(is_instance(item, "pandas.Series", "pandas.DataFrame") for item in (value, other))
        if labelled and not value.index.equals(other.index):
            yield f"_it.loc[{source}.index]", f"Take the rows that `{source}` has."
            yield "_it.reset_index(drop=True)", "Number the rows anew."
        if 0 < length < size:
            yield f"_it[:len({source})]", _MATCH.format(other=source)


def _size(value: Any) -> int | None:
    sized = is_instance(value, "pandas.Series", "pandas.DataFrame", "numpy.ndarray")
    if (sized and value.ndim > 0) or objects.is_a(value, list, tuple):
        return len(value)
    return None
