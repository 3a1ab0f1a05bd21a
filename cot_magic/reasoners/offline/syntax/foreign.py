"""Commands, comments and backslashes that are not Python."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    Problem,
    Reading,
    Slip,
    reading,
)

_INSTALL = re.compile(
    r"^\s*[$!%]?\s*(?:sudo\s+)?(?:python3?\s+-m\s+)?(pip3?|conda|mamba)\s+(install|uninstall|list|freeze|show|update|upgrade|remove)\b(.*)$"
)


_SHELL = re.compile(
    r"^\s*\$?\s*(?:ls|cd|cp|mv|rm|mkdir|cat|head|tail|echo|wget|curl|git|python3?|pip3?|conda|apt-get|apt|brew|npm|npx|sudo|bash|"
    r"sh|source|export|chmod|unzip|tar|jupyter|docker|make|which|pwd|touch|grep|kaggle|streamlit|uvicorn|poetry|uv)\b(?:\s+[^=(\s].*)?$"
)


_SQL = re.compile(
    r"^\s*(?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+TABLE|DROP\s+TABLE|ALTER\s+TABLE|WITH\s+\w+\s+AS)\b",
    re.IGNORECASE,
)


def _shell(problem: Problem) -> Iterator[Reading]:
    lines = problem.lines
    place = min(problem.failure.line, len(lines)) - 1
    line = lines[place]
    base = problem.listing.starts[place]
    if found := _INSTALL.match(line):
        tool = "pip" if found[1].startswith("pip") else found[1]
        new = f"%{tool} {found[2]}{found[3]}" if tool in ("pip", "conda", "mamba") else f"!{line.strip()}"
        yield reading(
            f"`{line.strip()[:80]}` is a command for a terminal, not Python.",
            (
                problem.put((base, base + len(line), new)),
                f"`%{tool}` runs it for the kernel of this notebook.",
            ),
            (
                problem.put((base, base + len(line), "!" + line.strip().lstrip("$ "))),
                "`!` runs it in a shell.",
            ),
            weight=0.95,
        )
    elif _SHELL.match(line):
        command = line.strip().lstrip("$ ")
        sign = "%" if command.split()[0] in ("cd", "ls", "cp", "mv", "rm", "mkdir", "cat", "pwd") else "!"
        yield reading(
            f"`{line.strip()[:80]}` is a command for a terminal, not Python.",
            (problem.put((base, base + len(line), sign + command)), f"`{sign}` runs it as a command."),
            weight=0.93,
        )
    elif found_dollar := re.match(r"^\$\s+(\S.*)$", line):
        yield reading(
            "The line begins with a terminal's prompt.",
            (problem.put((base, base + len(line), "!" + found_dollar[1])), "`!` runs it in a shell."),
            weight=0.9,
        )
    elif _SQL.match(problem.source) and place == next((i for i, text in enumerate(lines) if text.strip()), 0):
        text = problem.source.strip()
        yield reading(
            "The cell holds SQL, which Python does not understand.",
            (f'query = """\n{text}\n"""\n', "As a text it can be given to a database."),
            weight=0.9,
        )


def _comments(problem: Problem) -> Iterator[Reading]:
    """`// text`, `/* text */`, `-- text`, `<!-- text -->`."""
    source = problem.source
    block = re.compile(r"/\*(.*?)\*/", re.DOTALL)
    if found := next(
        (item for item in block.finditer(source) if problem.listing.in_code(item.start())), None
    ):
        after = block.sub(
            lambda item: "\n".join("# " + part.strip(" *\t") for part in item[1].strip().split("\n")), source
        )
        yield reading(
            f"`{found[0][:30]}` is how other languages write a comment.",
            (after, "A comment begins with `#`."),
            weight=0.96,
            certain=True,
        )
    marks = []
    for line in range(1, len(problem.listing.starts)):
        text = problem.listing.line_text(line)
        base = problem.listing.starts[line - 1]
        for sign in re.finditer(r"//|(?:^|(?<=\s))--(?=\s)", text):
            behind = text[sign.end() :].strip()
            whole = not text[: sign.start()].strip()
            if problem.listing.in_code(base + sign.start()) and (
                whole or (line == problem.failure.line and len(behind.split()) > 1)
            ):
                gap = "" if text[sign.end() : sign.end() + 1] == " " or not behind else " "
                lead = "  " if not whole and text[sign.start() - 1] != " " else ""
                marks.append((base + sign.start(), base + sign.end(), f"{lead}#{gap}"))
                break
    if marks:
        yield reading(
            "A comment begins with `#` in Python.",
            (problem.put(*marks), "`#` begins the comment."),
            weight=0.955,
            certain=True,
        )
    if "<!--" in source:
        after = re.sub(
            r"<!--\s*(.*?)\s*-->", lambda item: "# " + item[1].replace("\n", "\n# "), source, flags=re.DOTALL
        )
        yield reading(
            "`<!-- -->` is a comment of HTML.",
            (after, "A comment begins with `#`."),
            weight=0.95,
            certain=True,
        )


def _continuation(problem: Problem) -> Iterator[Reading]:
    r"""A backslash outside of a text."""
    if (
        "line continuation" not in problem.message
        and "unexpected EOF" not in problem.message
        and "\\" not in problem.source
    ):
        return
    line = problem.failure.line
    text = problem.listing.line_text(line)
    base = problem.listing.starts[line - 1]
    places = [m.start() for m in re.finditer(r"\\", text) if problem.listing.in_code(base + m.start())]
    if re.search(r"\\[\"']", text) and places and re.search(r"\\([\"'])", problem.source):
        unescaped = re.sub(r"\\([\"'])", r"\1", problem.source)
        only = "\n".join(
            re.sub(r"\\([\"'])", r"\1", item) if place == line - 1 else item
            for place, item in enumerate(problem.lines)
        )
        yield reading(
            "Quotes outside of a text are written without a backslash.",
            (only, "The backslashes are gone."),
            (unescaped, "The backslashes are gone everywhere."),
            weight=0.95,
            certain=True,
        )
    if not places:
        return
    yield from _at_backslash(problem, base + places[0], text[places[0] + 1 :])


def _at_backslash(problem: Problem, at: int, rest: str) -> Iterator[Reading]:
    """The readings of one backslash, by what follows it on its line."""
    end = at + 1 + len(rest)
    left_out = (problem.put((at, end, "")), "The backslash is left out.")
    if not rest:
        yield reading("A backslash must be followed by a line.", left_out, weight=0.94)
    elif not rest.strip():
        stripped = (problem.put((at + 1, end, "")), "No space stands behind the backslash.")
        claim = "A backslash must be the last character of its line."
        yield reading(claim, stripped, left_out, weight=0.94, certain=True)
    elif rest.lstrip().startswith("#"):
        yield reading(
            "Behind a backslash nothing may stand, not even a comment.",
            (problem.put((at + 1, end, "")), "The comment is left out."),
            weight=0.94,
            certain=True,
        )
    elif found := re.match(r"[nt]\b", rest):
        options = list(_lost_escape(problem, at, found[0]))
        yield reading(f"`\\{found[0]}` stands outside of a text.", *options, weight=0.9)
    else:
        removed = (problem.put((at, at + 1, "")), "The backslash is left out.")
        divided = (problem.put((at, at + 1, "/")), "A slash divides.")
        broken = (problem.put((at + 1, at + 1, "\n")), "The line is broken behind the backslash.")
        options = [removed, divided, broken]
        operand = problem.listing.index_at(at) - 1
        if problem.ends_operand(operand) and re.match(r"\s*[\w(]", rest):
            options = [divided, removed]
        elif rest.strip() in CLOSERS:
            options = [removed]
        yield reading("Behind a backslash nothing may stand on the line.", *options, weight=0.88)


def _lost_escape(problem: Problem, at: int, letter: str) -> Iterator[tuple[str, str]]:
    r"""`"text" \n`: an escape outside of the text."""
    escape, tail = "\\" + letter, at + 1 + len(letter)
    why = f"`{escape}` stands inside the text."
    following = problem.tokens[problem.listing.index_at(at + 1) + 1]
    if following.kind is TokenKind.STRING:
        quote = problem.source[following.start]
        yield problem.put((at, following.start + 1, quote + escape)), why
    before = problem.tokens[problem.listing.index_at(at) - 1]
    if before.kind is TokenKind.STRING:
        yield problem.put((before.end - 1, before.end - 1, escape), (at, tail, "")), why
    yield problem.put((at, tail, "")), "It is left out."
    yield problem.put((at, tail, f'"{escape}"')), "It is a text of its own."


SLIPS = (
    Slip(
        code="syntax.shell-command",
        lesson="Commands of a terminal are not Python. In a notebook they run behind `!`, and packages "
        "are installed by "
        "`%pip install`.",
        find=_shell,
    ),
    Slip(
        code="syntax.foreign-comment",
        lesson="A comment begins with `#` and ends with the line. Python has no comments over several lines.",
        find=_comments,
    ),
    Slip(
        code="syntax.backslash",
        lesson="A backslash outside of a text joins its line with the next, and must be the very last "
        "character of the "
        "line.",
        find=_continuation,
    ),
)
