"""The skill: when and how an agent uses the command line and the tools; its text comes with the package."""

from importlib.resources import files
from pathlib import Path

from cot_magic import __version__
from cot_magic.core.errors import UsageError

PLACE = Path(".claude/skills/cot-magic/SKILL.md")  # where agents that know skills look in a project


class Skill:
    """SKILL.md and the lines for AGENTS.md or CLAUDE.md, with the version of the package they describe."""

    def __init__(self) -> None:
        self.text = _text("SKILL.md")
        self.lines = _text("AGENTS.md")

    def write(self, path: Path | None = None) -> str:
        """Write SKILL.md and return what was done. A file that is not an earlier version of it is kept.

        Raises UsageError if it cannot be written.
        """
        path = path or PLACE
        try:
            known = path.read_text(encoding="utf-8") if path.exists() else None
            if known == self.text:
                return f"{path}: up to date."
            if known is not None and "name: cot-magic" not in known:
                raise UsageError(f"{path}: not a skill of cot-magic. Nothing was written; give another path.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            raise UsageError(f"cannot write {path}: {reason}. Give another path.") from None
        return f"{path}: {'updated' if known is not None else 'written'}."


def _text(name: str) -> str:
    text = files("cot_magic.agents").joinpath(f"skill_files/{name}").read_text(encoding="utf-8")
    return text.replace("VERSION", __version__)
