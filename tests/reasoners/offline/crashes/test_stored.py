"""What is in a file decides how it is read, and which columns it has."""

import gzip
from pathlib import Path

import pytest

from cot_magic.reasoners.offline.crashes.stored import format_of

pandas = pytest.importorskip("pandas")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    table = pandas.DataFrame({"day": ["2026-05-01", "2026-05-02"], "amount": [10, 20]})
    table.to_csv("plain.txt", index=False)
    table.to_json("lines.json", orient="records", lines=True)
    table.to_json("records.json", orient="records")
    table.to_pickle("pickled.csv")
    Path("packed.csv").write_bytes(gzip.compress(b"day,amount\n2026-05-01,10\n2026-05-02,20\n"))
    Path("words.txt").write_text("Call Ann on Monday.\nBuy ink, paper, pens.\n")
    return tmp_path


def test_a_format_is_known_by_what_the_file_begins_with(folder: Path) -> None:
    found = {path.name: format_of(path) for path in folder.iterdir()}
    assert found == {
        "plain.txt": "CSV", "lines.json": "JSON lines", "records.json": "JSON", "pickled.csv": "pickle",
        "packed.csv": "gzip", "words.txt": "",
    }  # fmt: skip
    assert format_of(folder / "not there") == ""


READ = {
    "a table by the reader of JSON": "pd.read_json('plain.txt')",
    "lines by the reader of one document": "pd.read_json('lines.json')",
    "a pickle by the reader of text": "pd.read_csv('pickled.csv')",
    "a packed file by the reader of text": "pd.read_csv('packed.csv')",
    "with arguments of the other reader": "pd.read_excel('plain.txt', sheet_name='May', usecols=['day', 'amount'])",
}


@pytest.mark.parametrize("call", READ.values(), ids=READ)
def test_a_file_is_read_as_what_it_is(call: str, mended, folder: Path) -> None:
    check = "assert list(df.amount) == [10, 20] and list(df.columns) == ['day', 'amount']"
    assert mended("import pandas as pd", f"df = {call}", check=check, cwd=str(folder)) == "PLAUSIBLE"


@pytest.mark.parametrize("argument", ["usecols=['Day', 'amount']", "parse_dates=['Day']", "index_col='Day'"])
def test_a_column_is_named_as_the_header_has_it(argument: str, mended, folder: Path) -> None:
    call = f"df = pd.read_csv('plain.txt', {argument})"
    check = "assert list(df.amount) == [10, 20]"
    assert mended("import pandas as pd", call, check=check, cwd=str(folder)) in ("VERIFIED", "PLAUSIBLE")
