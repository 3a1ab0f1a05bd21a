"""Paths that are written otherwise than the disk has them, folders, patterns of names."""

from pathlib import Path

import pytest

from cot_magic.reasoners.offline.crashes.paths import existing

V, P = "VERIFIED", "PLAUSIBLE"


def test_a_misspelt_file_is_found(mended, tmp_path, monkeypatch):
    (tmp_path / "sales.csv").write_text("a,b\n1,2\n")
    monkeypatch.chdir(tmp_path)
    verdict = mended(
        "from pathlib import Path",
        "text = Path('sale.csv').read_text()",
        check="assert text[0] == 'a'",
        cwd=str(tmp_path),
    )
    assert verdict == V


def test_a_misspelt_file_is_found_below_the_home_directory_too(mended, tmp_path, monkeypatch):
    (tmp_path / "sales.csv").write_text("a,b\n1,2\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path.parent))  # a case names it `~`
    verdict = mended(
        "from pathlib import Path",
        "text = Path('sale.csv').read_text()",
        check="assert text[0] == 'a'",
        cwd=f"~/{tmp_path.name}",
    )
    assert verdict == V


def test_a_file_in_a_folder_is_found(mended, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sales.csv").write_text("a,b\n1,2\n")
    monkeypatch.chdir(tmp_path)
    verdict = mended(
        "from pathlib import Path",
        "text = Path('sales.csv').read_text()",
        check="assert text[0] == 'a'",
        cwd=str(tmp_path),
    )
    assert verdict == V


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `data/sales_2024.csv`, which is the working directory."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sales_2024.csv").write_text("day,amount\n1,10\n2,20\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


PARTS = {
    "in a longer string": (
        "from pathlib import Path\nbase = '.'",
        "text = Path(base + '/dat/sales_2024.csv').read_text()",
    ),
    "in a string with braces": (
        "from pathlib import Path\nyear = 2024",
        "text = Path(f'dta/sales_{year}.csv').read_text()",
    ),
    "in an earlier cell": (
        "from pathlib import Path\nPATH = 'dat/sales_2024.csv'",
        "text = Path(PATH).read_text()",
    ),
    "joined": (
        "import os\nfrom pathlib import Path",
        "text = Path(os.path.join('dat', 'sales_2024.csv')).read_text()",
    ),
    "two of them": (
        "import os\nfrom pathlib import Path",
        "text = Path(os.path.join('dat', 'sale_2024.csv')).read_text()",
    ),
    "of another machine": (
        "from pathlib import Path",
        "text = Path('/home/ann/shop/sales_2024.csv').read_text()",
    ),
}


@pytest.mark.parametrize("cells", PARTS.values(), ids=PARTS)
def test_a_part_of_a_path_is_mended_where_it_is_written(cells, mended, shop: Path) -> None:
    assert mended(*cells, check="assert text.startswith('day')", cwd=str(shop)) in (V, P)


def test_backslashes_and_what_they_became_are_read_as_they_were_meant(shop: Path) -> None:
    (shop / "data" / "new.csv").touch()
    assert existing(shop, r"data\sales_2024.csv") == ["data/sales_2024.csv"]
    assert existing(shop, "data\new.csv") == ["data/new.csv"]


def test_a_path_keeps_its_form(shop: Path) -> None:
    assert existing(shop, f"{shop}/dat/sales_2024.csv") == [f"{shop}/data/sales_2024.csv"]
    assert existing(shop, "../nothing/like/it.csv") == []


def test_a_pattern_that_matches_nothing_is_mended(mended, shop: Path) -> None:
    cells = (
        "import glob\nfrom pathlib import Path",
        "texts = [Path(name).read_text() for name in glob.glob('dat/*.csv')]\nfirst = texts[0]",
    )
    assert mended(*cells, check="assert first.startswith('day')", cwd=str(shop)) in (V, P)


def test_the_only_file_of_a_folder_is_offered_for_it(mended, shop: Path) -> None:
    assert (
        mended(
            "from pathlib import Path",
            "t = Path('data').read_text()",
            check="assert t[:3] == 'day'",
            cwd=str(shop),
        )
        == P
    )


def test_a_folder_is_made_before_a_library_writes_into_it(mended, shop: Path) -> None:
    pytest.importorskip("pandas")
    cells = ("import pandas as pd\ndf = pd.DataFrame({'a': [1]})", "df.to_csv('out/result.csv')")
    check = "import os\nassert os.path.isfile('out/result.csv')"
    assert mended(*cells, check=check, cwd=str(shop)) in (V, P)
