"""Mistakes with escape sequences in strings, and with bytes."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading
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
            "A backslash begins an escape sequence such as `\\n`, and the one in this string is not valid.",
            (raw, "Put `r` before the string, so that backslashes are kept as they are."),
            (doubled, "Double the backslashes."),
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
                "A bytes literal can contain only ASCII characters.",
                (
                    problem.put((token.start, token.end, text + ".encode()")),
                    "Write a string and encode it as UTF-8.",
                ),
                (problem.put((token.start, token.end, text)), "Make it a string."),
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
                    "Bytes and strings cannot be joined.",
                    (problem.put((at, at, "b")), "Make both bytes."),
                    (problem.put((out, out + 1, "")), "Make both strings."),
                    weight=0.75,
                )
                return


SLIPS = (
    Slip(
        code="syntax.backslash-in-string",
        lesson="In a string, a backslash changes the meaning of the next letter. Write Windows paths as raw "
        'strings: `r"C:\\Users"`.',
        find=_escape,
    ),
    Slip(
        code="syntax.bytes-literal",
        lesson="A literal with the prefix `b` is a bytes object and can contain only ASCII characters. Other "
        "strings are converted to bytes with `.encode()`.",
        find=_bytes,
    ),
    Slip(
        code="syntax.bytes-and-text",
        lesson="Bytes and strings are different types. Literals next to each other are joined, so they must "
        "be of the same type.",
        find=_mixed_bytes,
    ),
)
