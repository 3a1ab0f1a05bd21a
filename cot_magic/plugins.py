"""Names to factories: the built-in ones and entry points of other packages, imported only when chosen."""

from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from cot_magic.core.errors import UnknownPlugin

BUILT_IN = {
    "reasoners": {
        "offline": "cot_magic.reasoners.offline.inquiry:OfflineReasoner",
        "claude": "cot_magic.reasoners.claude.reasoner:claude_reasoner",
        "replay": "cot_magic.reasoners.replay:ReplayReasoner",
    },
    "sandboxes": {
        "fork": "cot_magic.sandbox.snapshot:park",
        "fork-after": "cot_magic.sandbox.snapshot:park_after",
        "fresh": "cot_magic.sandbox.snapshot:begin",
    },
    "renderers": {
        "accordion": "cot_magic.render.accordion:AccordionRenderer",
        "static": "cot_magic.render.accordion:StaticRenderer",
        "silent": "cot_magic.render.accordion:SilentRenderer",
        "terminal": "cot_magic.render.terminal:TerminalRenderer",
    },
    "agents": {
        "mcp": "cot_magic.agents.server:serve",
        "skill": "cot_magic.agents.skill:Skill",
    },
    "explorers": {"schedules": "cot_magic.explore.explorer:ScheduleExplorer"},
    "rules": {"built-in": "cot_magic.reasoners.offline.catalogue:built_in"},
}


def load(role: str, name: str) -> Any:
    """The factory of that name in the group `cot_magic.<role>`; built-in names come first. Raises
    UnknownPlugin."""
    target = BUILT_IN[role].get(name)
    if target is not None:
        module, _, attribute = target.partition(":")
        return getattr(import_module(module), attribute)
    found = entry_points(group=f"cot_magic.{role}", name=name)
    for entry in found:
        return entry.load()
    raise UnknownPlugin(role.removesuffix("s"), name, names(role))


def names(role: str) -> tuple[str, ...]:
    """All names that `load` knows for a role."""
    return (*BUILT_IN[role], *sorted(entry.name for entry in entry_points(group=f"cot_magic.{role}")))


def rules(case: Any) -> Any:
    """The built-in rules for the failure of a case, then the rules of other packages (classes are
    instantiated), and a line for each that cannot be loaded."""
    loaded = load("rules", "built-in")(case)
    found, faults = list(loaded.rules), list(loaded.faults)
    for entry in entry_points(group="cot_magic.rules"):
        try:
            rule = entry.load()
            found.append(rule() if isinstance(rule, type) else rule)
        except Exception as error:
            faults.append(f"the rule `{entry.name}` could not be loaded: {type(error).__name__}: {error}")
    return replace(loaded, rules=tuple(found), faults=tuple(faults))
