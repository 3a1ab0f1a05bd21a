"""In a notebook the panel comes first and the traceback below it; nothing else about the failure changes."""

import re
from typing import Any

import pytest

from cot_magic.ipython.held_traceback import without_libraries

COLOR = re.compile(r"\x1b\[[0-9;]*m")
FAILS = "#%%cot\nprices = {'tea': 3.5}\nprices['Tea']".removeprefix("#")


def kinds(ran: Any) -> list[str]:
    shown = ("display_data", "error")
    return [message["msg_type"] for message in ran.messages if message["msg_type"] in shown]


@pytest.mark.slow
def test_the_panel_is_shown_before_the_traceback(shared_kernel: Any) -> None:
    ran = shared_kernel.run(FAILS)
    assert kinds(ran)[0] == "display_data"
    assert kinds(ran).count("error") == 1
    assert kinds(ran)[-1] == "error"
    assert (ran.status, ran.ename) == ("error", "KeyError")
    assert "'Tea'" in ran.traceback
    assert shared_kernel.value("__import__('sys').last_type.__name__") == "'KeyError'"


@pytest.mark.slow
def test_other_cells_show_theirs_as_always(shared_kernel: Any) -> None:
    assert kinds(shared_kernel.run("1 / 0")) == ["error"]
    assert shared_kernel.value("'HeldTraceback' in repr(get_ipython()._showtraceback)") == "False"


@pytest.mark.slow
def test_a_cell_that_passes_leaves_no_output(shared_kernel: Any) -> None:
    assert kinds(shared_kernel.run("%%cot\nprices = 1")) == []


@pytest.mark.slow
def test_a_setting_keeps_it_on_top(shared_kernel: Any) -> None:
    shared_kernel.run("%cot_config traceback=above")
    assert kinds(shared_kernel.run(FAILS))[0] == "error"
    shared_kernel.run("%cot_config traceback=below")


@pytest.mark.slow
def test_a_syntax_error_is_shown_below_too(shared_kernel: Any) -> None:
    ran = shared_kernel.run("%%cot\nprint(1")
    assert (kinds(ran)[0], kinds(ran)[-1], ran.status) == ("display_data", "error", "error")


@pytest.mark.slow
def test_frames_of_libraries_are_in_a_fold_below(shared_kernel: Any) -> None:
    ran = shared_kernel.run("%%cot\nimport json\njson.loads('{')")
    assert (ran.status, ran.ename, kinds(ran)[-2:]) == ("error", "JSONDecodeError", ["error", "display_data"])
    told = next(message["content"] for message in ran.messages if message["msg_type"] == "error")
    assert "json.loads('{')" in COLOR.sub("", "\n".join(told["traceback"]))
    assert "decoder.py" not in "\n".join(told["traceback"])
    fold = [message["content"]["data"] for message in ran.messages if message["msg_type"] == "display_data"][
        -1
    ]
    assert fold["text/html"].startswith("<details>")
    assert "decoder.py" in fold["text/html"]
    assert "%tb" in fold["text/plain"]


def test_an_exception_raised_within_libraries_alone_is_left_out_of_a_chain() -> None:
    rule, first, second = "-" * 75, "KeyError   Traceback", "ValueError   Traceback"
    library = "File ~/lib/python3.11/site-packages/frame.py:3, in get(key)\n----> 3 d[key]"
    own = "Cell In[3], line 1\n----> 1 get('b')"
    chained = "\nDuring handling of the above exception, another exception occurred:\n"
    parts = [rule, first, library, "KeyError: 'b'", chained, second, own, library, "ValueError: b"]
    assert without_libraries(parts) == ([rule, second, own, "ValueError: b"], 2)


def test_a_traceback_without_a_frame_of_the_persons_own_stays_whole() -> None:
    parts = ["-" * 75, "KeyError   Traceback", "File <frozen importlib>:3, in get(key)", "KeyError: 'b'"]
    assert without_libraries(parts) == (parts, 0)
