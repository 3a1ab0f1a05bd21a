"""The autopsy: what can be seen in a copy of the failed kernel, where exception and values are alive.

A cell that failed is not run again. A copy of the kernel is forked at that moment, gives up its rights as
every copy does, and `examination.autopsy` runs the analysers in it, each for at most `EACH_S` and all for at
most `ALL_S` seconds. What they find leaves the copy as `core.facts.Fact`: plain values, bounded and redacted.
Facts suggest hypotheses and fixes; they prove nothing, and no verdict reads them.

**For an analyser**: a module of this package with a function `(Scene) -> Iterator[Fact]` of the same name,
listed in `examination.ANALYSERS`. It yields each fact as soon as it has it: what was yielded before its time
is up is kept. `Scene.value(node)` is the value of an expression of the failing frame, evaluated at most once.

**For a rule**: `propose(case, facts)` in place of `suspicions(case)` (see `reasoners.offline.rule.FactRule`).
`facts.of("elements")` are the facts of an analyser, `facts.first("elements.guilty")` is the first of a kind,
and `fact.value` a dict of JSON data. A fact is about the failing expression unless `cell` and `lineno` say
otherwise. Expressions in `values` are source text as written in the failing cell, so that an edit can search
for them.

The kinds and their keys. `expression` is always the source of what the fact is about; values as strings are
redacted and cut:

own.failed
    file, line, function, wanted, candidates (as of `keys.near`): the innermost line of a module of the
    person's own, which a cell called into
keys.missing
    expression (the container), axis (`columns`, `index`, `index names`, `dict`, `SQL
    table`, `SQL column`), wanted (repr of the key),
    present (reprs), count
keys.near
    expression, axis, wanted, candidates: [{text (repr of the key), score (0 to 1), how (`blanks`, `case`,
    `signs`, `type`, `words`, `spelling`), axis}], best first
keys.inside
    expression (a dictionary), wanted, paths (`['data']['items']`), nearest first
keys.level
    expression (a table), wanted, level (its name, or its place), present (reprs): a level of the index
keys.elsewhere
    wanted, places (`other.columns`, `df.index.names`, or the name of a dict)
callee.signature
    expression (the function), parameters: [{name, kind, default?}], positional, required (names), given:
    {positional (count), keywords}, doc (its first line)
callee.keyword
    expression, given (the unknown keyword), near, keywords (all names)
callee.attribute
    expression (the object), type (`module` or a qualified class), missing, near, callable_near, private
    (whether `_missing` exists), value
callee.submodule
    module (a submodule that exists and was not imported)
callee.import
    module, missing, near (names and submodules)
elements.guilty
    expression (the container), operation (the source that fails for an element of it), count, of, complete
    (all were found), beside (one element that they fail beside, else null), positions, labels (of
    the index), groups: [{like (repr), text (the string itself), shape (digits as 9, letters as a), count}],
    distinct (strings), good (strings of some that do not fail), types ({name: count})
elements.columns
    expression (a table), operation, columns (reprs), dtypes: the columns for which the operation fails
    alone
elements.missing
    expression, total, of, columns ({repr of the name: count} for a table)
elements.types
    expression, types ({name: count}), where there are several
origin.assigned
    name, how (see `bindings.Binding`), source, chain: [{name, cell, lineno, source}], latest first; `cell`
    and `lineno` of the fact are those of the last statement that gave the name its value
origin.file
    name, reader (`read_csv`), call (its source): the statement that read it
origin.fault
    name, why (`shadowed`, `none`, `rebound`, `used up`, `key`, `not fitted`, `features`, `dtype`, `length`,
    `missing`; for asserts `alias`, `chained assignment`, `groupby`, `merge`, `function`), source, check (an
    expression that is True in the state before the failing cell), prediction, sizes ({name: length}, where
    lengths differ): the statement at `cell` and `lineno` made what the failing line cannot use
legal.operand
    expression, part (of it), write (what to write instead of the part), why, result (type and shape): with
    that the expression returns something
legal.name
    the same, where what to write is another variable with a name that is alike
legal.call
    expression, write (a call of the same function with the same values), why, result
inside.empty
    expression: a name in the failing expression with nothing in it
inside.unpacked
    expression (what is taken apart, or an element of it), size, names (how many)
inside.unbound
    expression (a name), function, lines: where the function assigns the name, which makes it local
inside.value
    expression, value (text), type
inside.compared
    of an assert: left, right (sources), left_value, right_value, operator (`Eq`), negated
inside.tested
    of an assert without a comparison: expression, value, negated
advice.message
    first (line of the message), advice (the sentences after it that say what to do), code (what they quote)
advice.warning
    of this cell or one that it depends on, at `cell` and `lineno`: category, message, statement, advice, code
state.shadowed
    name, was (`builtins.sum`, `pandas.DataFrame`), now: a statement of the person's hides what it was
state.module
    module, file, alias (the name that the cells know it by), bound ({name: its name in the module}), new,
    other: the file of a module of the person's own defines names that the module lacks, or differently
state.again
    times, statement: a cell that ran several times changes what it reads
state.edited, state.order, state.below
    names: a cell that defines them was edited since it ran (or what it reads was made anew), ran out of
    order, or has not run
state.before
    name, before, after, types ([before, after]): the value before the statement that made it what it is
smallest.input
    expression (the input), operation (the call), value, kept: [{count, of, unit}], code (that makes it; empty
    if it is not plain): the smallest input for which the operation fails the same way
"""
