"""In a notebook the panel comes first and the traceback below it; nothing else about the failure changes."""

from typing import Any

import pytest

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
