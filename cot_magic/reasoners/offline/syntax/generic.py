"""The last resort: insert or remove one token near the error."""

from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading

_INSERTED = (",", ":", ")", "]", "}", "(", "=", "in", "as", "+", "*", '"', "'")
_MOST = 60


def _one_token(problem: Problem) -> Iterator[Reading]:
    at = problem.at
    line = problem.failure.line
    near = [i for i in (at, at - 1, at + 1, at - 2, at + 2) if 0 <= i < len(problem.tokens)]
    count = 0
    for distance, index in enumerate(near):
        token = problem.tokens[index]
        if abs(token.line - line) > 1:
            continue
        for sign in _INSERTED:
            space = " " if sign[0].isalpha() or sign in "=+*" else ""
            for place, where in ((token.start, "before"), (token.end, "after")):
                text = sign + space if where == "before" else space + sign
                count += 1
                if count > _MOST * 2:
                    return
                yield reading(
                    f"Something is missing {where} `{token.text[:40]}`.",
                    (problem.put((place, place, text)), f"Insert `{sign}` {where} `{token.text[:40]}`."),
                    weight=round(0.3 - 0.01 * distance - 0.002 * _INSERTED.index(sign), 4),
                )
        word = token.text in KEYWORDS
        if token.kind in (TokenKind.STRING, TokenKind.OPEN_STRING, TokenKind.OPEN_TRIPLE):
            continue  # a string is never the slip
        yield reading(
            f"`{token.text[:40]}` does not fit here.",
            (problem.drop(index), f"Remove `{token.text[:40]}`."),
            weight=0.15 - 0.01 * distance - 0.02 * word,
        )
    base = problem.listing.starts[line - 1] + len(problem.listing.indent(line))
    yield reading(
        f"Line {line} is not valid Python.",
        (problem.put((base, base, "# ")), "Comment the line out."),
        weight=0.05,
    )


SLIPS = (
    Slip(
        code="syntax.one-token",
        lesson="Often a single character or word is missing, superfluous or mistyped. Look at the place "
        "where Python stopped, and right before it.",
        find=_one_token,
    ),
)
