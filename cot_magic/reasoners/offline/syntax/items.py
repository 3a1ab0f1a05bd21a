"""Repairs of items between parentheses: missing commas, pairs of a dict, closers in the wrong place."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.edits import BUILTINS
from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, OPENERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, reading, slip, unique

Change = tuple[int, int, str]
_HEADERS = frozenset({
    "if", "elif", "while", "for", "with", "def", "class", "except", "match", "case", "async", "else",
})  # fmt: skip
_MOST_LINES = 40


def _after(problem: Problem, index: int, text: str) -> Change:
    end = problem.tokens[index].end
    return end, end, text


def _side_by_side(problem: Problem) -> Iterator[int]:
    """Yield each token of the statement that ends an operand while the next one begins another."""
    low, high = problem.statement
    for index in range(low, high - 1):
        one, two = problem.tokens[index], problem.tokens[index + 1]
        if not problem.ends_operand(index) or not problem.starts_operand(index + 1) or one.text == two.text:
            continue
        if (
            two.text == "not" and problem.text(index + 2) == "in"
        ) or one.kind is two.kind is TokenKind.STRING:
            continue
        if not (one.first and one.text in ("match", "case", "type", "print", "exec")):
            yield index


@slip("missing-comma")
def _missing_comma(problem: Problem) -> Iterator[Reading]:
    """Operands side by side: `[1 2 3]`, `f(a b)`; the search knows other signs for a single gap."""
    found = [i for i in _side_by_side(problem) if problem.tokens[i + 1].opener >= 0]
    if not found:
        return
    near = min(found, key=lambda i: abs(problem.tokens[i].end - problem.failure.position))
    opener = problem.tokens[near + 1].opener
    gaps = [i for i in found if problem.tokens[i + 1].opener == opener]
    options = [(problem.put(*(_after(problem, i, ",") for i in gaps)), "Add the comma.")]
    one, two = problem.tokens[near], problem.tokens[near + 1]
    if problem.text(opener) == "{":
        keyed = _is_keyed(problem, opener)
        if keyed and not _in_value(problem, near, opener):
            return  # the colon of a pair is missing
        closer = problem.listing.partner.get(opener, problem.statement[1])
        if not keyed and len(gaps) == len(problem.items(opener + 1, closer, opener)):
            colons = problem.put(*(_after(problem, i, ":") for i in gaps))
            options.insert(0, (colons, "Put a colon between key and value."))
    names = one.kind is two.kind is TokenKind.NAME
    claim = f"The comma between `{one.text[:40]}` and `{two.text[:40]}` is missing."
    yield reading(claim, *options, weight=0.7 if names and one.line == two.line else 0.85)


def _is_keyed(problem: Problem, opener: int) -> bool:
    closer = problem.listing.partner.get(opener, len(problem.tokens))
    return any(
        problem.text(i) == ":" and problem.tokens[i].opener == opener for i in range(opener + 1, closer)
    )


def _in_value(problem: Problem, index: int, opener: int) -> bool:
    """Return whether the token is in the value of a pair, so that a comma must follow, not a colon."""
    signs = (problem.text(i) for i in range(index, opener, -1) if problem.tokens[i].opener == opener)
    return next((sign for sign in signs if sign in (":", ",")), "") == ":"


@slip("dict-pair")
def _pairs(problem: Problem) -> Iterator[Reading]:
    """`{'a' 1}`, `{'a' = 1}`, `{'a': 1, 'b'}`, `dict(a: 1)`, `["a": 1]`."""
    index = min(problem.at, problem.statement[1] - 1)
    opened = problem.text(index) in OPENERS and problem.tokens[index].opener < 0
    opener = index if opened else problem.tokens[index].opener
    closer = problem.listing.partner.get(opener, -1)
    if opener < 0 or closer < opener:
        return
    items = [span for span in problem.items(opener + 1, closer, opener) if span[0] < span[1]]
    if problem.text(opener) != "{":
        yield from _braces_meant(problem, opener, closer)
    elif signs := list(_signs_for_colon(problem, opener, closer)):
        yield from _keyed_by_signs(problem, opener, closer, signs)
    elif _is_keyed(problem, opener):
        yield from _incomplete(problem, opener, items)


def _signs_for_colon(problem: Problem, opener: int, closer: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last token of each `=`, `=>`, `->` and `:=` between key and value."""
    for index in range(opener + 1, closer):
        if problem.tokens[index].opener == opener and problem.text(index) in ("=", "->", ":="):
            yield index, index + (problem.text(index + 1) == ">")


def _keyed_by_signs(
    problem: Problem, opener: int, closer: int, signs: list[tuple[int, int]]
) -> Iterator[Reading]:
    colons = [(problem.tokens[first - 1].end, problem.tokens[last].end, ":") for first, last in signs]
    keys = [problem.tokens[first - 1] for first, _ in signs]
    options = [(problem.put(*colons), "Put a colon between key and value.")]
    unknown = [key for key in keys if key.kind is TokenKind.NAME and key.text not in problem.names]
    if unknown and not _is_keyed(problem, opener):
        quoted = [(key.start, key.end, f'"{key.text}"') for key in unknown]
        why = "Put a colon between key and value, and the keys in quotes."
        options.insert(0, (problem.put(*colons, *quoted), why))
    if all(key.kind is TokenKind.NAME for key in keys):
        one, two = problem.tokens[opener], problem.tokens[closer]
        call = problem.put((one.start, one.end, "dict("), (two.start, two.end, ")"))
        options.append((call, "Call `dict(…)`, which takes keys with `=`."))
    yield reading("A dict separates key and value with a colon.", *options, weight=0.95)


def _incomplete(problem: Problem, opener: int, items: list[tuple[int, int]]) -> Iterator[Reading]:
    """Pairs without a colon, keys without a value."""
    bare, colons = [], []
    for place, (start, end) in enumerate(items):
        texts = [problem.text(i) for i in range(start, end) if problem.tokens[i].opener == opener]
        if texts[-1] != ":" and {":", "**", "for"} & set(texts):
            continue
        bare.append(place)
        gaps = (i for i in range(start, end - 1) if problem.ends_operand(i) and problem.starts_operand(i + 1))
        colons += [_after(problem, i, ":") for i in gaps][:1]
    if colons:
        claim = "The colon between a key and its value is missing."
        yield reading(claim, (problem.put(*colons), "Put a colon between key and value."), weight=0.9)
    elif bare:
        options = []
        if len(bare) == 2 and bare[1] == bare[0] + 1 and problem.text(items[bare[0]][1] - 1) != ":":
            options.append((problem.swap(items[bare[0]][1], ":"), "Put a colon between key and value."))
        ends = [items[place][1] - 1 for place in bare]
        nones = (_after(problem, i, " None" if problem.text(i) == ":" else ": None") for i in ends)
        options.append((problem.put(*nones), "Use `None` as a placeholder for the value."))
        claim = f"The key `{problem.between(*items[bare[0]]).rstrip(':')[:60]}` has no value."
        yield reading(claim, *options, weight=0.88)


def _braces_meant(problem: Problem, opener: int, closer: int) -> Iterator[Reading]:
    """`dict(a: 1)`, `["a": 1]`."""
    colons = [
        i for i in range(opener + 1, closer) if problem.text(i) == ":" and problem.tokens[i].opener == opener
    ]
    texts = {problem.text(i) for i in range(opener, closer)}
    if not colons or "lambda" in texts or problem.text(problem.statement[0]) in ("def", "class", "async"):
        return
    keys = [problem.tokens[i - 1] for i in colons]
    one, two = problem.tokens[opener], problem.tokens[closer]
    if not problem.ends_operand(opener - 1):
        braces = problem.put((one.start, one.end, "{"), (two.start, two.end, "}"))
        yield reading("Key-value pairs go in braces.", (braces, "Put the pairs in braces."), weight=0.9)
    elif one.text == "(":
        named = all(key.kind is TokenKind.NAME for key in keys)
        if named or problem.text(opener - 1) == "dict":
            signs = [
                (key.start, problem.tokens[i].end, key.text.strip("'\"") + "=")
                for key, i in zip(keys, colons, strict=True)
            ]
            claim = "In a call, `=` separates an argument's name and its value."
            yield reading(claim, (problem.put(*signs), "Replace the colon with `=`."), weight=0.92)
        wrapped = problem.put((one.end, one.end, "{"), (two.start, two.start, "}"))
        claim = "Key-value pairs form a dict, which needs braces."
        yield reading(claim, (wrapped, "Put braces around the pairs."), weight=0.85)


@slip("unclosed-bracket")
def _unclosed(problem: Problem) -> Iterator[Reading]:
    """Openers that are never closed: where the line that they are on ends, or the last that is indented."""
    for opener in problem.listing.unclosed[:3] if not problem.listing.crossed else ():
        token = problem.tokens[opener]
        options = unique(_closings(problem, opener))
        inner = problem.listing.partner.get(opener + 1, 0)
        if (
            problem.text(opener + 1) == token.text
            and problem.listing.on_line(problem.tokens[inner].line)[-1] == inner
        ):
            options.insert(0, (problem.drop(opener), f"Remove one `{token.text}`."))
        if options:
            yield reading(
                f"The `{token.text}` on line {token.line} is never closed.", *options[:6], weight=0.9
            )


def _closings(problem: Problem, opener: int) -> Iterator[tuple[str, str]]:
    closer = OPENERS[problem.text(opener)]
    for line in _lines_inside(problem, opener):
        inside = [i for i in problem.listing.on_line(line) if i > opener]
        for stop in _stops(problem, opener, inside):
            where = f"after `{problem.text(stop)}` on line {line}"
            yield problem.put(_after(problem, stop, closer)), f"Add `{closer}` {where}."


def _lines_inside(problem: Problem, opener: int) -> list[int]:
    """Return the lines at whose end the closer may belong, best first."""
    listing, line = problem.listing, problem.tokens[opener].line
    base, inside = len(listing.indent(line)), [line]
    for following in range(line + 1, min(line + _MOST_LINES, len(listing.starts))):
        tokens = listing.on_line(following)
        if tokens and len(listing.indent(following)) <= base and problem.text(tokens[0]) not in CLOSERS:
            break
        inside += [following] if tokens else []
    last = listing.on_line(line)[-1]
    header = problem.text(listing.on_line(line)[0]) in _HEADERS
    if problem.text(last) == ":" and header:
        return inside
    return list(dict.fromkeys((inside[-1], *inside[: None if last != opener else 1])))


def _stops(problem: Problem, opener: int, inside: list[int]) -> Iterator[int]:
    """Yield the tokens after which the closer may belong: before a header's colon, outer closers, a comma."""
    if not inside:
        yield opener
        return
    last = inside[-1]
    if problem.text(last) in (":", "{") and problem.text(problem.statement[0]) in _HEADERS:
        last -= 1
    outer = last
    while (
        outer > opener and problem.text(outer) in CLOSERS and problem.listing.partner.get(outer, 0) < opener
    ):
        outer -= 1
    if outer != last:
        yield outer
    if problem.text(last) == ",":
        yield last - 1
    yield last


@slip("crossed-brackets")
def _crossed(problem: Problem) -> Iterator[Reading]:
    """`[(1, 2]`, `x[1)`: the inner one is not closed, or a sign is wrong; calls have parentheses."""
    for opener in problem.listing.unclosed[:3] if problem.listing.crossed else ():
        options = unique(_closings(problem, opener))
        if options:
            line = problem.tokens[opener].line
            claim = f"The `{problem.text(opener)}` on line {line} is not closed by its kind."
            yield reading(claim, *options[:6], weight=0.9)
    for index in problem.listing.crossed[:1]:
        opener, closer = problem.tokens[index].opener, problem.text(index)
        opened = problem.swap(opener, CLOSERS[closer]), f"Replace `{problem.text(opener)}`."
        closed = problem.swap(index, OPENERS[problem.text(opener)]), f"Replace `{closer}`."
        before = problem.text(opener - 1)
        called = closer == ")" and (
            before in BUILTINS or re.search(rf"\bdef {re.escape(before)}\b", problem.source)
        )
        claim = f"The `{closer}` does not match the `{problem.text(opener)}`."
        yield reading(claim, *((opened, closed) if called else (closed, opened)), weight=0.9)


@slip("stray-closer")
def _stray(problem: Problem) -> Iterator[Reading]:
    """Closers without an opener: one too many, or the opener is missing."""
    for index in problem.listing.stray[:2]:
        token, opener = problem.tokens[index], CLOSERS[problem.text(index)]
        low, high = problem.listing.statement(index)
        low += problem.text(low) in KEYWORDS
        begun = [
            i + 1
            for i in range(low, index)
            if problem.text(i) in ("=", "+=") and problem.tokens[i].opener < 0
        ]
        start = problem.tokens[begun[0] if begun else low].start
        opened = problem.put((start, start, opener))
        listed = any(
            problem.text(i) in (",", ":") and problem.tokens[i].opener < 0 for i in range(low, index)
        )
        grouped = index + 1 < high and problem.text(index + 1) in ("*", "/", "**", "//", "%")
        options = [
            (problem.drop(index), f"Remove the extra `{token.text}`."),
            (opened, f"Add the missing `{opener}`."),
        ]
        if grouped or (listed and token.text != ")"):
            options.reverse()
        yield reading(
            f"The `{token.text}` on line {token.line} has no matching `{opener}`.", *options, weight=0.9
        )
