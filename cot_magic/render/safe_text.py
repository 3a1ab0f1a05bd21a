"""Foreign text made safe to show: visible, bounded, without check marks. Durations in words."""

import re

LONG = 20_000  # characters of what a person may want to read whole
SHORT = 4_000  # characters of an output or a probe
WORTH_TELLING = 0.95  # seconds; nobody notices less
LINE = 400  # characters of one line of a table or headline

# Control characters (including terminal escapes), marks that change the text direction and can disguise code
# (CVE-2021-42574), the byte order mark, and lone surrogates, which cannot be encoded.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_CHECKS = re.compile("[\N{CHECK MARK}\N{HEAVY CHECK MARK}\N{WHITE HEAVY CHECK MARK}☑🗸🗹]\ufe0f?")
_BACKTICKS = re.compile("`+")
_QUOTED = re.compile(r"""(?<!\w)(?P<quote>['"])(?P<inner>[^'"\n]*)(?P=quote)(?!\w)""")
_BLANKS = {" ": "␣", "\t": "⇥", "\N{NO-BREAK SPACE}": "⍽"}


def visible(text: str) -> str:
    """Return the text with each invisible or reordering character escaped (`\\u202e`)."""
    if text.replace("\n", "").isprintable():  # true of most text, and much faster
        return text
    return _INVISIBLE.sub(
        lambda found: _escape(found.group()), text.replace("\r\n", "\n").replace("\r", "\n")
    )


def unticked(text: str) -> str:
    """Replace check marks, which belong to evidence, with empty boxes."""
    return text if text.isascii() else _CHECKS.sub("☐", text)


def clip(text: str, limit: int) -> str:
    """Return text over `limit` as its head, its tail, and how much was left out in between."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    tail = limit - head
    return f"{text[:head]}\n… {len(text) - limit:,} characters left out …\n{text[-tail:]}"


def shown(text: str, limit: int = SHORT) -> str:
    """Return code, output or a value: bounded and visible, otherwise unchanged."""
    return visible(clip(text, limit))


def said(text: str, limit: int = LONG) -> str:
    """Return a reasoner's words: bounded, visible, without check marks."""
    return unticked(visible(clip(text, limit)))


def one_line(text: str, limit: int = LINE) -> str:
    """Return the text on one line, cut after `limit` characters."""
    line = " ".join(visible(text[: limit * 4]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def phrase(text: str, limit: int = LINE) -> str:
    """Return a few foreign words for one of our sentences: on one line, without check marks."""
    return unticked(one_line(text, limit))


def sentence(text: str) -> str:
    """Return the text with a full stop if it ends in a word or in code."""
    text = text.rstrip()
    return f"{text}." if text and (text[-1].isalnum() or text[-1] in "`\"')]}*") else text


def capitalised(text: str) -> str:
    """Return a sentence that begins with a capital letter; one that begins with code stays as it is."""
    name = text.split(" ", 1)[0]
    return text if "_" in name or "(" in name else text[:1].upper() + text[1:]


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 test` or `2 tests`; `many` is the plural where it is not made with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def code_span(text: str, limit: int = LINE) -> str:
    """Return the text as one code span of light Markdown, whatever backquotes it contains."""
    line = one_line(text, limit)
    fence = "`" * (longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def spaces_shown(code: str) -> str:
    """Return code, a value or words with the blanks around a quoted word as signs (`'Region␣'`)."""
    if " '" not in code and ' "' not in code and "' " not in code and '" ' not in code and "\xa0" not in code:
        return code
    return _QUOTED.sub(_with_signs, code)


def _with_signs(found: re.Match[str]) -> str:
    quote, inner = found["quote"], found["inner"]
    word = inner.strip()
    if not word or word == inner:
        return found.group()
    left, _, right = inner.partition(word)
    signs = ["".join(_BLANKS.get(blank, blank) for blank in side) for side in (left, right)]
    return f"{quote}{signs[0]}{word}{signs[1]}{quote}"


def longest_run(text: str) -> int:
    """Return the length of the longest run of backquotes."""
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def seconds(value: float) -> str:
    """Return a duration in words: `13 ms`, `4.2 s`, `41 s`, `3 min 5 s`."""
    if value < 0.0995:
        return f"{value * 1000:.0f} ms"
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"


def elapsed(value: float) -> str:
    """Return the time of something still running, in whole seconds: `0 s`, `41 s`, `3 min 5 s`."""
    return seconds(float(int(value))) if value >= 10 else f"{int(value)} s"


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
