"""`cot_magic.debug`: a piece of code without a notebook."""

import subprocess
import sys

import pytest

CODE = """
import cot_magic
names = {"values": [1, 2]}
session = cot_magic.debug("total = sum(valus)", names, intensity="cot+")
print(session.result, sorted(names))
print(session.best_fix.edits[0].after.splitlines()[-1])
print(cot_magic.last is session)
print(cot_magic.debug("total = sum(values)", names))
"""


@pytest.mark.slow
def test_code_is_investigated_without_a_notebook_and_the_names_are_left_alone() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["verified ['values']", "total = sum(values)", "True", "None"]
