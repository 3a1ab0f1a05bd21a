"""Code as models write it: in a fence, with line numbers before it, or as a diff."""

import ast
import re

_FENCE = re.compile(r"\s*```[\w+-]*[ \t]*\n(.*?)\n?[ \t]*```\s*", re.DOTALL)
_NUMBERED = re.compile(r"^[ \t]*\d+[ \t]?[:|→][ \t]?", re.MULTILINE)
_DIFF = re.compile(r"^@@|^--- .*\n\+\+\+ ", re.MULTILINE)


def unfenced(text: str) -> str:
    """What stands in a fence, if that is all of the text."""
    fenced = _FENCE.fullmatch(text)
    return fenced[1] if fenced else text


def unnumbered(text: str) -> str:
    """The text without line numbers, if each of its lines has one."""
    lines = [line for line in text.split("\n") if line.strip()]
    return _NUMBERED.sub("", text) if lines and all(map(_NUMBERED.match, lines)) else text


def bare(code: str) -> str:
    """Code without fence and line numbers; numbers stay where the code can be parsed with them."""
    text = unfenced(code)
    plain = unnumbered(text)
    return plain if plain != text and not _parses(text) and _parses(plain) else text


def hunks(text: str) -> list[tuple[str, str]]:
    """The old and the new lines of each hunk of a unified diff; nothing if the text is none."""
    text = unfenced(text)
    if not _DIFF.search(text):
        return []
    found: list[tuple[list[str], list[str]]] = [([], [])]
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("@@"):
            found.append(([], []))
        elif line.startswith(("--- ", "+++ ", "diff ", "index ", "\\ ")) and found == [([], [])]:
            continue
        else:
            old, new = found[-1]
            if not line.startswith("+"):
                old.append(line[1:] if line[:1] in ("-", " ") else line)
            if not line.startswith("-"):
                new.append(line[1:] if line[:1] in ("+", " ") else line)
    return [("\n".join(old), "\n".join(new)) for old, new in found if old != new]


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
