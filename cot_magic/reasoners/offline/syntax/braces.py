"""Blocks in braces, as in other languages."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading


def _braces(problem: Problem) -> Iterator[Reading]:
    """`if (x > 1) {`, `} else {`, and `{` on the next line."""
    source = re.sub(
        r"(?m)^([ \t]*(?:if|elif|else|for|while|def|class|func)\b[^\n{:#]*?)\s*\n\s*\{[ \t]*$",
        r"\1 {",
        problem.source,
    )
    header = re.compile(
        r"^(?P<indent>[ "
        r"\t]*)(?P<close>\}\s*)?(?P<head>(?:if|elif|else\s*if|else|for|while|def|class|try|except|finally|with|function|func)\b[^{}\n#]*?)\s*:?\s*\{\s*(?P<rest>[^\n}]*)(?P<end>\})?\s*$",
        re.MULTILINE,
    )
    if not header.search(source):
        return
    lines = []
    for line in source.split("\n"):
        if re.fullmatch(r"\s*\}\s*;?\s*", line):
            continue
        found = header.match(line)
        if found is None:
            lines.append(line)
            continue
        head = re.sub(r"^else\s+if\b", "elif", found["head"].rstrip())
        head = re.sub(r"^func(tion)?\b", "def", head)
        lines.append(f"{found['indent']}{head}:")
        if found["rest"].strip():
            lines.append(f"{found['indent']}    {found['rest'].strip()}")
    yield reading(
        "In Python, blocks are indented, not enclosed in braces.",
        ("\n".join(lines), "Replace the braces with colons."),
        weight=0.96,
        certain=True,
    )


SLIPS = (
    Slip(
        code="syntax.curly-blocks",
        lesson="In Python, a block begins after a colon and consists of the indented lines below it. It is "
        "not enclosed in braces.",
        find=_braces,
    ),
)
