"""What a fault's line says where no magic can be used."""

import pytest

from cot_magic.core.remedies import without_magics


@pytest.mark.parametrize(
    ("told", "here"),
    [
        ("m: the rate limit was reached. Try %cot_resume later.", "m: the rate limit was reached. Run it again later."),
        ("m: the rate limit was reached. Asked 5 times; try %cot_resume later.",
         "m: the rate limit was reached. Asked 5 times; run it again later."),
        ("m: it was rejected. Renew it, then run %cot_resume.", "m: it was rejected. Renew it, then run it again."),
        ("m: the rate limit was reached. The server asks to wait 60 min; run %cot_resume after 12:30.",
         "m: the rate limit was reached. The server asks to wait 60 min; run it again after 12:30."),
        ("m: cut off twice. %cot_resume asks again; a lower --budget makes the model think less.",
         "m: cut off twice. Run it again; a lower --budget makes the model think less."),
        ("m: full. %cot_resume starts a new one with a summary of the finished phases.", "m: full. Run it again."),
        ("m: no credential was found. Use --reasoner offline.", "m: no credential was found. Use --reasoner offline."),
    ],
)  # fmt: skip
def test_it_says_to_run_it_again_in_the_place_of_the_magic(told: str, here: str) -> None:
    assert without_magics(told) == here
