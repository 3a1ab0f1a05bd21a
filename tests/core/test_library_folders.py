"""Names of files are compared as the system does that they are of."""

import ntpath
import posixpath
from types import ModuleType

import pytest

from cot_magic.core.library_folders import starts_of


@pytest.mark.parametrize(
    ("path", "folder", "inside", "beside"),
    [
        (posixpath, "/usr/lib/python3.12/", "/usr/lib/python3.12/json/x.py", "/usr/lib/python3.12x/y.py"),
        (posixpath, "/Lib", "/Lib/x.py", "/lib/x.py"),
        (ntpath, r"C:\Python\Lib", r"c:\python\lib\json\x.py", r"C:\Python\Library\x.py"),
        (ntpath, "C:/Python/Lib/", r"C:\PYTHON\LIB\x.py", r"D:\Python\Lib\x.py"),
    ],
)
def test_a_file_in_a_folder_is_told_from_one_beside_it(
    path: ModuleType, folder: str, inside: str, beside: str
) -> None:
    starts = starts_of([folder, ""], path)
    assert path.normcase(inside).startswith(starts)
    assert not path.normcase(beside).startswith(starts)
