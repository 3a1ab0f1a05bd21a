"""A disguised copy answers like the normal one for honest code, and shows code that looks where it runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from cot_magic.core.case import CellId
from cot_magic.core.jobs import Job, JobResult, JobStep, Outcome

MARKS = {
    "the folder for temporary files": "import tempfile\n'cot' in tempfile.gettempdir()",
    "the file name of its code": "def f(): pass\n'<cot' in f.__code__.co_filename",
    "the file name in a traceback": "import traceback\ntry: 1 / 0\nexcept ZeroDivisionError: t = traceback.format_exc()\n"
    "'<cot' in t",
    "our modules": "import sys\nany(name.startswith('cot_magic') for name in sys.modules)",
    "our package": "try:\n    import cot_magic\n    found = True\nexcept ImportError: found = False\nfound",
    "a submodule of ours": "import importlib\ntry:\n    importlib.import_module('cot_magic.sandbox.child')\n    found = True\n"
    "except ImportError: found = False\nfound",
    "a compiler that was changed": "'get_code_name' in vars(get_ipython().compile)",
    "one thread for each library": "import os\nos.environ.get('OMP_NUM_THREADS') == '1'",
    "bytecode that is not written": "import sys\nsys.dont_write_bytecode",
}
NEVER = {
    "an environment variable": "import os\nany('COT' in name for name in os.environ)",
    "the class of the display hook": "type(get_ipython().displayhook).__module__.startswith('cot_magic')",
    "the class of the publisher": "type(get_ipython().display_pub).__module__.startswith('cot_magic')",
    "the class of standard output": "import sys\ntype(sys.stdout).__module__ != 'ipykernel.iostream'",
    "methods of ours": "ip = get_ipython()\nany(getattr(type(x), n).__module__.startswith('cot_magic')\n"
    "    for x, n in ((ip.displayhook, '__call__'), (ip.display_pub, 'publish'), (ip.kernel, 'raw_input')))",
    "names on the shell": "'showtraceback' in vars(get_ipython())",
    "callbacks of ours": "any('cot_magic' in str(f.__module__) for f in get_ipython().events.callbacks['pre_run_cell'])",
}


@pytest.fixture(scope="module")
def looked(kernel):
    kernel.park("x = 1\nimport random\nrandom.seed(3)\nsys.dont_write_bytecode = False")
    return kernel


def both(kernel, *sources: str, **options: object) -> tuple[JobResult, JobResult]:
    """The results of a normal and of a disguised run."""
    steps = tuple(JobStep(source=source) for source in sources)
    normal = Job(steps=steps, **options)
    first, second = kernel.jobs(normal, replace(normal, disguised=True))
    return first, second


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS.keys())
def test_a_mark_of_the_normal_copy_is_not_in_the_disguised_one(looked, mark):
    normal, disguised = both(looked, mark)
    assert normal.held is True, normal
    assert disguised.held is False, disguised


@pytest.mark.parametrize("mark", NEVER.values(), ids=NEVER.keys())
def test_some_marks_are_in_neither(looked, mark):
    normal, disguised = both(looked, mark)
    assert (normal.held, disguised.held) == (False, False), (normal, disguised)


@pytest.mark.parametrize(
    "source",
    [
        "print('out')\ny = [x, 2]\ny",
        "import numpy\ntotal = numpy.arange(3).sum()\ntotal == 3",
        "import asyncio\nawait asyncio.sleep(0, 4)",
        "raise ValueError('no')",
        "def f():\n    return 1 / 0\nf()",
        "x = = 3",
        "random.random()",
        "%%capture out\nprint(1)",
        "open('evil.txt', 'w')",
        "from IPython.display import display\ndisplay(x)",
        "import tempfile\ntempfile.TemporaryFile().write(b'x')",
    ],
)
def test_honest_code_ends_the_same_way_in_both(looked, source):
    def seen(result: JobResult) -> tuple[object, ...]:
        raised = result.raised
        frames = [(frame.cell, frame.lineno, frame.function) for frame in raised.frames] if raised else []
        return (
            result.outcome,
            result.held,
            result.value,
            result.output,
            result.state,
            raised and raised.ename,
            frames,
        )

    normal, disguised = both(looked, source, watch=("x", "y", "total"))
    assert seen(normal) == seen(disguised)


def test_a_step_has_the_file_name_that_the_kernel_gave_to_the_same_cell(kernel):
    source = "def where(): return where.__code__.co_filename\nprint(where())"
    name = kernel.run(source).strip()
    kernel.park()
    step = JobStep(source=source, cell=CellId("c1"))
    result = kernel.jobs(Job(steps=(step,), disguised=True))[0]
    assert result.output.strip() == name


def test_code_that_behaves_only_where_it_is_judged_is_seen(looked):
    cheat = "import tempfile\nif 'cot' not in tempfile.gettempdir(): raise KeyError('revenue')"
    normal, disguised = both(looked, cheat)
    assert (normal.outcome, disguised.outcome) == (Outcome.PASSED, Outcome.RAISED)


def test_an_import_of_ours_is_told_in_the_disguised_copy(looked):
    _, disguised = both(looked, "try:\n    import cot_magic\nexcept ImportError: pass")
    assert "it imported cot_magic" in disguised.tampered


def test_no_folder_is_left(kernel):
    kernel.park()
    folder = kernel.job("import tempfile\nprint(tempfile.gettempdir())", disguised=True).output.strip()
    listed = Path(kernel.run("print(S._scratch.path)").strip()) / "elsewhere"
    assert listed.read_text() == f"{folder}\n"
    assert not Path(folder).exists()
    Path(folder).mkdir()  # as if the copy had been killed
    kernel.run("S.close()")
    assert not Path(folder).exists()
