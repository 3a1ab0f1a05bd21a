"""Python 2: `print` and `exec` statements, `raise E, "m"`, `except E, e`, and other old syntax."""

import builtins
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading


def _begins(problem: Problem, index: int) -> bool:
    """Return whether a statement begins at the token: first on its line, or after `;` or a header's colon."""
    if problem.tokens[index].first:
        return problem.tokens[index].opener < 0
    if problem.text(index - 1) == ";":
        return True
    if problem.text(index - 1) == ":" and problem.tokens[index].opener < 0:
        low = problem.listing.statement(index)[0]
        return problem.text(low) in (
            "if",
            "else",
            "elif",
            "for",
            "while",
            "try",
            "except",
            "finally",
            "with",
            "def",
            "class",
        )
    return False


def _end(problem: Problem, index: int) -> int:
    """Return the index after the last token of the simple statement."""
    high = problem.listing.statement(index)[1]
    return next(
        (i for i in range(index + 1, high) if problem.text(i) == ";" and problem.tokens[i].opener < 0), high
    )


def _like_print(problem: Problem, index: int) -> bool:
    """Return whether an unknown word before a string is a misspelled `print`."""
    text, following = problem.text(index), problem.tokens[index + 1]
    if following.kind is not TokenKind.STRING or text in problem.names or not 4 <= len(text) <= 6:
        return False
    return sorted(text) == sorted("print") or text in (
        "prin",
        "prnt",
        "pint",
        "rint",
        "printt",
        "pprint",
        "prrint",
    )


def _is_print_statement(problem: Problem, index: int, old: bool) -> bool:
    """Return whether a `print` statement begins here; `old` if the cell has such statements above."""
    token, first = problem.tokens[index], index + 1
    word = token.text.lower() == "print" or _like_print(problem, index)
    if not word or token.opener >= 0 or not _begins(problem, index) or first >= _end(problem, index):
        return False
    sign = problem.text(first)
    if sign in ("-", "+", "["):
        return old  # `print -1` runs, if only as a subtraction
    return sign in (">>", "~", "`") or problem.starts_operand(first)


def _print(problem: Problem) -> Iterator[Reading]:
    changes: list[tuple[int, int, str]] = []
    closed: list[tuple[int, int, str]] = []  # the same, with lines that end where the comma kept them open
    trailing = False
    for index, token in enumerate(problem.tokens):
        if not _is_print_statement(problem, index, bool(changes)):
            continue
        end = _end(problem, index)
        start, finish = problem.tokens[index + 1].start, problem.tokens[end - 1].end
        if problem.text(end - 1) in CLOSERS and end - 1 not in problem.listing.partner:
            changes.append((token.end, start, "("))  # only the opening parenthesis is missing
            closed.append(changes[-1])
            continue
        parts, stays = _printed(problem, index + 1, end)
        closed.append((token.start, finish, f"print({', '.join(parts)})"))
        if stays:
            parts.append('end=" "')
            trailing = True
        changes.append((token.start, finish, f"print({', '.join(parts)})"))
    if not changes:
        return
    why = "Call `print` with parentheses."
    options = [(problem.put(*changes), why)]
    if trailing:
        options = [(options[0][0], f"{why} `end` replaces the trailing comma.")]
        options.append((problem.put(*closed), why))
    braces = re.search(r"\bprint\s*\{([^{}:]*)\}", problem.source)
    if braces is not None:
        options.insert(
            0, (problem.put((*braces.span(), f"print({braces[1]})")), "Replace the braces with parentheses.")
        )
    claim = "`print` is a function in Python 3 and needs parentheses."
    yield reading(claim, *options, weight=0.96, certain=len(options) == 1)


def _printed(problem: Problem, first: int, end: int) -> tuple[list[str], bool]:
    """Return the arguments of a print statement, and whether it ends with a comma."""
    body, stream = problem.between(first, end), ""
    if problem.text(first) == ">>":
        commas = [i for i in range(first, end) if problem.text(i) == "," and problem.tokens[i].opener < 0]
        comma = commas[0] if commas else end
        stream = f"file={problem.between(first + 1, comma)}"
        body = problem.between(comma + 1, end)
    stays = body.endswith(",")
    body = body.rstrip(", ") if stays else body
    return [part for part in (body, stream) if part], stays


def _exec(problem: Problem) -> Iterator[Reading]:
    changes = []
    for index, token in enumerate(problem.tokens):
        if token.text != "exec" or not _begins(problem, index) or not problem.starts_operand(index + 1):
            continue
        end = _end(problem, index)
        scope = next(
            (i for i in range(index, end) if problem.text(i) == "in" and problem.tokens[i].opener < 0), None
        )
        code = problem.between(index + 1, scope if scope is not None else end)
        where = f", {problem.between(scope + 1, end)}" if scope is not None else ""
        changes.append((token.start, problem.tokens[end - 1].end, f"exec({code}{where})"))
    if changes:
        yield reading(
            "`exec` is a function in Python 3 and needs parentheses.",
            (problem.put(*changes), "Call `exec` with parentheses."),
            weight=0.96,
            certain=True,
        )


def _raise(problem: Problem) -> Iterator[Reading]:
    changes = []
    for index, token in enumerate(problem.tokens):
        if token.text != "raise" or not _begins(problem, index):
            continue
        end = _end(problem, index)
        comma = next(
            (i for i in range(index, end) if problem.text(i) in (",", ":") and problem.tokens[i].opener < 0),
            None,
        )
        if comma is None:
            comma = next(
                (
                    i
                    for i in range(index + 2, end)
                    if problem.ends_operand(i - 1)
                    and problem.starts_operand(i)
                    and problem.tokens[i].kind is TokenKind.STRING
                ),
                None,
            )
            if comma is not None:
                changes.append(
                    (
                        problem.tokens[comma - 1].end,
                        problem.tokens[end - 1].end,
                        f"({problem.between(comma, end)})",
                    )
                )
            continue
        second = next(
            (i for i in range(comma + 1, end) if problem.text(i) == "," and problem.tokens[i].opener < 0), end
        )
        if comma + 1 < end:
            message = problem.between(comma + 1, second)
            changes.append((problem.tokens[comma - 1].end, problem.tokens[end - 1].end, f"({message})"))
    if changes:
        yield reading(
            "`raise` takes one exception, with its message in parentheses.",
            (problem.put(*changes), "Put the message in parentheses."),
            weight=0.95,
            certain=True,
        )


def _except(problem: Problem) -> Iterator[Reading]:
    named: list[tuple[int, int, str]] = []
    grouped: list[tuple[int, int, str]] = []
    first_is_name = True
    for index, token in enumerate(problem.tokens):
        if token.text != "except" or not token.first:
            continue
        end = problem.header_end(index, problem.listing.statement(index)[1])
        if end is None:
            end = problem.listing.statement(index)[1]
        commas = [i for i in range(index, end) if problem.text(i) == "," and problem.tokens[i].opener < 0]
        ors = [
            i
            for i in range(index, end)
            if problem.text(i) in ("or", "and", "|") and problem.tokens[i].opener < 0
        ]
        if not commas and not ors:
            continue
        last = problem.text(end - 1)
        has_as = next((i for i in range(index, end) if problem.text(i) == "as"), None)
        stop = has_as if has_as is not None else end
        names = ", ".join(
            part.strip() for part in re.split(r",|\bor\b|\band\b|\|", problem.between(index + 1, stop))
        )
        grouped.append((problem.tokens[index + 1].start, problem.tokens[stop - 1].end, f"({names})"))
        if len(commas) == 1 and has_as is None and not ors:
            named.append((problem.tokens[commas[0] - 1].end, problem.tokens[commas[0]].end, " as"))
            is_class = last[:1].isupper() or isinstance(getattr(builtins, last, None), type)
            first_is_name = first_is_name and not is_class
        else:
            first_is_name = False
    options = []
    if grouped:
        options.append((problem.put(*grouped), "Put the classes in parentheses."))
    if named and len(named) == len(grouped):
        options.insert(0 if first_is_name else 1, (problem.put(*named), "Use `as` to name the exception."))
    if options:
        yield reading(
            "Write `except E as name:`; put several classes in parentheses.",
            options[0],
            weight=0.95,
            certain=True,
        )


def _backticks(problem: Problem) -> Iterator[Reading]:
    ticks = [token for token in problem.tokens if token.text == "`"]
    if not ticks or len(ticks) % 2:
        return
    if any(problem.source.startswith("```", token.start) for token in ticks):
        return
    changes, quoted = [], []
    for one, two in zip(ticks[::2], ticks[1::2], strict=True):
        changes += [(one.start, one.end, "repr("), (two.start, two.end, ")")]
        quoted += [(one.start, one.end, '"'), (two.start, two.end, '"')]
    inner = problem.source[ticks[0].end : ticks[1].start]
    options = [
        (problem.put(*changes), "Call `repr`, as backticks did in Python 2."),
        (problem.put(*quoted), "Put the string in quotes."),
    ]
    if not inner.isidentifier() or inner not in problem.names:
        options.reverse()
    if "${" in inner:
        form = [(one.start, one.end, 'f"') for one in ticks[::2]] + [
            (two.start, two.end, '"') for two in ticks[1::2]
        ]
        options.insert(
            0, (problem.put(*form).replace("${", "{"), "Use an f-string, with its values in braces.")
        )
    yield reading("Backticks are not valid in Python 3.", *options, weight=0.88)


def _tuple_parameters(problem: Problem) -> Iterator[Reading]:
    """`lambda (x, y): …`, which took one pair in Python 2."""
    changes = []
    for index, token in enumerate(problem.tokens):
        if token.text == "lambda" and problem.text(index + 1) == "(":
            closer = problem.listing.partner.get(index + 1)
            if closer is None or problem.text(closer + 1) != ":":
                continue
            inner = problem.between(index + 2, closer)
            if "," in inner:
                changes.append((problem.tokens[index].end, problem.tokens[closer].end, f" {inner}"))
    if changes:
        yield reading(
            "The parameters of a lambda cannot be in parentheses.",
            (problem.put(*changes), "Remove the parentheses."),
            weight=0.92,
        )


def _old_numbers(problem: Problem) -> Iterator[Reading]:
    """`10L`, `ur"…"`."""
    changes = [
        (token.start, token.end, token.text[:-1])
        for token in problem.tokens
        if token.kind is TokenKind.NUMBER and re.fullmatch(r"\d+[lL]", token.text)
    ]
    for index, token in enumerate(problem.tokens[:-1]):
        if (
            token.text.lower() == "ur"
            and problem.touching(index)
            and problem.tokens[index + 1].kind is TokenKind.STRING
        ):
            changes.append((token.start, token.end, "r"))
    if changes:
        yield reading(
            "Python 3 has no `L` suffix for numbers and no `ur` prefix for strings.",
            (problem.put(*sorted(changes)), "Remove the `L` or the `u`."),
            weight=0.96,
            certain=True,
        )


SLIPS = (
    Slip(
        code="syntax.print-statement",
        lesson="Since Python 3, `print` is a function: what it prints goes in parentheses, `print(x)`.",
        find=_print,
    ),
    Slip(
        code="syntax.exec-statement", lesson="Since Python 3, `exec` is a function: `exec(code)`.", find=_exec
    ),
    Slip(
        code="syntax.raise-form",
        lesson='An exception is raised with its message in parentheses: `raise ValueError("too small")`.',
        find=_raise,
    ),
    Slip(
        code="syntax.except-form",
        lesson="`as` gives an exception a name: `except ValueError as error:`. Several classes go in "
        "parentheses: `except (ValueError, TypeError):`.",
        find=_except,
    ),
    Slip(
        code="syntax.backticks",
        lesson="Strings go in quotes. Backticks belong to other languages and to Python 2.",
        find=_backticks,
    ),
    Slip(
        code="syntax.tuple-parameter",
        lesson="A lambda's parameters go between `lambda` and the colon, without parentheses.",
        find=_tuple_parameters,
    ),
    Slip(
        code="syntax.old-literal",
        lesson='`10L` and `ur"…"` are Python 2 syntax. In Python 3, write `10` and `r"…"`.',
        find=_old_numbers,
    ),
)
