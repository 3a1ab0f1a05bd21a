"""A file is closed under all paths by which the system shows it."""

import os
import subprocess
import sys

import pytest

if sys.platform != "linux":
    pytest.skip("needs Linux", allow_module_level=True)

from cot_magic.sandbox import landlock, mounts
from tests.sandbox.conftest import need_confinement

MOUNTED = """\
21 1 8:1 / / rw - ext4 /dev/sda1 rw
22 21 8:2 /users /home rw - ext4 /dev/sda2 rw
23 21 8:2 / /mnt/the\\040disk rw - ext4 /dev/sda2 rw
24 21 8:2 /users/me/code /project rw - ext4 /dev/sda2 rw
25 21 0:5 / /proc rw - proc proc rw
"""


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    (tmp_path / "mountinfo").write_text(MOUNTED)
    monkeypatch.setattr(mounts, "OF_THIS_PROCESS", str(tmp_path / "mountinfo"))


def test_other_paths_of_a_file_are_found(mounted):
    assert mounts.seen_elsewhere({"/home/me/.ssh"}) == {"/mnt/the disk/users/me/.ssh"}
    assert mounts.seen_elsewhere({"/project/.env"}) == {
        "/home/me/code/.env",
        "/mnt/the disk/users/me/code/.env",
    }
    assert mounts.seen_elsewhere({"/home/me/code"}) == {"/project", "/mnt/the disk/users/me/code"}


def test_what_is_mounted_once_has_no_other_path(mounted):
    assert mounts.seen_elsewhere({"/etc/shadow", "/homeless", "/proc/1"}) == set()


IN_A_NAMESPACE = """
import ctypes, os, sys
shown, key, again = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x20000) or libc.mount(None, b"/", None, 0x44000, None):
    sys.exit(77)
if libc.mount(os.path.dirname(key).encode(), again.encode(), None, 0x1000, None):
    sys.exit(77)
from cot_magic.sandbox import landlock, syscalls
syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
layer = landlock.reading([key], landlock.abi())
if syscalls.libc.syscall(syscalls.LANDLOCK_RESTRICT_SELF, layer, 0):
    sys.exit(78)
for path in (os.path.join(again, "plain"), key, os.path.join(again, os.path.basename(key))):
    try:
        print(open(path).read())
    except PermissionError:
        print("closed")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
def test_a_key_is_closed_where_its_folder_is_mounted_again(tmp_path):
    need_confinement()
    assert landlock.abi() > 0
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    for name in ("key", "plain"):
        (tmp_path / "one" / name).write_text(name)
    command = [
        sys.executable,
        "-c",
        IN_A_NAMESPACE,
        str(tmp_path),
        str(tmp_path / "one" / "key"),
        str(tmp_path / "two"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode == 77:
        pytest.skip("mounting is not permitted here")
    assert done.stdout.split() == ["plain", "closed", "closed"], done.stderr
