"""Which expressions of a notebook are looked at for the files that it uses."""

from cot_magic.core.case import Case, Cell, CellId, Environment
from cot_magic.core.named_files import LONGEST, named_files


def found(*sources: str) -> tuple[str, ...]:
    cells = tuple(Cell(id=CellId(f"c{place}"), source=source) for place, source in enumerate(sources))
    environment = Environment(python="3.11", platform="linux", front_end="plain")
    return named_files(Case(cell=cells[-1], raised=None, cells=cells[:-1], environment=environment))


def test_strings_and_what_is_put_together_from_some_may_name_files() -> None:
    expressions = found("rows = load('/data/a.csv')", "pd.read_csv(FOLDER / f'{YEAR}.csv')\nopen(path)")
    assert {"'/data/a.csv'", "FOLDER / f'{YEAR}.csv'", "path"} <= {*expressions}


def test_what_a_loop_or_a_parameter_changes_stays_open() -> None:
    expressions = found(
        "for year in years:\n    open(f'/data/{year}.csv')", "def read(name): return open(B + name)"
    )
    assert "f'/data/{...}.csv'" in expressions
    assert "B + ..." in expressions


def test_commands_and_broken_cells_are_no_obstacle() -> None:
    expressions = found(
        "%run ../other/prepare.py\nx = 'a.csv'", "!head /data/b.csv", "broken = (", "open('c')"
    )
    assert {"'../other/prepare.py'", "'a.csv'", "'/data/b.csv'", "'c'"} <= {*expressions}


def test_what_is_too_long_is_left_out() -> None:
    assert found(f"x = {'a' * (LONGEST + 1)!r}") == ()
