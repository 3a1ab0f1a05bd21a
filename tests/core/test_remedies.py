"""What a fault's line says where no magic can be used."""

import pytest

from cot_magic.core.remedies import without_magics


@pytest.mark.parametrize(
    ("told", "here"),
    [
        ("m: the rate limit is reached; try %cot_resume later.", "m: the rate limit is reached; run it again later."),
        ("m: it was rejected; renew it, then %cot_resume.", "m: it was rejected; renew it, then run it again."),
        ("m: the server asks to wait 60 min; %cot_resume after 12:30.",
         "m: the server asks to wait 60 min; run it again after 12:30."),
        ("m: cut twice. %cot_resume asks again; with a lower --budget it thinks less.",
         "m: cut twice. Run it again; with a lower --budget it thinks less."),
        ("m: full. %cot_resume goes on with a new one that holds the finished phases in short.",
         "m: full. Run it again."),
        ("m: no credential was found; use --reasoner offline.", "m: no credential was found; use --reasoner offline."),
    ],
)  # fmt: skip
def test_it_says_to_run_it_again_in_the_place_of_the_magic(told: str, here: str) -> None:
    assert without_magics(told) == here
