"""All rules that come with the package."""

from cot_magic.reasoners.rules import names, scopes
from cot_magic.reasoners.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *names.RULES,
    *scopes.RULES,
)
