"""Long texts cut to what a model can be sent; where something was left out, it is said."""

import re
from typing import Any

LEFT_OUT = re.compile(r"…\[[\d,]+ characters left out\]…")


def cut(text: str, most: int, around: str = "\n") -> str:
    """At most so many characters: beginning and end of a longer text, `around` what is said between them."""
    if len(text) <= most:
        return text
    left_out = f"{around}…[{len(text) - most:,} characters left out]…{around}"
    head = (most - len(left_out)) * 2 // 3
    return text[:head] + left_out + text[len(text) - (most - len(left_out) - head) :]


def on_one_line(value: Any) -> str:
    """The beginning of a text on one line; empty for what is no text."""
    return " ".join(value.split())[:600] if isinstance(value, str) else ""


def cut_source(source: str, most: int, longest_line: int = 2_000) -> str:
    """Source code with its longest lines cut, and then as a whole."""
    lines = (cut(line, longest_line, around="") for line in source.split("\n"))
    return cut("\n".join(lines), most)
