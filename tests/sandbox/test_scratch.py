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


def leave_much() -> None:
    """What a job may leave in the working directory."""
    os.makedirs("kept")
    with open("kept/file", "w") as file:
        file.write("x")
    for name, mode in [("hidden", 0o300), ("closed", 0o000), ("fixed", 0o500)]:
        os.makedirs(f"left/{name}/inner")
        os.mknod(f"left/{name}/inner/file", 0o600)
        os.chmod(f"left/{name}", mode)
    os.symlink(os.path.abspath("kept"), "left/link")
    here = os.open(".", os.O_RDONLY)
    os.chdir("left")
    for _ in range(3_000):  # longer than any path may be
        os.mkdir("f")
        os.chdir("f")
    os.fchdir(here)


def test_what_a_job_leaves_is_removed_however_deep_and_whatever_its_rights(tmp_path):
    from cot_magic.sandbox.scratch import remove_tree

    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.chdir(tmp_path)
            if os.getuid() == 0:  # root may do anything: try it as an ordinary user
                os.chown(".", 65534, 65534)
                os.setgid(65534)
                os.setuid(65534)
            leave_much()
            remove_tree("left")
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept" / "file").read_text() == "x"


def test_many_folders_are_removed_in_a_process_of_its_own_and_few_at_once(tmp_path):
    from cot_magic.sandbox.scratch import FEW_ENTRIES, Removals
    from cot_magic.sandbox.wire import readable

    few, many, removals = tmp_path / "few", tmp_path / "many", Removals()
    for number in range(FEW_ENTRIES + 1):
        (many / str(number)).mkdir(parents=True)
    few.mkdir()
    (few / "file").write_text("x")
    assert removals.remove(str(few)) is None
    assert not few.exists()
    done = removals.remove(str(many))
    assert done is not None
    assert readable(done, 60)
    assert not many.exists()
    removals.reap(done)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(done)
