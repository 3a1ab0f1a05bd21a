"""What the package promises to its users, compared with what is there."""

import subprocess
import sys

import cot_magic


def test_all_names_exactly_the_public_ones() -> None:
    assert sorted(cot_magic.__all__) == [
        "__version__",
        "debug",
        "explore",
        "last",
        "load_ipython_extension",
        "unload_ipython_extension",
    ]
    for name in cot_magic.__all__:
        getattr(cot_magic, name)


def test_there_is_no_session_before_the_first_run() -> None:
    code = "import cot_magic; print(cot_magic.last)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None"


def test_an_unknown_name_is_an_attribute_error() -> None:
    try:
        cot_magic.lsat  # noqa: B018
    except AttributeError as error:
        assert "lsat" in str(error)
    else:
        raise AssertionError("no AttributeError")
