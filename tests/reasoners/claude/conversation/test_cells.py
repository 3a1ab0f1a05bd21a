"""Edits of a source that was shown without its secrets, applied to the real source."""

import pytest

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.reasoners.claude.conversation.cells import Misfit, restored

SECRET = "zq" + "7Kp2mW" * 5  # put together here, so that the file contains nothing that looks like a secret
OTHER = "vx" + "9Bt4hQ" * 5
KEY = (
    "-----BEGIN PRIVATE" + " KEY-----\nMIIabc123def456ghi789\n\nzzz999yyy888\n-----END PRIVATE" + " KEY-----"
)


@pytest.mark.parametrize(
    "source",
    [
        f'key = """{KEY}"""\nprint(prise)\n',
        f'key = """\n{KEY}\n"""\nother = """{KEY.replace("zzz", "aaa")}"""\nprint(prise)\n',
        f'key = """{KEY}"""; b = "password: hunter22-x"\nprint(prise)\n',
        'password = """ab1-secret\nline two\n"""\nprint(prise)\n',
        'password = "ab1-secret"\nprint(prise)\n',
    ],
)
def test_a_secret_of_several_lines_is_whole_after_an_edit_of_another_line(source: str) -> None:
    shown = Redactor({}).source(source)
    assert "<redacted: " in shown
    assert restored(source, shown, shown.replace("prise", "price")) == source.replace("prise", "price")


def test_code_after_the_end_of_a_secret_of_several_lines_can_be_edited() -> None:
    source = f'key = """{KEY}"""\n'
    shown = Redactor({}).source(source)
    edited = shown.replace('"""\n', '""".strip()\n')
    assert edited != shown
    assert restored(source, shown, edited) == f'key = """{KEY}""".strip()\n'


def test_a_whole_new_source_with_masks_gets_the_real_values_back() -> None:
    real = f"a = '{SECRET}'\nb = f('{OTHER}', 1)"
    shown = "a = '<redacted: a>'\nb = f('<redacted: b>', 1)"
    assert restored(real, shown, f"{shown}\nc = 2") == f"{real}\nc = 2"
    assert restored(real, shown, "b = g('<redacted: b>', 2)") == f"b = g('{OTHER}', 2)"


def test_a_mask_that_may_mean_two_values_is_refused_in_a_changed_line() -> None:
    real, shown = f"a = '{SECRET}'\nb = '{OTHER}'", "a = '<redacted: key>'\nb = '<redacted: key>'"
    assert (
        restored(real, shown, "b = '<redacted: key>'\na = '<redacted: key>'")
        == f"b = '{OTHER}'\na = '{SECRET}'"
    )
    with pytest.raises(Misfit, match="leave that line as it is"):
        restored(real, shown, "c = '<redacted: key>'")
