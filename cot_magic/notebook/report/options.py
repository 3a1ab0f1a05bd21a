"""What `%cot_export` takes on its line."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from cot_magic.core.errors import UnknownOption, UsageError

USAGE = "%cot_export PATH.ipynb [--template FILE] [--embed-data]"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """Where to write a report, from which template, and whether small data files may be put into it."""

    path: Path
    template: Path | None = None
    embed_data: bool = False


def parse_line(line: str) -> ExportOptions:
    """The options of one line. Raises UsageError, or UnknownOption naming the nearest."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%cot_export: {error}. Expected {USAGE}. Nothing was written.") from None
    paths: list[str] = []
    template: str | None = None
    embed = False
    while words:
        word = words.pop(0)
        name, sign, value = word.partition("=")
        if name == "--embed-data" and not sign:
            embed = True
        elif name == "--template":
            if not sign and not words:
                raise UsageError(f"--template needs a file: {USAGE}. Nothing was written.")
            template = value if sign else words.pop(0)
        elif word.startswith("--"):
            nearest = "--template" if word[2:3] == "t" else "--embed-data"
            raise UnknownOption(word, nearest)
        else:
            paths.append(word)
    if len(paths) != 1 or not paths[0].endswith(".ipynb"):
        raise UsageError(f"%cot_export takes the path of a notebook: {USAGE}. Nothing was written.")
    return ExportOptions(
        path=Path(paths[0]), template=Path(template) if template is not None else None, embed_data=embed
    )
