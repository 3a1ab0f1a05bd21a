"""The cheap tests before a pattern never rule out a match, and what is not needed is not loaded."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cot_magic.capture.secrets.forms import Form, forms, likely, lowered

PATTERNS = [
    pytest.param(form, pattern, id=f"{kind} {number}")
    for form in forms()
    if any(form.detector)  # what ours find is compared with a search by all patterns in test_places.py
    for number, (kind, pattern) in enumerate(form.patterns)
]
BY_SERVICE = ("cloudant", "ibm", "cos", "softlayer")  # searched only if the string names the service


@pytest.mark.parametrize(("form", "pattern"), PATTERNS)
@given(data=st.data())
def test_a_match_is_likely(form: Form, pattern: re.Pattern[str], data: st.DataObject) -> None:
    text = data.draw(st.from_regex(pattern))
    low = lowered(text)
    if form.words[0] in BY_SERVICE and form.words[0] not in low:
        return
    assert form in likely(low)


def test_ordinary_strings_load_no_detector() -> None:
    code = """
import sys
from cot_magic.capture.secrets.redactor import Redactor
redactor = Redactor({})
redactor.read_environment({"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/home/ann/.local/share/bin"})
for text in ("total = sum(vlaues)", "NameError: name 'vlaues' is not defined", "/home/ann/backtasks/packages/skimage/io.py"):
    assert redactor.text(text) == text
print([name for name in sys.modules if name.partition(".")[0] in ("detect_secrets", "requests")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
