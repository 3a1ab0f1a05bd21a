"""Edits of a source that was shown without its secrets, on the real source."""

import pytest

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.reasoners.claude.conversation.cells import restored

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


def test_code_behind_the_end_of_a_secret_of_several_lines_can_be_edited() -> None:
    source = f'key = """{KEY}"""\n'
    shown = Redactor({}).source(source)
    edited = shown.replace('"""\n', '""".strip()\n')
    assert edited != shown
    assert restored(source, shown, edited) == f'key = """{KEY}""".strip()\n'
