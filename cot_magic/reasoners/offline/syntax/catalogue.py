"""All rules about code that Python cannot parse."""

from cot_magic.reasoners.offline.syntax import (
    assignments as syntax_assignments,
)
from cot_magic.reasoners.offline.syntax import (
    brackets as syntax_brackets,
)
from cot_magic.reasoners.offline.syntax import (
    branches as syntax_branches,
)
from cot_magic.reasoners.offline.syntax import (
    calls as syntax_calls,
)
from cot_magic.reasoners.offline.syntax import (
    characters as syntax_characters,
)
from cot_magic.reasoners.offline.syntax import (
    choices as syntax_choices,
)
from cot_magic.reasoners.offline.syntax import (
    closers as syntax_closers,
)
from cot_magic.reasoners.offline.syntax import (
    commas as syntax_commas,
)
from cot_magic.reasoners.offline.syntax import (
    comparisons as syntax_comparisons,
)
from cot_magic.reasoners.offline.syntax import (
    comprehensions as syntax_comprehensions,
)
from cot_magic.reasoners.offline.syntax import (
    declarations as syntax_declarations,
)
from cot_magic.reasoners.offline.syntax import (
    definitions as syntax_definitions,
)
from cot_magic.reasoners.offline.syntax import (
    escapes as syntax_escapes,
)
from cot_magic.reasoners.offline.syntax import (
    foreign as syntax_foreign,
)
from cot_magic.reasoners.offline.syntax import (
    fstrings as syntax_fstrings,
)
from cot_magic.reasoners.offline.syntax import (
    generic as syntax_generic,
)
from cot_magic.reasoners.offline.syntax import (
    handlers as syntax_handlers,
)
from cot_magic.reasoners.offline.syntax import (
    headers as syntax_headers,
)
from cot_magic.reasoners.offline.syntax import (
    imports as syntax_imports,
)
from cot_magic.reasoners.offline.syntax import (
    indentation as syntax_indentation,
)
from cot_magic.reasoners.offline.syntax import (
    lambdas as syntax_lambdas,
)
from cot_magic.reasoners.offline.syntax import (
    loops as syntax_loops,
)
from cot_magic.reasoners.offline.syntax import (
    numbers as syntax_numbers,
)
from cot_magic.reasoners.offline.syntax import (
    open_strings as syntax_open_strings,
)
from cot_magic.reasoners.offline.syntax import (
    operators as syntax_operators,
)
from cot_magic.reasoners.offline.syntax import (
    pairs as syntax_pairs,
)
from cot_magic.reasoners.offline.syntax import (
    parameters as syntax_parameters,
)
from cot_magic.reasoners.offline.syntax import (
    pasted as syntax_pasted,
)
from cot_magic.reasoners.offline.syntax import (
    python2 as syntax_python2,
)
from cot_magic.reasoners.offline.syntax import (
    scopes as syntax_scopes,
)
from cot_magic.reasoners.offline.syntax import (
    strings as syntax_strings,
)
from cot_magic.reasoners.offline.syntax import (
    targets as syntax_targets,
)
from cot_magic.reasoners.offline.syntax import (
    words as syntax_words,
)
from cot_magic.reasoners.offline.syntax.problem import Mistake
from cot_magic.reasoners.offline.syntax.rule import SyntaxRule

MISTAKES: tuple[Mistake, ...] = (
    *syntax_pasted.MISTAKES,
    *syntax_foreign.MISTAKES,
    *syntax_python2.MISTAKES,
    *syntax_characters.MISTAKES,
    *syntax_imports.MISTAKES,
    *syntax_indentation.MISTAKES,
    *syntax_branches.MISTAKES,
    *syntax_fstrings.MISTAKES,
    *syntax_strings.MISTAKES,
    *syntax_open_strings.MISTAKES,
    *syntax_escapes.MISTAKES,
    *syntax_numbers.MISTAKES,
    *syntax_operators.MISTAKES,
    *syntax_comparisons.MISTAKES,
    *syntax_headers.MISTAKES,
    *syntax_loops.MISTAKES,
    *syntax_choices.MISTAKES,
    *syntax_definitions.MISTAKES,
    *syntax_parameters.MISTAKES,
    *syntax_lambdas.MISTAKES,
    *syntax_scopes.MISTAKES,
    *syntax_handlers.MISTAKES,
    *syntax_calls.MISTAKES,
    *syntax_comprehensions.MISTAKES,
    *syntax_assignments.MISTAKES,
    *syntax_targets.MISTAKES,
    *syntax_declarations.MISTAKES,
    *syntax_words.MISTAKES,
    *syntax_brackets.MISTAKES,
    *syntax_closers.MISTAKES,
    *syntax_commas.MISTAKES,
    *syntax_pairs.MISTAKES,
)
LAST: tuple[Mistake, ...] = syntax_generic.MISTAKES

RULES: tuple[SyntaxRule, ...] = tuple(
    SyntaxRule(mistake=mistake, mistakes=MISTAKES, last=LAST) for mistake in (*MISTAKES, *LAST)
)
