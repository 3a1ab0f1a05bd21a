"""Foreign text is shown bounded, visible and without borrowed check marks."""

import pytest

from cot_magic.render.safe_text import capitalised, clip, one_line, said, seconds, sentence, shown, visible


def test_invisible_and_reordering_characters_become_their_escapes() -> None:
    assert visible("a\u202eb\x1b[31m\ud800\r\nc\td") == "a\\u202eb\\x1b[31m\\ud800\nc\td"


def test_a_sentence_begins_with_a_capital_letter_and_a_name_stays_as_it_is() -> None:
    assert capitalised("raises KeyError without it") == "Raises KeyError without it"
    assert capitalised("test_total does not fail") == "test_total does not fail"


def test_joined_emoji_and_other_scripts_stay() -> None:
    text = "👩\u200d👩\u200d👧 שלום 你好 é"
    assert visible(text) == text


def test_a_long_text_keeps_head_and_tail_and_says_what_is_gone() -> None:
    short = clip("a" * 500 + "b" * 500, 300)
    assert short == "a" * 200 + "\n… 700 characters left out …\n" + "b" * 100


def test_only_words_lose_their_check_marks_not_code() -> None:
    assert (said("✓ ✔️ ok"), shown("print('✓')")) == ("☐ ☐ ok", "print('✓')")


def test_one_line_is_one_line() -> None:
    assert one_line("a\n  b\tc") == "a b c"
    assert one_line("x" * 1_000, 10) == "x" * 9 + "…"


def test_a_claim_gets_its_full_stop_once() -> None:
    assert [sentence(text) for text in ("It is `x`", "Is it?", "Yes.", "")] == [
        "It is `x`.",
        "Is it?",
        "Yes.",
        "",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 ms"),
        (0.0134, "13 ms"),
        (0.0996, "0.1 s"),
        (4.21, "4.2 s"),
        (9.96, "10 s"),
        (119.4, "119 s"),
        (185, "3 min 5 s"),
    ],
)
def test_durations_read_as_people_say_them(value: float, text: str) -> None:
    assert seconds(value) == text
