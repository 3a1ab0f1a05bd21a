"""Which differences between two outputs of a cell mean something."""

import pytest

from cot_magic.core.certificate import OutputVerdict
from cot_magic.verdict.certificate import compare, normalised, varies


def out(text: str, name: str = "stdout") -> dict[str, object]:
    return {"output_type": "stream", "name": name, "text": text}


def result(text: str, **more: str) -> dict[str, object]:
    return {"output_type": "execute_result", "data": {"text/plain": text, **more}}


def verdict(before: str, after: str, source: str = "f()") -> tuple[OutputVerdict, str]:
    compared = compare([out(before)], [out(after)], source)
    return compared.verdict, compared.reason


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("total 3\n", "total 3\n"),
        ("<Order object at 0x7f3a5c1b2d90>", "<Order object at 0x7fffa12b2d90>"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("3\r\n4", "3\n4"),
        ("10%\r50%\r100%", "100%"),
        ("/tmp/ipykernel_12/345.py:3: FutureWarning: old", "/tmp/ipykernel_99/678.py:3: FutureWarning: old"),
        ("run 0b5e7f3c-8d1f-4c33-9d8e-2f5b4b7f1a10 ended", "run 1c5e7f3c-8d1f-4c33-9d8e-2f5b4b7f1a11 ended"),
    ],
)  # fmt: skip
def test_what_differs_in_every_run_is_unchanged(before: str, after: str) -> None:
    assert verdict(before, after) == (OutputVerdict.UNCHANGED, "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Wall time: 3.2 ms", "Wall time: 41 ms"),
        ("done in 1.25 s", "done in 0.9 s"),
        ("3.1 µs ± 12 ns per loop", "2.9 µs ± 9 ns per loop"),
        ("now 2026-11-29 05:42:52", "now 2026-11-30 07:01:12"),
        ("40%|████      | 2/5 [00:01<00:02, 1.9it/s]", "40%|████      | 2/5 [00:03<00:05, 0.6it/s]"),
    ],
)
def test_what_tells_the_time_cannot_be_compared(before: str, after: str) -> None:
    assert verdict(before, after) == (OutputVerdict.OPEN, "time")


def test_the_order_of_a_set_cannot_be_compared() -> None:
    assert verdict("{'a', 'b', 'c'}", "{'c', 'a', 'b'}") == (OutputVerdict.OPEN, "order")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import random\nprint(random.random())", "chance"),
        ("rng.normal(size=3)", "chance"),
        ("print(time.time())", "time"),
        ("datetime.now().year", "time"),
        ("%timeit f()", "time"),
        ("print(total)", ""),
        ("if broken(", ""),
    ],
)
def test_a_source_says_whether_its_outputs_vary(source: str, why: str) -> None:
    assert varies(source) == why


def test_a_cell_that_draws_random_numbers_is_not_compared() -> None:
    assert verdict("0.25", "0.75", "import random\nprint(random.random())") == (OutputVerdict.OPEN, "chance")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("total 3", "total 4"),
        ("3 rows", "3 columns"),
        ("2024-01-02", "2024-01-03"),  # a day is data
        ("mean 1.25", "mean 1.26"),
        ("", "now there is something"),
    ],
)
def test_another_value_is_a_change_and_both_are_shown(before: str, after: str) -> None:
    compared = compare([out(before)] if before else [], [out(after)], "print(value)")
    assert compared.verdict is OutputVerdict.CHANGED
    assert (compared.was, compared.now) == (before, after)


def test_a_long_output_is_shown_around_its_first_difference() -> None:
    lines = [f"row {n}" for n in range(500)]
    compared = compare([out("\n".join(lines))], [out("\n".join([*lines[:400], "gone"]))], "print(rows)")
    assert "row 400" in compared.was
    assert "gone" in compared.now
    assert "row 1\n" not in compared.was
    assert len(compared.was) <= 600


def test_a_stream_in_pieces_is_the_stream_in_one() -> None:
    assert compare([out("a\n"), out("b\n")], [out("a\nb\n")], "f()").verdict is OutputVerdict.UNCHANGED


def test_a_list_of_lines_is_text_as_notebooks_store_it() -> None:
    stored = {"output_type": "execute_result", "data": {"text/plain": ["3\n", "4"]}}
    assert compare([stored], [result("3\n4")], "f()").verdict is OutputVerdict.UNCHANGED


def test_only_messages_on_standard_error_that_differ_cannot_be_compared() -> None:
    compared = compare([out("1"), out("warned", "stderr")], [out("1")], "f()")
    assert (compared.verdict, compared.reason) == (OutputVerdict.OPEN, "messages on standard error")


def test_the_view_of_a_widget_has_another_id_each_time() -> None:
    view = "application/vnd.jupyter.widget-view+json"
    one, other = result("IntSlider(value=0)", **{view: "a"}), result("IntSlider(value=0)", **{view: "b"})
    assert compare([one], [other], "f()").verdict is OutputVerdict.UNCHANGED


def test_another_picture_is_a_change() -> None:
    one, other = result("<Figure>", **{"image/png": "aGk=\n"}), result("<Figure>", **{"image/png": "aGk="})
    assert compare([one], [other], "f()").verdict is OutputVerdict.UNCHANGED
    changed = compare([one], [result("<Figure>", **{"image/png": "aG8="})], "f()")
    assert (changed.verdict, changed.now) == (OutputVerdict.CHANGED, "(another picture)")


def test_without_earlier_outputs_nothing_is_compared() -> None:
    assert compare(None, [out("3")], "f()").reason == "it has no earlier outputs"
    failed = {"output_type": "error", "ename": "KeyError", "evalue": "'a'"}
    assert compare([failed], [out("3")], "f()").reason == "it failed before"
    assert compare([failed], [failed], "f()").verdict is OutputVerdict.UNCHANGED


def test_a_folder_has_its_name_of_then() -> None:
    assert normalised("in /tmp/copy/x.csv", {"/tmp/copy": "."}) == "in ./x.csv"
