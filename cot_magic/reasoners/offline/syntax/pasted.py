"""What is not Python: prompts, line numbers, Markdown, prose, shell commands, SQL, other comments."""

import itertools
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, attempt, reading, slip

_PROMPT = re.compile(r"^([ \t]*)(?:>>>|\.\.\.(?=[ \t]|$)|In\s?\[\s?\d*\s?\]:|\s*\.{3,}:)[ \t]?")
_OUT = re.compile(r"^[ \t]*Out\s?\[\s?\d*\s?\]:.*$")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*[\w-]*[ \t]*$")
_NUMBERED = re.compile(r"^[ \t]*(\d+)(?:[.:|)]|[ \t]|$)[ ]?(.*)$")
_PACKAGES = re.compile(
    r"^\s*[$!%]?\s*(?:sudo\s+)?(?:python3?\s+-m\s+)?(pip|conda|mamba)3?\s+"
    r"((?:install|uninstall|list|freeze|show|update|upgrade|remove)\b.*)$"
)
_SHELL = re.compile(
    r"^\s*\$?\s*((?:ls|cd|cp|mv|rm|mkdir|cat|head|tail|echo|wget|curl|git|python3?|pip3?|conda|apt-get|apt|brew|npm"
    r"|npx|sudo|bash|sh|source|export|chmod|unzip|tar|jupyter|docker|make|which|pwd|touch|grep|kaggle|streamlit"
    r"|uvicorn|poetry|uv)\b(?:\s+[^=(\s].*)?)$|^\$\s+(\S.*)$"
)
_BY_IPYTHON = ("cd", "ls", "cp", "mv", "rm", "mkdir", "cat", "pwd")
_SQL = re.compile(
    r"(?i)\s*(?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|(?:CREATE|DROP|ALTER)\s+TABLE|WITH\s+\w+\s+AS)\b"
)
_BLOCK_COMMENT = re.compile(r"/\*(.*?)\*/", re.DOTALL)
_BEGIN = "Begin the comment with `#`."


@slip("pasted-prompt")
def _prompts(problem: Problem) -> Iterator[Reading]:
    lines, starts = problem.lines, problem.listing.starts
    marked = [i for i, line in enumerate(lines) if _PROMPT.match(line)]
    # prompts in a docstring are examples, and stay
    in_code = any(problem.listing.in_code(starts[i] + len(problem.listing.indent(i + 1))) for i in marked)
    if not in_code or not re.search(r"(?m)^[ \t]*(?:>>>|In\s?\[)", problem.source):
        return
    ways = []
    for all_output in (False, True):
        kept = []
        for place, line in enumerate(lines):
            printed = place > marked[0] and line.strip() and (all_output or not _looks_like_code(line))
            plain = _PROMPT.sub(r"\1", line)
            kept.append(f"# {line}" if plain == line and (printed or _OUT.match(line)) else plain)
        ways.append("\n".join(kept))
    claim = "The cell contains the prompts of an interactive session."
    yield reading(claim, (ways[0], "Remove the prompts."), weight=0.96)
    yield reading(claim, (ways[1], "Remove the prompts, and comment the output out."), weight=0.95)


def _looks_like_code(line: str) -> bool:
    return attempt(line.strip()) is None and not re.match(r"^\s*(?:[\d\[({'\"]|True|False|None)", line)


@slip("pasted-line-numbers")
def _numbers(problem: Problem) -> Iterator[Reading]:
    """A line number at the beginning of each line."""
    found = [_NUMBERED.match(line) for line in problem.lines if line.strip()]
    numbers = [int(item[1]) for item in found if item]
    if len(found) > 1 and all(found) and all(b == a + 1 for a, b in itertools.pairwise(numbers)):
        after = "\n".join(_NUMBERED.sub(r"\2", line) if line.strip() else line for line in problem.lines)
        yield reading(
            "Each line begins with its line number.", (after, "Remove the line numbers."), weight=0.96
        )


@slip("pasted-markdown")
def _fences(problem: Problem) -> Iterator[Reading]:
    lines = problem.lines
    inside, bare, commented = False, [], []
    for line in lines:
        if _FENCE.match(line):
            inside = not inside
        else:
            bare.append(line)
            commented.append(line if inside or not line.strip() else f"# {line}")
    if len(bare) < len(lines):
        claim = "The cell contains Markdown code fences."
        yield reading(claim, ("\n".join(bare), "Remove the fences."), weight=0.96)
        why = "Remove the fences, and comment the text out."
        yield reading(claim, ("\n".join(commented), why), weight=0.94)


@slip("prose")
def _prose(problem: Problem) -> Iterator[Reading]:
    """A line of prose."""
    line, lines = problem.failure.line, problem.lines
    text, indices = problem.listing.line_text(line), problem.listing.on_line(line)
    if not indices or problem.tokens[indices[0]].opener >= 0:
        return
    tokens = [problem.tokens[i] for i in indices]
    words = [token for token in tokens if token.kind is TokenKind.NAME and token.text not in KEYWORDS]
    signs = [token for token in tokens if token.kind is TokenKind.OP and token.text not in ",.-:;"]
    pairs = sum(problem.ends_operand(i) and problem.starts_operand(i + 1) for i in indices[:-1])
    end = line - 1
    while end < len(lines) and lines[end].strip() and attempt(lines[end].strip()) is not None:
        end += 1
    options = [
        ("\n".join(f"# {item}" if line - 1 <= i < stop else item for i, item in enumerate(lines)), why)
        for stop, why in ((line, "Comment the line out."), (end, "Comment the lines out."))
    ]
    if pairs >= 2 and len(words) >= 3 and len(signs) <= 1 and problem.text(indices[1]) != "=":
        weight = 0.94 if pairs >= 3 and not signs else 0.8
        yield reading(f"`{text.strip()[:60]}` is a sentence, not Python.", *options, weight=weight)


@slip("shell-command")
def _shell(problem: Problem) -> Iterator[Reading]:
    place = min(problem.failure.line, len(problem.lines)) - 1
    line, base = problem.lines[place], problem.listing.starts[place]
    claim = f"`{line.strip()[:80]}` is a shell command, not Python."

    def put(text: str) -> str:
        return problem.put((base, base + len(line), text))

    if packages := _PACKAGES.match(line):
        why = f"Use `%{packages[1]}`, which runs it in this kernel's environment."
        shell = (put("!" + line.strip().lstrip("$%! ")), "Put `!` before it, which runs it in a shell.")
        yield reading(claim, (put(f"%{packages[1]} {packages[2]}"), why), shell, weight=0.95)
    elif found := _SHELL.match(line):
        command = found[1] or found[2]
        sign = "%" if command.split()[0] in _BY_IPYTHON else "!"
        yield reading(claim, (put(sign + command), f"Put `{sign}` before it, which runs it."), weight=0.93)
    elif _SQL.match(problem.source) and not "".join(problem.lines[:place]).strip():
        text = f'query = """\n{problem.source.strip()}\n"""\n'
        why = "Make it a string, which can be passed to a database."
        yield reading("The cell contains SQL, not Python.", (text, why), weight=0.9)


@slip("foreign-comment")
def _comments(problem: Problem) -> Iterator[Reading]:
    """`// text`, `/* text */`, `-- text`."""
    claim = "In Python, a comment begins with `#`."
    in_code = problem.listing.in_code
    if any(in_code(found.start()) for found in _BLOCK_COMMENT.finditer(problem.source)):

        def commented(found: re.Match[str]) -> str:
            return "\n".join("# " + part.strip(" *\t") for part in found[1].strip().split("\n"))

        yield reading(claim, (_BLOCK_COMMENT.sub(commented, problem.source), _BEGIN), weight=0.96)
    marks = []
    for line, base in enumerate(problem.listing.starts[:-1], start=1):
        text = problem.listing.line_text(line)
        for sign in re.finditer(r"//|(?:^|(?<=\s))--(?=\s)", text):
            whole = not text[: sign.start()].strip()
            said = len(text[sign.end() :].split()) > 1
            if in_code(base + sign.start()) and (whole or (line == problem.failure.line and said)):
                marks.append((base + sign.start(), base + sign.end(), "#"))
                break
    if marks:
        yield reading(claim, (problem.put(*marks), _BEGIN), weight=0.955)
