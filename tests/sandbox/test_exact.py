"""A copy draws the random numbers that the kernel would have drawn."""

import pytest

from cot_magic.core.jobs import Outcome
from cot_magic.sandbox.exact import GeneratorStates


def same_as_the_kernel(kernel, setup: str, expression: str, imports: str = "pass") -> str:
    """The value in a copy, after asserting that two copies and the kernel itself agree on it."""
    kernel.park(setup)
    copies = [result.value for result in (kernel.job(f"{imports}\n{expression}") for _ in range(2))]
    here = kernel.run(f"{imports}\nprint(repr({expression}))").strip()
    assert copies == [here, here]
    return here


def test_a_seed_set_before_the_copy_decides_what_it_draws(kernel):
    same_as_the_kernel(kernel, "import random\nrandom.seed(19)", "[random.randint(0, 10) for _ in range(20)]")


def test_an_unseeded_generator_goes_on_where_the_kernel_is(kernel):
    same_as_the_kernel(kernel, "import random", "[random.random() for _ in range(3)]")


def test_the_second_number_of_a_gaussian_pair_is_kept(kernel):
    setup = "import random\nrandom.seed(1)\nfirst = random.gauss(0, 1)"
    same_as_the_kernel(kernel, setup, "random.gauss(0, 1)")


def test_a_failure_by_a_drawn_index_repeats_in_each_copy(kernel):
    kernel.park("import random\nrandom.seed(19)\nrows = [0] * 9")
    results = [kernel.job("rows[random.randint(0, 10)]") for _ in range(3)]
    _, here = kernel.execute("rows[random.randint(0, 10)]")
    expected = (Outcome.RAISED, "IndexError") if here else (Outcome.PASSED, None)
    assert [(r.outcome, r.raised and r.raised.ename) for r in results] == [expected] * 3


def test_generators_of_modules_that_seed_themselves_at_a_fork_are_exact(kernel):
    (kernel.cwd / "dice.py").write_text(
        "import os, random\nclass Dice(random.Random): pass\n"
        "plain, own = random.Random(3), Dice(4)\n"
        "for one in (plain, own): os.register_at_fork(after_in_child=one.seed)\n"
    )
    kernel.run("sys.path.insert(0, '')\nimport dice, random\nmine = random.Random(5)\nheld = random.randint")
    kernel.run("os.register_at_fork(after_in_child=mine.seed)")
    same_as_the_kernel(kernel, "", "(dice.plain.random(), dice.own.random(), mine.random(), held(0, 10**9))")


def test_numpy_is_exact_as_a_fork_does_not_touch_it(kernel):
    pytest.importorskip("numpy")
    setup = "import numpy\nnumpy.random.seed(3)\nrng = numpy.random.default_rng(4)"
    same_as_the_kernel(kernel, setup, "(numpy.random.rand(2).tolist(), rng.integers(0, 99, 3).tolist())")


def test_names_of_temporary_files_go_on_in_their_sequence(kernel):
    setup = "import os.path, tempfile\nnext(tempfile._get_candidate_names())"
    same_as_the_kernel(kernel, setup, "next(tempfile._get_candidate_names())")


def test_two_jobs_of_one_copy_start_from_the_same_numbers(kernel):
    kernel.park("import random")
    first, second = (kernel.job("random.random(), random.random()") for _ in range(2))
    assert first.value == second.value


def test_states_are_restored_also_for_classes_of_ones_own():
    import random

    class Own(random.Random):
        pass

    own, system = Own(1), random.SystemRandom()
    states = GeneratorStates(({"own": own, "system": system},))
    drawn = (own.random(), random.random(), random.gauss(0, 1))
    states.restore()
    assert (own.random(), random.random(), random.gauss(0, 1)) == drawn
