"""What may stand behind %%cot."""

import pytest

from cot_magic.core.errors import UnknownOption, UsageError
from cot_magic.options import configure, parse
from cot_magic.settings import PRESETS, Settings

DEFAULTS = Settings(intensity="cot+")


@pytest.mark.parametrize(
    "text",
    ["why?", "it doesn't \"work\"", "what is {x} in ${y}", "a -- b", "a--b", "-x", "--", "-- --insert all",
    'see "--foo bar" there',
     "`--foo` breaks", "100 % of 'cases", "--- rule ---"],
)  # fmt: skip
def test_free_text_is_kept_as_it_is(text: str) -> None:
    assert parse(text, DEFAULTS).prompt == text


def test_options_stand_anywhere_and_are_taken_out_of_the_text() -> None:
    settings = parse("why --timeout 5 does it's value=3 --insert=all fail --save 'a b.jsonl'", DEFAULTS)
    assert (settings.prompt, settings.timeout, settings.insert, settings.save) == (
        "why does it's value=3 fail", 5.0, "all", "a b.jsonl",
    )  # fmt: skip


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(UnknownOption, match="--inset.*--insert.*Nothing was run"):
        parse("--inset all", DEFAULTS)


@pytest.mark.parametrize(
    "line",
    [
        "--timeout",
        "--timeout soon",
        "--timeout 0",
        "--insert maybe",
        "--preview=1",
        "--budget -3",
        "--allow disk",
        "--save",
    ],
)
def test_a_value_that_does_not_fit_is_one_line(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(line, DEFAULTS)
    assert "\n" not in str(caught.value)


def test_presets_are_those_of_the_three_magics() -> None:
    assert [preset.thinking_tokens for preset in PRESETS.values()] == [4_000, 10_000, 31_999]


def test_allow_takes_a_list() -> None:
    assert parse("--allow net,write=out", DEFAULTS).allow == ("net", "write=out")


def test_defaults_are_changed_by_pairs() -> None:
    settings = configure(DEFAULTS, "insert=all timeout=20 snapshots=off")
    assert (settings.insert, settings.timeout, settings.snapshots) == ("all", 20.0, False)


def test_a_default_that_need_not_be_there_is_taken_back_by_off() -> None:
    pairs = "model=m budget=2000 max_cost=1 timeout=5 seed=7 save=a.jsonl allow=net preview=on"
    changed = configure(DEFAULTS, pairs)
    assert changed.effective_budget().max_usd == 1.0
    back = " ".join(f"{pair.partition('=')[0]}=off" for pair in pairs.split())
    assert configure(changed, back) == DEFAULTS


@pytest.mark.parametrize(
    "line",
    [
        "insert",
        "insert=off",
        "platform=off",
        "preview=yes",
        "insert=maybe",
        "colour=red",
        "snapshots=perhaps",
        "snapshot_limit_mb=big",
        "intensity=cot+++",
        "traceback=left",
    ],
)
def test_a_pair_that_does_not_fit_is_one_line(line: str) -> None:
    with pytest.raises(UsageError):
        configure(DEFAULTS, line)
