"""Jobs under given conditions: what is fixed repeats, what differs shows, and the kernel keeps its own."""

from typing import Any

import pytest

from cot_magic.core.chance import Conditions
from cot_magic.core.jobs import Job, JobStep, Limits, Outcome

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def parked(kernel: Any) -> Any:
    for name in ("b.txt", "a.txt", "c.txt"):
        (kernel.cwd / name).write_text("")
    kernel.park(
        "import random, time, os, glob\nfrom datetime import datetime\nfrom time import time as clock"
    )
    return kernel


def values(kernel: Any, source: str, *conditions: Conditions) -> list[str | None]:
    """The value of the expression under each of these conditions."""
    limits = Limits(wall_s=30.0, cpu_s=30)
    jobs = [Job(steps=(JobStep(source=source),), limits=limits, conditions=item) for item in conditions]
    results = kernel.jobs(*jobs)
    assert [item.outcome for item in results] == [Outcome.PASSED] * len(jobs), [i.note for i in results]
    return [item.value for item in results]


@pytest.mark.parametrize(
    ("axis", "source"),
    [
        ("random", "random.random()"),
        ("random", "random.Random().random()"),
        ("numpy", "import numpy as np; np.random.rand()"),
        ("numpy", "import numpy as np; np.random.default_rng().random()"),
        ("entropy", "import uuid; uuid.uuid4().hex"),
        ("entropy", "import secrets; secrets.token_hex(8)"),
        ("entropy", "os.urandom(4)"),
        ("files", "[name for name in os.listdir() if name.endswith('.txt')]"),
        ("files", "import pathlib; [path.name for path in pathlib.Path().glob('*.txt')]"),
        ("files", "glob.glob('*.txt')"),
        ("hash", "list({'red', 'green', 'blue', 'cyan', 'pink', 'grey'})"),
    ],
)
def test_a_seed_repeats_a_run_and_another_one_changes_it(parked: Any, axis: str, source: str) -> None:
    if "numpy" in source:
        pytest.importorskip("numpy")
    if axis == "hash":
        source = f"import os\n{source}"
    one, other, again = values(parked, source, *(Conditions(**{axis: seed}) for seed in (2, 3, 2)))
    assert one == again
    others = values(parked, source, *(Conditions(**{axis: seed}) for seed in (4, 5, 6)))
    assert len({one, other, *others}) > 1


def test_a_generator_without_a_seed_is_the_generator_with_the_seed_of_the_run(parked: Any) -> None:
    pytest.importorskip("numpy")
    source = "import numpy as np\n(np.random.default_rng().random(), np.random.default_rng(17).random())"
    value = values(parked, source, Conditions(numpy=17))[0]
    assert value is not None
    first, second = value.strip("()").split(", ")
    assert first == second


def test_a_generator_that_the_notebook_made_is_seeded_by_its_name(parked: Any) -> None:
    parked.park("import random\ndice = random.Random()")
    source = "(dice.random(), random.Random(5).random())"
    value = values(parked, source, Conditions(random=5, unseeded=("dice",)))[0]
    assert value is not None
    first, second = value.strip("()").split(", ")
    assert first == second


@pytest.mark.parametrize(
    "source",
    [
        "int(time.time())",
        "int(clock())",
        "datetime.now().second",
        "datetime.utcnow().isoformat()[:19]",
        "import datetime as d; d.date.today().isoformat()",
        "time.localtime().tm_yday",
        "time.strftime('%Y %H:%M:%S')",
    ],
)
def test_every_clock_of_the_standard_library_shows_the_given_moment(parked: Any, source: str) -> None:
    parked.park("import time\nfrom datetime import datetime\nfrom time import time as clock")
    later = [Conditions(clock=1_000_000_000.0 + 90_001 * n, still=True) for n in range(3)]
    assert len(set(values(parked, source, *later))) == 3
    assert len(set(values(parked, source, later[0], later[0]))) == 1


def test_a_still_clock_also_fixes_microseconds_and_sleeps_are_seen(parked: Any) -> None:
    still = Conditions(clock=1_000_000_000.5, still=True)
    assert len(set(values(parked, "datetime.now().microsecond", still, still, still))) == 1
    waited = values(parked, "a = time.time(); time.sleep(0.1); round(time.time() - a, 3)", still)
    assert waited == ["0.1"]


def test_the_time_zone_is_the_given_one(parked: Any) -> None:
    zones = [Conditions(zone=zone, clock=1_000_000_000.0) for zone in ("UTC0", "JST-9", "<-12>12")]
    assert values(parked, "datetime.now().hour", *zones) == ["1", "10", "13"]


def test_the_kernel_keeps_its_clock_and_its_files(parked: Any) -> None:
    values(parked, "time.time()", Conditions(clock=0.0, still=True, files=1, random=1, zone="JST-9"))
    assert parked.run("import time; print(time.time() > 1e9, time.tzname[0])").split()[0] == "True"


def test_a_new_process_runs_all_cells_confined_and_without_the_state_of_the_kernel(parked: Any) -> None:
    parked.park("left = 1")
    (parked.cwd / "random.py").write_text("raise SystemExit('a file of the person ran outside')")
    steps = (JobStep(source="made = 2"), JobStep(source="('left' in globals(), made)"))
    escape = (JobStep(source=f"open({str(parked.cwd / 'out.txt')!r}, 'w')"),)
    try:
        ran, stopped = parked.jobs(
            *(
                Job(steps=item, limits=Limits(wall_s=30.0), conditions=Conditions(hash=1))
                for item in (steps, escape)
            )
        )
    finally:
        (parked.cwd / "random.py").unlink()
    assert (ran.outcome, ran.value) == (Outcome.PASSED, "(False, 2)")
    assert stopped.outcome is Outcome.BLOCKED
    assert not (parked.cwd / "out.txt").exists()


def test_a_new_process_that_dies_is_blocked_not_a_failure(parked: Any) -> None:
    parked.run("import sys; kept, sys.executable = sys.executable, '/bin/false'")
    try:
        result = parked.jobs(Job(steps=(JobStep(source="1 / 0"),), conditions=Conditions(hash=1)))[0]
    finally:
        parked.run("sys.executable = kept")
    assert result.outcome is Outcome.BLOCKED
