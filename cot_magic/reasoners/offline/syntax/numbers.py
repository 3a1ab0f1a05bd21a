"""Repairs of numbers, as a table of what is written: leading zeros, suffixes, separators, digits in names."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, reading, slip

_MODES = ("chmod", "mkdir", "makedirs", "umask", "mode", "open")
_DIGITS = r"(?!0[xXbBoO])((?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"


class _Form(NamedTuple):
    """What is written, as a regular expression, and templates of it; `known` is whether group 2 is a name."""

    pattern: str
    claim: str
    ways: tuple[tuple[str, str], ...]
    weight: float = 0.9
    known: bool | None = None


_SUFFIX = "`{0}` is neither a number nor a name."
_FORMS = {
    "number-suffix": (
        _Form(_DIGITS + r"([iI])", "`{0}`: Python writes the imaginary unit as `j`.",
            (("{1}j", "Write `{1}j`."),), 0.94, False),
        _Form(_DIGITS + r"(?:f|F|u|U|d|D|LL|UL|ul)()", "`{0}`: Python numbers take no type suffix.",
            (("{1}", "Remove the suffix."),), 0.95),
        _Form(r"(\d[\d_]*\d|\d)_+()", "`{0}` ends with an underscore, which is allowed only between digits.",
            (("{1}", "Remove the trailing underscore."),), 0.94),
        _Form(_DIGITS + r"([A-Za-z_]\w*)", "`{0}`: multiplication needs a `*` in Python.",
            (("{1} * {2}", "Write `{1} * {2}`."),), 0.93, True),
        _Form(_DIGITS + r"([A-DF-Za-df-z])", "`{0}`: multiplication needs a `*` in Python.",
            (("{1} * {2}", "Write `{1} * {2}`."),), 0.9, False),
        _Form(_DIGITS + rf"({'|'.join(sorted(KEYWORDS))})", "A space is missing in `{0}`.",
            (("{1} {2}", "Add the space."),), 0.95),
        _Form(_DIGITS + r"([A-Za-z]\w*)", _SUFFIX,
            (('"{0}"', "Put it in quotes, as a string."), ("{1}", "Keep only the number.")), 0.5),
    ),
    "old-literal": (
        _Form(r"(\d+)[lL]()", "Python 3 has no `L` suffix for numbers.", (("{1}", "Remove the `L`."),), 0.96),
    ),
    "number-literal": (
        _Form(r"(\d+)(?:__+|_\.)(\d+)", "`{0}` has an underscore that is not between two digits.",
            (("{1}_{2}", "Write `{1}_{2}`."),), 0.94),
        _Form(r"0([bBoO])0*(\d+)", "`{0}` contains a digit that its base does not have.",
            (("{2}", "Write a decimal number."), ("0x{2}", "Write a hexadecimal number.")),
            0.7),
        _Form(r"([\d.]+)[eE]()", "`{0}` has no exponent after the `e`.",
            (("{0}0", "Add the exponent `0`."), ("{1}", "Remove the `e`.")), 0.6),
    ),
}  # fmt: skip


def _near(problem: Problem) -> Iterator[int]:
    """Yield the numbers at the failure."""
    for index in (problem.at, problem.at - 1, problem.at + 1):
        if 0 <= index < len(problem.tokens) and problem.tokens[index].kind is TokenKind.NUMBER:
            yield index


def _of_forms(code: str) -> Callable[[Problem], Iterator[Reading]]:
    def find(problem: Problem) -> Iterator[Reading]:
        for index in _near(problem):
            for form in _FORMS[code]:
                found = re.fullmatch(form.pattern, problem.text(index))
                if found is None or form.known not in (None, found[2] in problem.names):
                    continue
                groups = (found[0], *found.groups())
                ways = (
                    (problem.swap(index, write.format(*groups)), why.format(*groups))
                    for write, why in form.ways
                )
                yield reading(form.claim.format(*groups), *ways, weight=form.weight)

    return find


SLIPS = tuple(slip(code)(_of_forms(code)) for code in _FORMS)


@slip("number-suffix")
def _digit_first(problem: Problem) -> Iterator[Reading]:
    """`2nd = 5`: a name that begins with a digit."""
    for index in _near(problem):
        shown = problem.text(index)
        found = re.fullmatch(r"(?!0[bBoOxX]|\d+[eE]$)(\d+)_?([A-Za-z_]\w*)", shown)
        if found is None:
            continue
        digits, tail = found[1], found[2].strip("_")
        names = dict.fromkeys(
            (f"{tail}{digits}" if len(tail) == 1 else f"_{shown}", f"_{shown}", f"{tail}_{digits}")
        )
        places = [(token.start, token.end) for token in problem.tokens if token.text == shown]
        options = [
            (problem.put(*((*place, name) for place in places)), f"Rename it to `{name}`.")
            for name in names
            if name.isidentifier()
        ]
        assigned = problem.text(index + 1) == "=" and problem.tokens[index].first
        yield reading(
            f"`{shown}` is not a valid name: it begins with a digit.",
            *options,
            weight=0.97 if assigned else 0.75,
        )


@slip("leading-zero")
def _zeros(problem: Problem) -> Iterator[Reading]:
    """`01`: a Python 2 octal number or, far more often, a number padded with zeros."""
    if not re.search("leading zeros|octal|invalid token", problem.message):
        return
    padded = [
        token
        for token in problem.tokens
        if token.kind is TokenKind.NUMBER and re.fullmatch(r"0+[1-9][\d_]*", token.text)
    ]
    if not padded:
        return
    plain = [(token.start, token.end, token.text.lstrip("0")) for token in padded]
    options = [(problem.put(*plain), "Remove the leading zeros.")]
    if not any(set(token.text) & set("89") for token in padded):
        octal = problem.put(*((start, end, f"0o{text}") for start, end, text in plain))
        options.append((octal, "Write octal numbers with the prefix `0o`."))
        first = problem.listing.index_at(padded[0].start)
        if len(padded[0].text) == 4 and {problem.text(i) for i in range(first - 6, first)} & set(_MODES):
            options.reverse()
    shown = ", ".join(f"`{token.text}`" for token in padded[:3])
    yield reading(f"Leading zeros are not allowed in integers: {shown}.", *options, weight=0.95)


@slip("number-literal")
def _many_points(problem: Problem) -> Iterator[Reading]:
    """`1.2.3`, `1..10`"""
    for index in _near(problem):
        last = index
        while problem.touching(last) and re.match(r"[\d.]+$", problem.text(last + 1)):
            last += 1
        whole = problem.between(index, last + 1)
        if ends := re.fullmatch(r"(\d+)\.\.+(\d+)", whole):
            within = problem.text(problem.tokens[index].opener - 1) == "range"
            form = "{}, {}" if within else "range({}, {})"
            stop, beyond = form.format(*ends.groups()), form.format(ends[1], int(ends[2]) + 1)
            yield reading(
                f"Python does not write a range as `{whole}`.",
                (problem.swap(index, stop, last), f"Write `{stop}`, which excludes {ends[2]}."),
                (problem.swap(index, beyond, last), f"Write `{beyond}`, which includes {ends[2]}."),
                weight=0.99,
            )
        elif last > index and whole.count(".") > 1:
            claim = f"`{whole}` is not a number: it has more than one decimal point."
            yield reading(claim, (problem.swap(index, f'"{whole}"', last), "Put it in quotes."), weight=0.8)
