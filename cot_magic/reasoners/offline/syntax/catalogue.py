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
from cot_magic.reasoners.offline.syntax.problem import Slip
from cot_magic.reasoners.offline.syntax.rule import SyntaxRule

SLIPS: tuple[Slip, ...] = (
    *syntax_pasted.SLIPS,
    *syntax_foreign.SLIPS,
    *syntax_python2.SLIPS,
    *syntax_characters.SLIPS,
    *syntax_imports.SLIPS,
    *syntax_indentation.SLIPS,
    *syntax_branches.SLIPS,
    *syntax_fstrings.SLIPS,
    *syntax_strings.SLIPS,
    *syntax_escapes.SLIPS,
    *syntax_numbers.SLIPS,
    *syntax_operators.SLIPS,
    *syntax_comparisons.SLIPS,
    *syntax_headers.SLIPS,
    *syntax_loops.SLIPS,
    *syntax_choices.SLIPS,
    *syntax_definitions.SLIPS,
    *syntax_parameters.SLIPS,
    *syntax_lambdas.SLIPS,
    *syntax_scopes.SLIPS,
    *syntax_handlers.SLIPS,
    *syntax_calls.SLIPS,
    *syntax_comprehensions.SLIPS,
    *syntax_assignments.SLIPS,
    *syntax_targets.SLIPS,
    *syntax_declarations.SLIPS,
    *syntax_words.SLIPS,
    *syntax_brackets.SLIPS,
    *syntax_closers.SLIPS,
    *syntax_commas.SLIPS,
    *syntax_pairs.SLIPS,
)
LAST: tuple[Slip, ...] = syntax_generic.SLIPS

RULES: tuple[SyntaxRule, ...] = tuple(
    SyntaxRule(slip=slip, slips=SLIPS, last=LAST) for slip in (*SLIPS, *LAST)
)
