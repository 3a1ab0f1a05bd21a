"""Chance: what may decide whether a cell fails, what is tried first, and how a failing run is repeated."""

import ast
import re
from collections.abc import Mapping
from dataclasses import replace

from cot_magic.core.case import Case
from cot_magic.core.chance import MODULES, Axis, Conditions
from cot_magic.core.edits import parsed
from cot_magic.core.findings import Hypothesis, HypothesisId

_WORDS = {
    Axis.RANDOM: r"(?<![.\w])random\b|\bshuffle\b|\bchoices?\b|\brandint\b|\bgauss\b",
    Axis.NUMPY: r"\bnumpy\b|\bnp\.|\bdefault_rng\b|\bRandomState\b|\bpandas\b|\bpd\.|\bscipy\b|\bsklearn\b",
    Axis.ENTROPY: r"\burandom\b|\buuid|\bsecrets\b|\bSystemRandom\b|\btempfile\b",
    Axis.CLOCK: r"\btime\b|\bdatetime\b|\bnow\(|\btoday\(|\bdate\b|\bperf_counter\b|\bmonotonic\b",
    Axis.ZONE: r"\blocaltime\b|\bdatetime\b|\bnow\(|\btoday\(|\bstrftime\b|\bmktime\b|\bfromtimestamp\b",
    Axis.FILES: r"\blistdir\b|glob\b|\bscandir\b|\bwalk\b|\biterdir\b",
    Axis.HASH: r"\bset\b|\bfrozenset\b|\bhash\(|\.(?:union|intersection|difference)\(",
}
_MAKERS = {"Random", "default_rng", "RandomState", "Generator"}
IN_A_COPY = (Axis.RANDOM, Axis.NUMPY, Axis.ENTROPY, Axis.CLOCK, Axis.ZONE, Axis.FILES)
"""What can differ between copies of one kernel; a hash seed is fixed when a process starts."""


def hypothesis(case: Case, axis: Axis) -> Hypothesis:
    """The hypothesis that this axis decides; runs in which nothing else differs test it."""
    return Hypothesis(
        id=HypothesisId(f"chance-{axis}"),
        claim=f"Whether the cell fails depends on {axis.named}.",
        prediction="If nothing else differs between runs, some fail and some pass; each run repeats exactly.",
        cell=case.cell.id,
        rule=f"chance.{axis}",
    )


def mentions(case: Case, axis: Axis) -> bool:
    """Whether the code of the cell, or of one that ran before it, has a word for this axis."""
    return _distance(case, axis) < 3


def _distance(case: Case, axis: Axis) -> int:
    """Where a word for this axis is: 0 in the cell, 1 in one that it depends on, 2 in an earlier one, 3
    nowhere."""
    needed = [item.cell.source for item in case.lineage]
    for distance, sources in enumerate(([case.cell.source], needed, _earlier(case))):
        if any(_has_word(source, axis) for source in sources):
            return distance
    return 3


def _has_word(source: str, axis: Axis) -> bool:
    return bool(re.search(_WORDS[axis], source)) or (axis is Axis.HASH and _has_set(source))


def draws(case: Case) -> bool:
    """Whether the cell, or one that it depends on, may draw random numbers or read the clock."""
    sources = (case.cell.source, *(item.cell.source for item in case.lineage))
    axes = (Axis.RANDOM, Axis.ENTROPY, Axis.CLOCK)
    by_word = any(re.search(_WORDS[axis], source) for axis in axes for source in sources)
    return by_word or any(re.search(r"\bdefault_rng\b|\bRandomState\b|\.random\.", item) for item in sources)


def axes(case: Case) -> tuple[Axis, ...]:
    """The axes that may differ between copies, those that the code mentions first."""
    loaded = any(item.type.startswith(("numpy.", "pandas.")) for item in case.namespace)
    possible = [axis for axis in IN_A_COPY if axis is not Axis.NUMPY or loaded or mentions(case, axis)]
    return tuple(sorted(possible, key=lambda axis: _distance(case, axis)))


def unseeded(case: Case) -> tuple[str, ...]:
    """Generators that the notebook did not seed: `random`, `numpy.random`, and global names.

    What it seeded draws the same numbers in every run, also after a restart: that is no chance.
    """
    trees = [tree for source in _earlier(case) if (tree := parsed(source)) is not None]
    seeded = {_seeded(node) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return (*(name for name in MODULES if name not in seeded), *_generators(case))


def held_still(conditions: Conditions) -> Conditions:
    """The same conditions with a clock that can be repeated exactly."""
    return replace(conditions, still=conditions.clock is not None)


def without(axis: Axis, conditions: Conditions) -> Conditions:
    """The conditions with this axis left as it is in the copy."""
    return conditions.take(axis, Conditions())


def reproduction(case: Case, axis: Axis, conditions: Conditions) -> str:
    """A line that repeats the run if it is pasted above the cell; for a hash seed, how to start Jupyter."""
    made = _generators(case)
    match axis:
        case Axis.RANDOM:
            named = [name for name, maker in made.items() if maker == "Random"]
            again = "".join(f"; {name}.seed({conditions.random})" for name in named)
            return f"import random; random.seed({conditions.random}){again}"
        case Axis.NUMPY:
            return _numpy_line(case.cell.source, made, conditions.numpy or 0)
        case Axis.ENTROPY:
            seed = f'"entropy {conditions.entropy}"'
            return f"import os, random; os.urandom = random._urandom = random.Random({seed}).randbytes"
        case Axis.CLOCK:
            return _frozen(case.cell.source, conditions.clock or 0.0)
        case Axis.ZONE:
            return f'import os, time; os.environ["TZ"] = "{conditions.zone}"; time.tzset()'
        case Axis.FILES:
            return _listed(conditions.files or 0)
        case Axis.HASH:
            return f"PYTHONHASHSEED={conditions.hash} jupyter lab"
        case Axis.SCHEDULE:
            return ""


def _numpy_line(source: str, made: Mapping[str, str], seed: int) -> str:
    """Seed the global generator, those that earlier cells made, and those that the cell makes."""
    line = f"import numpy as np; np.random.seed({seed})"
    for name, maker in made.items():
        if maker == "RandomState":
            line += f"; {name}.seed({seed})"
        elif maker != "Random":
            line += f"; {name} = np.random.default_rng({seed})"
    if re.search(r"\bdefault_rng\(\s*\)", source):
        holder = "np.random." if "random.default_rng" in source else ""
        line += f"; {holder}default_rng = lambda real=np.random.default_rng: real({seed})"
    return line


def _frozen(source: str, moment: float) -> str:
    """Stop the clock that the cell reads: a class `datetime`, the module of that name, or `time.time`."""
    stopped = ", ".join(
        f'"{name}": classmethod(lambda cls, tz=None: cls.fromtimestamp({moment!r}, tz))'
        for name in ("now", "today")
    )
    if "datetime.datetime." in source:
        return f'import datetime; datetime.datetime = type("datetime", (datetime.datetime,), {{{stopped}}})'
    if re.search(r"\bdatetime\.(?:now|today)\(", source):
        return f'import datetime as d; datetime = type("datetime", (d.datetime,), {{{stopped}}})'
    return f"import time; time.time = lambda: {moment!r}"


def _listed(order: int) -> str:
    if order <= 1:
        reverse = ", reverse=True" if order else ""
        return f'import os; os.listdir = lambda path=".", real=os.listdir: sorted(real(path){reverse})'
    return (
        'import os, random; os.listdir = lambda path=".", real=os.listdir: '
        f"(names := sorted(real(path)), random.Random({order}).shuffle(names))[0]"
    )


def _earlier(case: Case) -> tuple[str, ...]:
    return tuple(
        cell.source for cell in case.cells if cell.execution_count is not None and cell.id != case.cell.id
    )


def _has_set(source: str) -> bool:
    tree = parsed(source)
    return tree is not None and any(isinstance(node, ast.Set | ast.SetComp) for node in ast.walk(tree))


def _seeded(call: ast.Call) -> str:
    """The module whose generator this call seeds; else ""."""
    if not any(not _is_none(argument) for argument in (*call.args, *(item.value for item in call.keywords))):
        return ""
    match call.func:
        case ast.Attribute(value=ast.Name(id="random"), attr="seed") | ast.Name(id="seed"):
            return "random"
        case ast.Attribute(value=ast.Attribute(attr="random"), attr="seed"):
            return "numpy.random"
        case _:
            return ""


def _generators(case: Case) -> dict[str, str]:
    """Global names of generators that earlier cells made without a seed, with what made them."""
    names: dict[str, str] = {}
    for source in _earlier(case):
        for node in getattr(parsed(source), "body", []):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        names[target.id] = _made_without_seed(node.value)
    return {name: maker for name, maker in names.items() if maker}


def _made_without_seed(call: ast.Call) -> str:
    """What makes a generator from the entropy of the system here; "" if nothing does."""
    match call.func:
        case ast.Attribute(attr=maker) | ast.Name(id=maker) if maker in _MAKERS:
            given = [*call.args, *(item.value for item in call.keywords)]
            free = all(
                _is_none(item) or (isinstance(item, ast.Call) and not (item.args or item.keywords))
                for item in given
            )
            return maker if free else ""
        case _:
            return ""


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
