"""A rule for `argparse` in a notebook: the arguments that it reads are those of the kernel."""

import ast
from collections.abc import Iterator

from cot_magic.core.language import worded
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_OPTIONAL = ("?", "*")  # values of `nargs` with which a positional argument may be missing


@rule(
    "notebook.command_line",
    "SystemExit",
    lesson="`parse_args()` reads `sys.argv`, which in a notebook holds the arguments that started the "
    "kernel. Give it a list instead: `parse_args([])` takes all defaults, `parse_args(['--epochs', '3'])` "
    "sets one.",
)
def command_line(site: Site) -> Iterator[Suspicion]:
    """`parser.parse_args()` without arguments of its own."""
    for call in site.find(ast.Call, _reads_the_command_line)[:1]:
        needed = list(_needed(site))
        text = site.text(call)
        if needed:
            names = ", ".join(f"`{name}`" for name in needed)
            yield site.cause(
                worded(
                    "`{call}` reads the arguments of the kernel, and {names} must be among them: give it a "
                    "list with a value for each.",
                    call=text,
                    names=names,
                ),
                worded("None of them is in `sys.argv`."),
                f"not set({needed!r}) & set(__import__('sys').argv)",
                weight=0.95,
            )
            return
        yield site.cause(
            worded("`{call}` reads the arguments that started the kernel.", call=text),
            worded("`sys.argv` holds arguments."),
            "len(__import__('sys').argv) > 1",
            site.repair(worded("Take the defaults."), site.over(call, f"{text.rstrip(')').rstrip()}[])")),
            weight=0.95,
        )


def _reads_the_command_line(node: ast.Call) -> bool:
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    return method in ("parse_args", "parse_known_args") and not node.args and not node.keywords


def _needed(site: Site) -> Iterator[str]:
    """The arguments without which the parser ends the program: required options, positional arguments."""
    for _, tree in site.cells():
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="add_argument"), args=[ast.Constant(value=str() as name), *_]
                ):
                    given = {item.arg: getattr(item.value, "value", None) for item in node.keywords}
                    missing = given.get("nargs") not in _OPTIONAL and "default" not in given
                    if given.get("required") is True or (not name.startswith("-") and missing):
                        yield name


RULES = (command_line,)
