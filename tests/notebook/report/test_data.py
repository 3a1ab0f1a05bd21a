"""Files that the cells read: found by their names, embedded when small, allowed and free of secrets."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.notebook.report.data import DataFile, data_cells, data_files


def found(folder: Path, *sources: str, embed: bool = True) -> tuple[DataFile, ...]:
    return data_files(sources, folder, embed=embed, redact=Redactor(environ={}).text)


def test_a_file_that_a_source_names_is_embedded_with_its_hash(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("a,b\n1,2\n")
    (tmp_path / "other.csv").write_text("x")
    (file,) = found(tmp_path, "rows = open('sales.csv').read()")
    assert (file.name, file.content) == ("sales.csv", b"a,b\n1,2\n")
    assert file.sha256 == hashlib.sha256(b"a,b\n1,2\n").hexdigest()


def test_unless_it_is_allowed_it_is_only_named(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("a\n")
    (file,) = found(tmp_path, "open('sales.csv')", embed=False)
    assert file.content is None
    assert "--embed-data" in file.reason
    (table,) = data_cells([file], moves=False)
    assert file.sha256 in table.source
    assert "beside this notebook" in table.source


def test_a_large_file_is_only_named(tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_bytes(b"x" * (256 * 1024 + 1))
    (file,) = found(tmp_path, "open('big.bin', 'rb')")
    assert (file.content, file.reason) == (None, "not embedded: over 256 kB")


def test_a_file_with_a_secret_is_only_named(tmp_path: Path) -> None:
    (tmp_path / "conf.ini").write_text("password = 'correct-horse-battery'\n")
    (file,) = found(tmp_path, "open('conf.ini')")
    assert file.content is None
    assert "secret" in file.reason


def test_what_lies_outside_of_the_folder_is_never_read(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "outside.txt").write_text("x")
    (inner / "link.txt").symlink_to(tmp_path / "outside.txt")
    sources = (
        f"open({str(tmp_path / 'outside.txt')!r})",
        "open('../outside.txt')",
        "open('link.txt')",
        "'.'",
    )
    assert found(inner, *sources) == ()


def test_a_file_that_the_cells_write_themselves_is_not_needed(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("x")
    assert found(tmp_path, "open('out.csv', 'w').write('x')", "open('out.csv').read()") == ()
    assert found(tmp_path, "frame.to_csv('out.csv')", "pd.read_csv('out.csv')") == ()


def test_a_module_beside_the_notebook_and_a_file_in_a_folder_are_found(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("x = 1\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1\n")
    names = [file.name for file in found(tmp_path, "import shop", "path = Path('data') / 'a.csv'")]
    assert names == ["data/a.csv", "shop.py"]


@pytest.mark.parametrize(
    "content", [b"plain\n", b"'''\\ odd \r\n", b"\xff\x00\x01" * 50, b"long,line\n" * 2_000]
)
def test_the_cell_writes_the_same_bytes_in_a_folder_of_its_own(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f.bin").write_bytes(content)
    (table, cell) = data_cells(found(tmp_path, "open('d/f.bin', 'rb')"), moves=False)
    assert table.markdown
    check = f"\nassert open('d/f.bin', 'rb').read() == {content!r}\nimport os; print(os.getcwd())"
    done = subprocess.run(
        [sys.executable, "-c", cell.source + check], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() != str(tmp_path)


def test_a_file_that_is_not_embedded_is_taken_from_beside_the_notebook(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "big.bin").write_bytes(b"x" * (256 * 1024 + 1))
    (tmp_path / "small.txt").write_text("small")
    (_, cell) = data_cells(found(tmp_path, "open('d/big.bin', 'rb'), open('small.txt')"), moves=False)
    check = "\nassert len(open('d/big.bin').read()) == 262145 and open('small.txt').read() == 'small'"
    done = subprocess.run(
        [sys.executable, "-c", cell.source + check], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (tmp_path / "d" / "big.bin").unlink()
    done = subprocess.run(
        [sys.executable, "-c", cell.source], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "big.bin" in done.stderr
