"""COT_TEACH.md: a teacher's settings for lessons, searched from the notebook's folder upwards."""

import difflib
import re
import stat
from dataclasses import replace
from pathlib import Path

from cot_magic.core.language import AUTO, LANGUAGES, worded
from cot_magic.lessons.lesson import MOST_HINTS, Guidance, Level, Reveal

NAME = "COT_TEACH.md"
LARGEST = 65_536  # bytes
_HEADING = re.compile(r"#{1,6}\s+(?P<name>[^:#]+?)\s*(?::\s*(?P<value>.*?))?\s*#*\s*")
_KEY = re.compile(
    r"(?P<name>hints allowed|language level|language|reveal fix|topics)\s*:\s*(?P<value>.*?)\s*",
    re.IGNORECASE,
)
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_KNOWN = ("topics", "hints allowed", "language level", "language", "reveal fix", "guidance")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def find_here() -> tuple[Guidance, tuple[str, ...]]:
    """Call `find` for the kernel's working directory."""
    try:
        folder, home = Path.cwd(), Path.home()
    except (OSError, RuntimeError) as error:  # the folder is gone, or there is no home folder
        return Guidance(), (worded("{NAME} was not looked for: {error}.", NAME=NAME, error=error),)
    return find(folder, home)


def find(folder: Path, home: Path) -> tuple[Guidance, tuple[str, ...]]:
    """Return the guidance of the nearest COT_TEACH.md, and one line for each entry that is not understood.

    Searches the folder and its parents, up to the home folder or the root of the file system.
    """
    for place in (folder, *folder.parents):
        path = place / NAME
        try:
            status = path.stat()
        except FileNotFoundError:
            status = None
        except OSError as error:
            return Guidance(), (
                worded("{path}: {strerror}; the lesson runs without it.", path=path, strerror=error.strerror),
            )
        if status is not None:
            return _read(path, status.st_mode, status.st_size)
        if place == home:
            break
    return Guidance(), ()


def parse(text: str, name: str = NAME) -> tuple[Guidance, tuple[str, ...]]:
    """Return the guidance in a file's text, and one line for each entry that is not understood.

    A heading names a setting; its value follows after a colon or on the lines below. A first heading with
    another name is the title.
    """
    guidance, remarks = Guidance(), []
    for number, heading, value in _sections(_COMMENT.sub(_blank, text)):
        key = heading.casefold()
        if key not in _KNOWN:
            if number is not None:
                near = difflib.get_close_matches(key, _KNOWN, n=1, cutoff=0.6)
                hint = (
                    worded("did you mean {capitalize}?", capitalize=near[0].capitalize())
                    if near
                    else worded("expected one of {listed}.", listed=_listed())
                )
                remarks.append(
                    worded(
                        "{name}, line {number}: unknown heading {heading!r}; {hint}",
                        name=name,
                        number=number,
                        heading=heading[:60],
                        hint=hint,
                    )
                )
            continue
        try:
            guidance = _set(guidance, key, value)
        except ValueError as error:
            remarks.append(
                worded(
                    "{name}, line {number}: {heading} must be {error}; the default is used.",
                    name=name,
                    number=number,
                    heading=heading,
                    error=error,
                )
            )
    return guidance, tuple(remarks)


def _read(path: Path, mode: int, size: int) -> tuple[Guidance, tuple[str, ...]]:
    if not stat.S_ISREG(mode):
        return Guidance(), (worded("{path} is not a file; the lesson runs without it.", path=path),)
    if size > LARGEST:
        return Guidance(), (
            worded(
                "{path} is larger than {LARGEST:,} bytes; the lesson runs without it.",
                path=path,
                LARGEST=LARGEST,
            ),
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        return Guidance(), (
            worded(
                "cannot read {path}: {strerror}; the lesson runs without it.",
                path=path,
                strerror=error.strerror,
            ),
        )
    except UnicodeDecodeError:
        return Guidance(), (
            worded("cannot read {path}: it is not UTF-8; the lesson runs without it.", path=path),
        )
    return parse(text, str(path))


def _sections(text: str) -> list[tuple[int | None, str, str]]:
    """Return the line, name and value of each heading; the line is None for the title, which sets nothing."""
    found: list[tuple[int | None, str, list[str]]] = []
    fenced, titled = False, False
    for number, line in enumerate(text.splitlines(), 1):
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.fullmatch(line)
        inside = found and found[-1][1].casefold() == "guidance"
        if heading is None and not fenced and not inside:
            heading = _KEY.fullmatch(line)
        if heading is None or (inside and heading["name"].casefold() not in _KNOWN):
            if found:
                found[-1][2].append(line)
            continue
        known = heading["name"].casefold() in _KNOWN
        is_title = not known and not titled and not found
        titled = titled or is_title
        value = heading["value"] or ""
        found.append((None if is_title else number, heading["name"], [value] if value else []))
    return [(number, name, "\n".join(lines).strip()) for number, name, lines in found]


def _set(guidance: Guidance, key: str, value: str) -> Guidance:
    """Return the guidance with one setting changed. Raises ValueError saying what is expected."""
    word = value.strip().strip("`*_.").casefold()
    match key:
        case "topics":
            parts = (
                value.splitlines() if "\n" in value or value[:2] in ("- ", "* ", "+ ") else value.split(",")
            )
            topics = (re.sub(r"^\s*[-*+]\s+", "", part).strip() for part in parts)
            return replace(guidance, topics=tuple(topic for topic in topics if topic))
        case "hints allowed":
            if not (word.isascii() and word.isdigit() and int(word) <= MOST_HINTS):
                raise ValueError(
                    worded(
                        "a number from 0 to {MOST_HINTS}, not {value!r}",
                        MOST_HINTS=MOST_HINTS,
                        value=value[:40],
                    )
                )
            return replace(guidance, hints=int(word))
        case "language level":
            if word not in list(Level):
                raise ValueError(
                    worded("one of {known}, not {value!r}", known=", ".join(Level), value=value[:40])
                )
            return replace(guidance, level=Level(word))
        case "language":
            if word not in (*LANGUAGES, AUTO):
                raise ValueError(
                    worded(
                        "one of {known}, not {value!r}", known=", ".join((*LANGUAGES, AUTO)), value=value[:40]
                    )
                )
            return replace(guidance, language=word)
        case "reveal fix":
            if word not in list(Reveal):
                raise ValueError(
                    worded("one of {known}, not {value!r}", known=", ".join(Reveal), value=value[:40])
                )
            return replace(guidance, reveal=Reveal(word))
        case _:
            return replace(guidance, text=value)


def _listed() -> str:
    return ", ".join(name.capitalize() for name in _KNOWN)


def _blank(found: re.Match[str]) -> str:
    """Replace a comment with empty lines, so that line numbers stay right."""
    return "\n" * found.group().count("\n")
