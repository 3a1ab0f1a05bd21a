"""The template of a report: Markdown in which `{{name}}` on its own line is replaced by a section."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from cot_magic.core.errors import UsageError

DEFAULT = "rca_template.md"
_SLOT = re.compile(r"^[ \t]*\{\{[ \t]*(\w+)[ \t]*\}\}[ \t]*$", re.MULTILINE)
_WORD = re.compile(r"\{\{[ \t]*(\w+)[ \t]*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePart:
    """A piece of a template: Markdown, or the name of a section."""

    text: str = ""
    section: str = ""


def read_template(path: Path | None) -> str:
    """Return the text of a template, by default the package's own. Raises UsageError."""
    if path is None:
        return files("cot_magic.notebook.report").joinpath(DEFAULT).read_text(encoding="utf-8")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"cannot read the template {path}: {reason}. Give a Markdown file.") from None


def parts(
    template: str, *, sections: Sequence[str], words: Mapping[str, str], later: Sequence[str] = ()
) -> Iterator[TemplatePart]:
    """Yield the pieces of a template in order, with words filled in.

    Parameters
    ----------
    sections
        Names allowed on a line of their own, each once.
    words
        Words allowed within a line, such as `title` and `verdict`, with their Markdown.
    later
        Sections whose cells need those of `reproduction`, which must come before them.

    Raises UsageError for an unknown or repeated name, and for a section above what it needs.
    """
    seen: list[str] = []
    place = 0
    for slot in _SLOT.finditer(template):
        name = slot[1]
        if name in words:
            continue
        yield TemplatePart(text=_filled(template[place : slot.start()], words, sections))
        place = slot.end()
        if name not in sections:
            raise _unknown(name, (*sections, *words))
        if name in seen:
            raise UsageError(f"the template has {{{{{name}}}}} twice: use a section only once.")
        if name in later and "reproduction" not in seen:
            raise UsageError(
                f"the template has {{{{{name}}}}} above {{{{reproduction}}}}, whose cells it needs."
            )
        seen.append(name)
        yield TemplatePart(section=name)
    yield TemplatePart(text=_filled(template[place:], words, sections))


def _filled(text: str, words: Mapping[str, str], sections: Sequence[str]) -> str:
    def word(found: re.Match[str]) -> str:
        if found[1] in sections:
            raise UsageError(f"the template has {{{{{found[1]}}}}} within a line: give it a line of its own.")
        if found[1] not in words:
            raise _unknown(found[1], (*sections, *words))
        return words[found[1]]

    return _WORD.sub(word, text).strip()


def _unknown(name: str, known: Sequence[str]) -> UsageError:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean {nearest[0]}?" if nearest else f"use one of {', '.join(known)}."
    return UsageError(f"the template has {{{{{name}}}}}, which is not a section: {hint}")
