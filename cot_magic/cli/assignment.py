"""`cot-magic assignment`: an assignment made from a working notebook, and its solution."""

import argparse
import json
from pathlib import Path
from typing import Any

from cot_magic.core.errors import UsageError

MADE = 0


def add_parser(commands: Any) -> None:
    """Add the command to `cot-magic`."""
    parser = commands.add_parser(
        "assignment",
        help="put mistakes into a copy of a working notebook, for students to find",
        epilog="exit codes: 0 written, 2 usage error or unsuitable notebook, 1 internal error",
    )
    parser.add_argument(
        "notebook", nargs="?", type=Path, metavar="NOTEBOOK", help="a notebook in which every cell passes"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="path of the assignment (NAME-assignment.ipynb)"
    )
    parser.add_argument(
        "--solution", type=Path, metavar="FILE", help="path of the solution (NAME-solution.ipynb)"
    )
    parser.add_argument("--faults", type=int, default=1, metavar="N", help="number of mistakes, 1 to 9 (1)")
    parser.add_argument(
        "--kind",
        action="append",
        default=[],
        metavar="KIND[,KIND]",
        help="kinds of mistakes, such as name,off-by-one (all but syntax errors)",
    )
    parser.add_argument("--kinds", action="store_true", help="list the kinds of mistakes and exit")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed that chooses the mistakes (0)")
    parser.add_argument(
        "--solve", action="store_true", help="also let the offline reasoner try, and report the result"
    )
    parser.add_argument("--allow", metavar="LIST", help="let the copies use net, proc, write=PATH")
    parser.add_argument(
        "--timeout", type=float, default=60.0, metavar="S", help="seconds the notebook may take (60)"
    )
    parser.add_argument("--kernel", metavar="NAME", help="kernel to use instead of the notebook's own")
    parser.add_argument("--json", action="store_true", help="print what was made and measured as JSON")
    parser.add_argument("--force", action="store_true", help="overwrite existing files")
    parser.set_defaults(run=assignment_command)


def assignment_command(given: argparse.Namespace) -> int:
    """Make both notebooks, write them, and print what was made."""
    if given.kinds:
        return list_kinds()
    if given.notebook is None:
        raise UsageError("missing argument: the path of a notebook (.ipynb), or --kinds.")
    kinds = tuple(kind for text in given.kind for kind in text.split(",") if kind)
    from cot_magic.actions.assignment import Wanted, make

    if not 1 <= given.faults <= 9:
        raise UsageError(f"--faults {given.faults}: expected a number from 1 to 9.")
    if given.timeout <= 0:
        raise UsageError(f"--timeout {given.timeout:g}: expected a number of seconds above 0.")
    out, solution = outputs(given)
    wanted = Wanted(
        mistakes=given.faults,
        kinds=kinds,
        seed=given.seed,
        allow=allowed(given.allow),
        timeout=given.timeout,
        solve=given.solve,
        kernel=given.kernel,
    )
    made = make(given.notebook, wanted)
    write(out, made.assignment, force=given.force)
    write(solution, made.solution, force=given.force)
    if given.json:
        print(json.dumps(told(made, given, out, solution), indent=1, ensure_ascii=False))
    else:
        count = f"{given.faults} mistake{'s' * (given.faults != 1)}"
        print(f"{out} written: {count}, checked to fail ({made.search.tried} tried).")
        print(f"{solution} written: what was changed, and the errors it causes.")
    return MADE


def allowed(text: str | None) -> tuple[str, ...]:
    """Parse --allow as the magics do. Raises UsageError."""
    from cot_magic.options import OPTIONS, read_value

    option = next(option for option in OPTIONS if option.field == "allow")
    return read_value(option, text) if text is not None else ()


def list_kinds() -> int:
    """Print the kinds of mistakes with their lessons."""
    from cot_magic.faults.catalogue import OPERATORS

    for operator in OPERATORS:
        print(f"{operator.kind:<16} {operator.lesson}")
    return MADE


def outputs(given: argparse.Namespace) -> tuple[Path, Path]:
    """Return where to write. Raises UsageError, before anything runs, if a file is there already."""
    from cot_magic.cli.outputs import writable

    source: Path = given.notebook
    out = given.out or source.with_name(f"{source.stem}-assignment.ipynb")
    solution = given.solution or source.with_name(f"{source.stem}-solution.ipynb")
    places = [path.resolve() for path in (source, out, solution)]
    if len(set(places)) != len(places):
        raise UsageError("notebook, assignment and solution must be three files. Nothing was run.")
    if source.is_file():  # else the error is about the notebook
        for path in (out, solution):
            writable(path)
            if path.exists() and not given.force:
                raise UsageError(f"{path} exists: give another name, or --force. Nothing was run.")
    return out, solution


def write(path: Path, notebook: Any, *, force: bool) -> None:
    """Write a notebook; without `force` never overwrite a file, not even one created meanwhile."""
    import nbformat

    nbformat.validate(notebook)
    text = nbformat.writes(notebook, version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(f"{text.rstrip()}\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}.") from None


def told(made: Any, given: argparse.Namespace, out: Path, solution: Path) -> dict[str, Any]:
    """Return what `--json` prints. Cells count from 0 in the given notebook, unless a key says otherwise."""
    from cot_magic.lessons.assignment import FORMAT, as_json

    search = made.search
    return {
        "format": FORMAT,
        "notebook": str(given.notebook),
        "assignment": str(out),
        "solution": str(solution),
        "seed": given.seed,
        "original": {"outcome": search.original.outcome.value, "seconds": search.original.seconds},
        "faults": [as_json(item) for item in made.mistakes],
        "assignment_failure": {
            "assignment_cell_index": made.failure.cell,
            "ename": made.failure.ename,
            "evalue": made.failure.evalue,
        },
        "tried": search.tried,
        "dropped": dict(search.dropped),
    }
