"""Mistakes with backslashes in texts, and with bytes."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    Problem,
    Reading,
    Slip,
    reading,
)
from cot_magic.reasoners.offline.syntax.strings import quote_of, strings_on


def _escape(problem: Problem) -> Iterator[Reading]:
    r"""`"C:\Users"`: `\U` begins an escape."""
    if "codec can't decode" not in problem.message and "invalid \\x escape" not in problem.message:
        return
    low = problem.listing.index_at(problem.failure.position)
    near = [i for i in (problem.at, low, problem.at - 1, problem.at + 1) if 0 <= i < len(problem.tokens)]
    on_line = strings_on(problem, problem.failure.line)
    for index in dict.fromkeys([*near, *on_line]):
        token = problem.tokens[index]
        prefix, quote = quote_of(token)
        if (
            token.kind is not TokenKind.STRING
            or not re.search(r"\\[UuxN]", token.text)
            or "r" in prefix.lower()
        ):
            continue
        raw = problem.put((token.start + len(prefix), token.start + len(prefix), "r"))
        body = token.text[len(prefix) + len(quote) : -len(quote)]
        doubled = problem.put(
            (token.start, token.end, prefix + quote + re.sub(r"\\+", r"\\\\", body) + quote)
        )
        yield reading(
            "A backslash begins an escape such as `\\n`; here it should stand for itself.",
            (raw, "With `r` in front, backslashes stand for themselves."),
            (doubled, "A doubled backslash stands for itself."),
            weight=0.95,
            certain=True,
        )
        return


def _bytes(problem: Problem) -> Iterator[Reading]:
    if "bytes can only contain ASCII" not in problem.message:
        return
    for index in strings_on(problem, problem.failure.line):
        token = problem.tokens[index]
        prefix, _ = quote_of(token)
        if "b" in prefix.lower() and not token.text.isascii():
            plain_prefix = prefix.replace("b", "").replace("B", "")
            text = plain_prefix + token.text[len(prefix) :]
            yield reading(
                "Bytes hold only ASCII characters when written like this.",
                (problem.put((token.start, token.end, text + ".encode()")), "The text is encoded as UTF-8."),
                (problem.put((token.start, token.end, text)), "It is a text, not bytes."),
                weight=0.8,
            )
            return


def _mixed_bytes(problem: Problem) -> Iterator[Reading]:
    if "cannot mix bytes" not in problem.message:
        return
    low, high = problem.statement
    for index in range(low, high - 1):
        if problem.tokens[index].kind is problem.tokens[index + 1].kind is TokenKind.STRING:
            one, two = quote_of(problem.tokens[index])[0], quote_of(problem.tokens[index + 1])[0]
            if ("b" in one.lower()) != ("b" in two.lower()):
                at = problem.tokens[index + 1 if "b" in one.lower() else index].start
                out = problem.tokens[index if "b" in one.lower() else index + 1].start
                yield reading(
                    "Bytes and text cannot stand side by side.",
                    (problem.put((at, at, "b")), "Both are bytes."),
                    (problem.put((out, out + 1, "")), "Both are text."),
                    weight=0.75,
                )
                return


SLIPS = (
    Slip(
        code="syntax.backslash-in-string",
        lesson="In a text a backslash changes the meaning of the next letter. Paths of Windows are "
        "written with `r` in "
        'front: `r"C:\\Users"`.',
        find=_escape,
    ),
    Slip(
        code="syntax.bytes-literal",
        lesson="A literal with `b` in front holds bytes and only ASCII characters. Other texts are turned "
        "into bytes by "
        "`.encode()`.",
        find=_bytes,
    ),
    Slip(
        code="syntax.bytes-and-text",
        lesson="Bytes and text are different types. Literals that stand side by side are joined, so they "
        "must be of the "
        "same type.",
        find=_mixed_bytes,
    ),
)
