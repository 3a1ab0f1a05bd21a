"""What may decide a failure by chance: read from the code, tried nearest first, and told as a line to paste."""

import random

import pytest

from cot_magic.core.case import Case, Cell, CellId, Environment
from cot_magic.core.chance import Axis, Conditions
from cot_magic.verdict import chance


def case_of(*sources: str) -> Case:
    cells = tuple(
        Cell(id=CellId(f"c{n}"), source=source, index=n, execution_count=n + 1)
        for n, source in enumerate(sources)
    )
    return Case(
        cell=cells[-1], raised=None, environment=Environment(python="3", platform="linux"), cells=cells
    )


@pytest.mark.parametrize(
    ("source", "axis"),
    [
        ("random.shuffle(rows)", Axis.RANDOM),
        ("rng = np.random.default_rng()", Axis.NUMPY),
        ("uuid.uuid4()", Axis.ENTROPY),
        ("time.time() % 2", Axis.CLOCK),
        ("Path().glob('*.csv')", Axis.FILES),
    ],
)
def test_what_the_cell_mentions_is_tried_first(source: str, axis: Axis) -> None:
    assert chance.axes(case_of("import os", source))[0] is axis


def test_numpy_is_left_out_where_nothing_speaks_of_it() -> None:
    assert Axis.NUMPY not in chance.axes(case_of("random.random()"))
    assert Axis.NUMPY in chance.axes(case_of("import pandas as pd", "df.sample(3)"))


@pytest.mark.parametrize(
    ("earlier", "left"),
    [
        ("import random\nrandom.seed(19)", ("numpy.random",)),
        ("import numpy as np\nnp.random.seed(0)", ("random",)),
        ("random.seed()", ("random", "numpy.random")),
        ("rng = np.random.default_rng()", ("random", "numpy.random", "rng")),
        ("rng = np.random.default_rng(7)", ("random", "numpy.random")),
        ("rng = np.random.Generator(np.random.PCG64())", ("random", "numpy.random", "rng")),
        ("dice = random.Random(None)", ("random", "numpy.random", "dice")),
    ],
)
def test_what_the_notebook_seeded_is_no_chance(earlier: str, left: tuple[str, ...]) -> None:
    assert chance.unseeded(case_of(earlier, "x = 1")) == left


def test_an_unordered_set_is_seen_in_the_syntax() -> None:
    assert chance.mentions(case_of("names = {'a', 'b'}", "next(iter(names))"), Axis.HASH)
    assert not chance.mentions(case_of("names = {'a': 1}", "names['a']"), Axis.HASH)


@pytest.mark.parametrize("order", [0, 1, 7])
def test_the_line_for_an_order_of_files_lists_them_so(order: int, tmp_path, monkeypatch) -> None:
    import os

    for name in "badc":
        (tmp_path / name).write_text("")
    monkeypatch.setattr(os, "listdir", os.listdir)
    line = chance.reproduction(case_of("os.listdir()"), Axis.FILES, Conditions(files=order))
    exec(line, {})
    expected = sorted("badc", reverse=order == 1)
    if order > 1:
        random.Random(order).shuffle(expected)
    assert os.listdir(tmp_path) == expected


def test_the_line_for_a_seed_also_seeds_generators_of_earlier_cells() -> None:
    case = case_of("dice = random.Random()\nrng = np.random.default_rng()", "dice.random() + rng.random()")
    conditions = Conditions(random=3, numpy=4)
    assert chance.reproduction(case, Axis.RANDOM, conditions) == "import random; random.seed(3); dice.seed(3)"
    assert chance.reproduction(case, Axis.NUMPY, conditions).endswith("rng = np.random.default_rng(4)")


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("datetime.datetime.now()", "datetime.datetime.now().timestamp()"),
        ("datetime.now()", "datetime.now().timestamp()"),
        ("time.time()", "time.time()"),
    ],
)
def test_the_line_for_a_moment_stops_the_clock_that_the_cell_reads(
    source: str, read: str, monkeypatch
) -> None:
    import datetime
    import time

    monkeypatch.setattr(datetime, "datetime", datetime.datetime)
    monkeypatch.setattr(time, "time", time.time)
    names: dict[str, object] = {}
    exec(chance.reproduction(case_of(source), Axis.CLOCK, Conditions(clock=1_000_000_000.5)), names)
    assert eval(read, names) == 1_000_000_000.5
