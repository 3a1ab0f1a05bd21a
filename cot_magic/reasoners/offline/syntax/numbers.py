"""Mistakes in numbers: leading zeros, suffixes, separators, and names that begin with a digit."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading

_SUFFIXED = re.compile(
    r"(?!0[xXbBoO])(?P<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?P<tail>[A-Za-z_]\w*)"
)
_MODES = ("chmod", "mkdir", "makedirs", "umask", "mode", "open")
_C_SUFFIXES = ("f", "F", "L", "l", "u", "U", "d", "D", "LL", "UL", "ul")


def _zeros(problem: Problem) -> Iterator[Reading]:
    """`01`: a Python 2 octal number or, far more often, a number padded with zeros."""
    if (
        "leading zeros" not in problem.message
        and "octal" not in problem.message
        and "invalid token" not in problem.message
    ):
        return
    padded = [
        token
        for token in problem.tokens
        if token.kind is TokenKind.NUMBER and re.fullmatch(r"0+[1-9][\d_]*", token.text)
    ]
    if not padded:
        return
    decimal = problem.put(*((token.start, token.end, token.text.lstrip("0")) for token in padded))
    options = [(decimal, "Remove the leading zeros.")]
    if not any(set(token.text) & set("89") for token in padded):
        octal = problem.put(*((token.start, token.end, f"0o{token.text.lstrip('0')}") for token in padded))
        options.append((octal, "Write octal numbers with the prefix `0o`."))
        first = problem.listing.index_at(padded[0].start)
        around = {problem.text(i) for i in range(max(0, first - 6), first)}
        if len(padded[0].text) == 4 and around & set(_MODES):
            options.reverse()
    shown = ", ".join(f"`{token.text}`" for token in padded[:3])
    yield reading(f"Leading zeros are not allowed in integers: {shown}.", *options, weight=0.95, certain=True)


def _suffix(problem: Problem) -> Iterator[Reading]:
    index = next(
        (
            i
            for i in (problem.at, problem.at - 1, problem.at + 1)
            if 0 <= i < len(problem.tokens) and problem.tokens[i].kind is TokenKind.NUMBER
        ),
        None,
    )
    found = _SUFFIXED.fullmatch(problem.text(index)) if index is not None else None
    if index is None or found is None:
        return
    number, tail = found["number"], found["tail"]
    if tail in ("e", "E") and tail not in problem.names:
        return  # an exponent that is missing
    shown = problem.text(index)
    if tail in ("i", "I"):
        clear = "." in number or tail not in problem.names
        options = [(problem.swap(index, number + "j"), f"Write `{number}j`.")]
        if not clear:
            product = problem.swap(index, f"{number} * {tail}")
            options.append((product, f"Multiply by the variable `{tail}`."))
        claim = f"`{shown}`: Python writes the imaginary unit as `j`."
        yield reading(claim, *options, weight=0.94 if clear else 0.7, certain=clear)
        return
    if problem.text(index + 1) == "=" and problem.tokens[index].first:
        yield from _digit_first(problem, index, number, tail)
        return
    if tail in _C_SUFFIXES and tail not in problem.names:
        yield reading(
            f"`{shown}`: Python numbers take no type suffix.",
            (problem.swap(index, number), f"Remove the suffix `{tail}`."),
            weight=0.9,
            certain=True,
        )
        return
    if set(tail) == {"_"}:
        yield reading(
            f"`{shown}` ends with an underscore, which is allowed only between digits.",
            (problem.swap(index, number.rstrip("_")), "Remove the trailing underscore."),
            weight=0.94,
            certain=True,
        )
        return
    yield from _number_and_word(problem, index, number, tail)


def _number_and_word(problem: Problem, index: int, number: str, tail: str) -> Iterator[Reading]:
    """`5x`, `2nd`, `1if`: a number right before letters."""
    shown = problem.text(index)
    if tail in problem.names or problem.text(index + 1) == "(" or len(tail) == 1:
        yield reading(
            f"`{shown}`: multiplication needs a `*` in Python.",
            (problem.swap(index, f"{number} * {tail}"), f"Write `{number} * {tail}`."),
            weight=0.9,
            certain=tail in problem.names,
        )
    yield from _digit_first(problem, index, number, tail)
    if tail in KEYWORDS:
        yield reading(
            f"A space is missing in `{shown}`.",
            (problem.swap(index, f"{number} {tail}"), f"Write `{number} {tail}`."),
            weight=0.95,
            certain=True,
        )
    yield reading(
        f"`{shown}` is neither a number nor a name.",
        (problem.swap(index, f'"{shown}"'), "Put it in quotes, as a string."),
        (problem.swap(index, number), f"Keep only the number, without `{tail}`."),
        weight=0.5,
    )


def _digit_first(problem: Problem, index: int, number: str, tail: str) -> Iterator[Reading]:
    shown = problem.text(index)
    digits = re.sub(r"\W", "_", number)
    name = tail.strip("_") + digits if len(tail.strip("_")) == 1 else f"_{digits}{tail}"
    options = []
    for new in dict.fromkeys(
        (name, f"_{digits}{tail}", f"{tail.strip('_')}{'_' if tail[0] == '_' else ''}{digits}")
    ):
        if re.fullmatch(r"[^\W\d]\w*", new):
            pattern = rf"(?<![\w.]){re.escape(shown)}(?!\w)"
            after = "".join(
                problem.source[a:b] if skip else re.sub(pattern, new, problem.source[a:b])
                for a, b, skip in _pieces(problem)
            )
            options.append((after, f"Rename it to `{new}`."))
    yield reading(f"`{shown}` is not a valid name: it begins with a digit.", *options, weight=0.75)


def _pieces(problem: Problem) -> Iterator[tuple[int, int, bool]]:
    """Yield the spans of the source, and whether each is a string."""
    at = 0
    for token in problem.tokens:
        if token.kind in (TokenKind.STRING, TokenKind.OPEN_STRING, TokenKind.OPEN_TRIPLE):
            yield at, token.start, False
            yield token.start, token.end, True
            at = token.end
    yield at, len(problem.source), False


def _literal(problem: Problem) -> Iterator[Reading]:
    """Misplaced underscores, digits outside the base, unfinished exponents, several decimal points."""
    for index in (problem.at, problem.at - 1):
        if not (0 <= index < len(problem.tokens) and problem.tokens[index].kind is TokenKind.NUMBER):
            continue
        text = problem.text(index)
        if "__" in text or text.endswith("_") or "_." in text or re.search(r"\._", text):
            new = re.sub(r"_+", "_", text).strip("_").replace("_.", ".").replace("._", ".")
            yield reading(
                f"`{text}` has an underscore that is not between two digits.",
                (problem.swap(index, new), f"Write `{new}`."),
                weight=0.94,
                certain=True,
            )
        elif re.match(r"0[bB][01]*[2-9]|0[oO][0-7]*[89]", text):
            yield reading(
                f"`{text}` contains a digit that its base does not have.",
                (
                    problem.swap(index, text[2:].lstrip("0") or "0"),
                    "Remove the prefix, which makes it a decimal number.",
                ),
                (
                    problem.swap(index, "0x" + text[2:]),
                    "Use the prefix `0x`, which makes it a hexadecimal number.",
                ),
                weight=0.7,
            )
        elif re.fullmatch(r"[\d.]+[eE]", text):
            yield reading(
                f"`{text}` has no exponent after the `{text[-1]}`.",
                (problem.swap(index, text + "0"), "Add the exponent `0`."),
                (problem.swap(index, text[:-1]), f"Remove the `{text[-1]}`."),
                weight=0.6,
            )
        elif "." in text and problem.touching(index) and problem.tokens[index + 1].text.startswith("."):
            yield from _many_points(problem, index)


def _many_points(problem: Problem, index: int) -> Iterator[Reading]:
    """`1.2.3`, `1..10`"""
    last = index + 1
    while problem.touching(last) and problem.tokens[last + 1].kind is TokenKind.NUMBER:
        last += 1
    whole = problem.between(index, last + 1)
    ends = re.fullmatch(r"(\d+)\.\.+(\d+)", whole)
    if ends and problem.text(problem.tokens[index].opener - 1) == "range":
        yield reading(
            f"Python does not write a range as `{whole}`.",
            (
                problem.swap(index, f"{ends[1]}, {ends[2]}", last),
                f"Write `{ends[1]}, {ends[2]}`, which excludes {ends[2]}.",
            ),
            (
                problem.swap(index, f"{ends[1]}, {ends[2]} + 1", last),
                f"Write `{ends[1]}, {ends[2]} + 1`, which includes {ends[2]}.",
            ),
            weight=0.95,
        )
    yield reading(
        f"`{whole}` is not a number: it has more than one decimal point.",
        (problem.swap(index, f'"{whole}"', last), "Put it in quotes if it is, say, a version or an address."),
        weight=0.7,
    )


def _grouped(problem: Problem) -> Iterator[Reading]:
    """`1 000 000`: digits in groups of three."""
    low, high = problem.statement
    for index in range(low, high - 1):
        last = index
        while (
            last + 1 < high
            and problem.tokens[last + 1].kind is TokenKind.NUMBER
            and re.fullmatch(r"\d{3}(?:\.\d+)?", problem.text(last + 1))
            and re.fullmatch(r"\d{1,3}", problem.text(last))
        ):
            last += 1
        if last == index + 1 and problem.text(index) == problem.text(last):
            continue
        if last > index and problem.tokens[index].kind is TokenKind.NUMBER and problem.text(index) != "0":
            joined = "_".join(problem.text(i) for i in range(index, last + 1))
            yield reading(
                f"`{problem.between(index, last + 1)}` has spaces between its digits.",
                (problem.swap(index, joined, last), "Group the digits with underscores."),
                weight=0.9 if problem.tokens[index].opener < 0 or last > index + 1 else 0.6,
                certain=problem.tokens[index].opener < 0,
            )
            return


def _percent(problem: Problem) -> Iterator[Reading]:
    index = problem.at
    if problem.text(index) != "%":
        index -= 1
    if problem.text(index) != "%" or index < 1 or problem.tokens[index - 1].kind is not TokenKind.NUMBER:
        return
    number = problem.text(index - 1)
    yield reading(
        f"`{number}%`: in Python, `%` gives the remainder of a division, not a percentage.",
        (problem.swap(index - 1, f"{number} / 100", index), "Divide by 100."),
        (problem.drop(index), "Remove the `%`."),
        weight=0.7,
    )


SLIPS = (
    Slip(
        code="syntax.leading-zero",
        lesson="Integers are written without leading zeros. `0o17` is an octal number; a postcode that keeps "
        'its zeros is a string: `"01"`.',
        find=_zeros,
    ),
    Slip(
        code="syntax.number-suffix",
        lesson="A number ends with its last digit, or with `j` if it is imaginary. A unit, a type suffix or "
        "a variable cannot follow it directly: write `5 * x`, not `5x`. Names cannot begin with a digit.",
        find=_suffix,
    ),
    Slip(
        code="syntax.number-literal",
        lesson="Digits may be grouped with single underscores. `0b` allows the digits 0 and 1, `0o` allows 0 "
        "to 7, and a number has at most one decimal point.",
        find=_literal,
    ),
    Slip(
        code="syntax.number-groups",
        lesson="A number contains no spaces. Digits may be grouped with underscores: `1_000_000`.",
        find=_grouped,
    ),
    Slip(
        code="syntax.percentage",
        lesson="`%` gives the remainder of a division. Fifty percent is written `0.5` or `50 / 100`.",
        find=_percent,
    ),
)
