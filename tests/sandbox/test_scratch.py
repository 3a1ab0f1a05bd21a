"""Folders of jobs are removed at the end, and those of a killed kernel by the next one."""

import os
import sys
import tempfile

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def test_what_a_killed_kernel_left_is_removed_and_what_is_in_use_is_not(tmp_path, monkeypatch):
    from cot_magic.sandbox.scratch import ScratchFolder

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    used = ScratchFolder()
    left, young, other = (tmp_path / name for name in ("cot-magic-left", "cot-magic-young", "theirs"))
    for folder in (left, young, other):
        (folder / "job-1").mkdir(parents=True)
    for folder in (left, other, tmp_path / os.path.basename(used.path)):
        os.utime(folder, (1, 1))
    new = ScratchFolder()
    assert not left.exists()
    assert young.exists()
    assert other.exists()
    assert os.path.isdir(used.path)
    for folder in (used, new):
        folder.remove()
        folder.remove()
        assert not os.path.exists(folder.path)
