"""All rules about code that Python cannot parse."""

from cot_magic.reasoners.rules import (
    syntax_assignments,
    syntax_brackets,
    syntax_calls,
    syntax_characters,
    syntax_commas,
    syntax_definitions,
    syntax_fstrings,
    syntax_generic,
    syntax_headers,
    syntax_imports,
    syntax_indentation,
    syntax_numbers,
    syntax_operators,
    syntax_pasted,
    syntax_python2,
    syntax_scopes,
    syntax_strings,
    syntax_words,
)
from cot_magic.reasoners.rules.syntax_problem import Mistake
from cot_magic.reasoners.rules.syntax_rule import SyntaxRule

MISTAKES: tuple[Mistake, ...] = (
    *syntax_pasted.MISTAKES,
    *syntax_python2.MISTAKES,
    *syntax_characters.MISTAKES,
    *syntax_imports.MISTAKES,
    *syntax_indentation.MISTAKES,
    *syntax_fstrings.MISTAKES,
    *syntax_strings.MISTAKES,
    *syntax_numbers.MISTAKES,
    *syntax_operators.MISTAKES,
    *syntax_headers.MISTAKES,
    *syntax_definitions.MISTAKES,
    *syntax_scopes.MISTAKES,
    *syntax_calls.MISTAKES,
    *syntax_assignments.MISTAKES,
    *syntax_words.MISTAKES,
    *syntax_brackets.MISTAKES,
    *syntax_commas.MISTAKES,
)
LAST: tuple[Mistake, ...] = syntax_generic.MISTAKES

RULES: tuple[SyntaxRule, ...] = tuple(
    SyntaxRule(mistake=mistake, mistakes=MISTAKES, last=LAST) for mistake in (*MISTAKES, *LAST)
)
