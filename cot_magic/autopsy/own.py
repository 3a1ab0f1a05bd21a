"""Own files: what failed in a module of the person's own that a cell called into."""

import linecache
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cot_magic.autopsy.callee import callee
from cot_magic.autopsy.inside import inside
from cot_magic.autopsy.keys import keys
from cot_magic.autopsy.modules import is_own_file
from cot_magic.autopsy.scene import LONGEST_SOURCE, Scene, Spot
from cot_magic.capture.describe.oneline import tidy
from cot_magic.core.facts import Fact

_EXPLAINS = ("keys.missing", "inside.unpacked", "inside.unbound", "inside.empty", "callee.attribute")
_MOST_VALUES = 2


def own(scene: Scene) -> Iterator[Fact]:
    """`own.failed`: the innermost line of the person's own file below the cell, and what was wrong in it."""
    below = []
    for level in reversed(scene.levels):
        if level.place is not None:
            break
        if is_own_file(level.frame.f_code.co_filename):
            below.append(level)
    if not below or not scene.spots:
        return
    inner = replace(scene)
    inner.__dict__["spots"] = [Spot.of(level) for level in below]
    found = [fact for analyser in (keys, inside, callee) for fact in analyser(inner)]
    told = next((fact for fact in found if fact.kind in _EXPLAINS), None)
    near = next((fact.value.get("candidates") for fact in found if fact.kind == "keys.near"), None)
    values = [fact.text for fact in found if fact.kind == "inside.value"][:_MOST_VALUES]
    file, line = below[0].frame.f_code.co_filename, below[0].traceback.tb_lineno
    name = Path(file).name
    # a comprehension is inside of a function that has a name
    function = next((item.frame.f_code.co_name for item in below if item.frame.f_code.co_name[0] != "<"), "")
    source = tidy(scene.redactor.source(linecache.getline(file, line).strip()), LONGEST_SOURCE)
    inside_of = f" in `{function}`" if function else ""
    where = f"`{scene.redactor.text(name)}` fails in line {line}{inside_of}: `{source}`."
    yield Fact.of(
        "own.failed",
        " ".join([where, *([told.text] if told is not None else values)]),
        file=name,
        line=line,
        function=function,
        wanted=told.value.get("wanted") if told is not None else None,
        candidates=near or [],
    )
