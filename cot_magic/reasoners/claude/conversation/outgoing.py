"""Text on its way to a model: without secrets, cut where it is long, marked as data."""

import hashlib
import re
from typing import Protocol

from cot_magic.core.case import Case

LEFT_OUT = re.compile(r"…\[[\d,]+ characters left out\]…")


class Withholder(Protocol):
    """Withholds secrets from everything that leaves, and counts them."""

    @property
    def count(self) -> int:
        """How many different values have been withheld so far."""
        ...

    def text(self, s: str) -> str:
        """The string without secrets."""
        ...

    def source(self, s: str) -> str:
        """Python source without secrets, with its lines unchanged otherwise."""
        ...


class Marked:
    """Marks text from the notebook as data, under a key that the data cannot contain.

    The key has to be the same for the same case, so the author of the notebook could work it out. It is
    therefore removed from whatever is marked.
    """

    def __init__(self, case: Case, redactor: Withholder) -> None:
        material = "\0".join((case.cell.source, *(cell.source for cell in case.cells), repr(case.raised)))
        self.key = hashlib.sha256(material.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        self.redact = redactor.text

    def data(self, what: str, text: str, *, redacted: bool = False) -> str:
        """The text between its marks, without secrets."""
        shown = _encodable(text if redacted else self.redact(text)).replace(self.key, "·" * len(self.key))
        named = " ".join(what.replace(self.key, "").split())
        return f"[data {self.key}: {named}]\n{shown}\n[end {self.key}]"


def cut(text: str, most: int, around: str = "\n") -> str:
    """At most so many characters: the beginning and the end of longer text, and how much is left out.

    Parameters
    ----------
    around
        What separates the note about the omission from the text on both sides.
    """
    if len(text) <= most:
        return text
    left_out = f"{around}…[{len(text) - most:,} characters left out]…{around}"
    head = (most - len(left_out)) * 2 // 3
    return text[:head] + left_out + text[len(text) - (most - len(left_out) - head) :]


def cut_source(source: str, most: int, longest_line: int = 2_000) -> str:
    """Source code with its longest lines cut, and then cut as a whole."""
    lines = (cut(line, longest_line, around="") for line in source.split("\n"))
    return cut("\n".join(lines), most)


def _encodable(text: str) -> str:
    """The text with lone surrogates, which UTF-8 cannot encode, written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
