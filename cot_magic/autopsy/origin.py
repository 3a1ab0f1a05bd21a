"""The origin: where the values of the failing expression came from, and where the fault was made."""

import ast
from collections.abc import Iterator
from itertools import islice

from cot_magic.autopsy.bindings import Binding, bindings
from cot_magic.autopsy.evaluation import called_name
from cot_magic.autopsy.scene import Scene
from cot_magic.autopsy.story import Story
from cot_magic.autopsy.suspects import READERS, suspects
from cot_magic.autopsy.wrongs import wrongs
from cot_magic.core.facts import Fact

MOST_NAMES = 8


_DEFINES = ("def ", "async def ", "class ", "@", "import ", "from ")


def _assigned(name: str, where: str, text: str) -> str:
    """Where a name got its value; of a definition or an import, the source adds nothing."""
    if text.startswith(_DEFINES):
        return (
            f"`{name}` was {'imported' if text.startswith(('import ', 'from ')) else 'defined'} in {where}."
        )
    return f"`{name}` got its value in {where}: `{text}`."


def origin(scene: Scene) -> Iterator[Fact]:
    """`origin.assigned` for each name of the failing expression, `origin.file`, and `origin.fault`."""
    known = bindings(scene)
    story = Story(scene=scene, known=known)
    for name in story.names[:MOST_NAMES]:
        chain = story.chain(name)
        if not chain:
            continue
        last, hidden = chain[0], scene.redactor.source
        yield Fact.of(
            "origin.assigned",
            _assigned(name, f"{scene.label(last.cell.id)}, line {last.lineno}", hidden(last.text)),
            cell=last.cell.id,
            lineno=last.lineno,
            name=name,
            how=last.how,
            source=hidden(last.text),
            chain=[
                {"name": item.name, "cell": item.cell.id, "lineno": item.lineno, "source": hidden(item.text)}
                for item in chain
            ],
        )
        for item in chain:
            if (file := read_from(item)) is not None:
                yield Fact.of(
                    "origin.file",
                    f"It was read by `{hidden(item.text)}`.",
                    cell=item.cell.id,
                    lineno=item.lineno,
                    name=name,
                    reader=called_name(file),
                    call=hidden(ast.unparse(file))[:200],
                )
                break
    find = wrongs if scene.is_a("AssertionError") else suspects
    for suspect in islice(find(story), 3):
        yield Fact.of(
            "origin.fault",
            suspect.text[:1].upper() + suspect.text[1:],
            cell=suspect.binding.cell.id,
            lineno=suspect.binding.lineno,
            name=suspect.binding.name,
            why=suspect.why,
            check=suspect.check,
            prediction=suspect.prediction,
            sizes=dict(suspect.sizes),
            source=scene.redactor.source(suspect.binding.text),
        )


def read_from(binding: Binding) -> ast.Call | None:
    """The call in a statement that reads a file."""
    for part in ast.walk(binding.statement) if binding.value is not None else ():
        if isinstance(part, ast.Call) and READERS.match(called_name(part)):
            return part
    return None
