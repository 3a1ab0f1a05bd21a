"""Edits that only write in another way what was there."""

import ast

import pytest

from cot_magic.core.case import CellId
from cot_magic.core.edits import says_the_same, suppressions, wrappings, written_out
from cot_magic.core.findings import CellEdit

GROUPS = "groups = {}\nfor name, team in rows:\n    groups[team].append(name)\n"
COUNTS = "counts = {}\nfor word in words:\n    counts[word] += 1\n"
CLOSED = "file = open('a.txt')\nfile.close()\ntext = file.read()\n"


def edit(before: str, *change: str) -> CellEdit:
    assert before.count(change[0]) == 1
    return CellEdit(cell=CellId("c1"), before=before, after=before.replace(*change))


@pytest.mark.parametrize(
    "made",
    [
        edit(GROUPS, "groups[team].", "groups.setdefault(team, [])."),
        edit(GROUPS, "    groups[", "    if team not in groups:\n        groups[team] = []\n    groups["),
        edit(COUNTS, "counts[word] += 1", "counts[word] = counts.get(word, 0) + 1"),
        edit(COUNTS, "    counts[", "    if word not in counts:\n        counts[word] = 0\n    counts["),
        edit(CLOSED, CLOSED, "with open('a.txt') as file:\n    text = file.read()\n"),
        edit("with open('a') as f:\n    n = 1\nt = f.read()\n", "t =", "    t ="),
    ],
    ids=lambda made: made.after,
)
def test_an_entry_that_begins_empty_and_a_file_in_a_with_mean_what_was_there(made: CellEdit) -> None:
    assert not suppressions(made.before, made.after)
    assert not wrappings(made.before, made.after)
    plain = [ast.unparse(ast.parse(source)) for source in (written_out(made).after, made.before)]
    assert says_the_same(made)
    assert plain[0] == plain[1].replace("file.close()\n", "").replace(
        "with open('a') as f:\n    n", "f = open('a')\nn"
    )


@pytest.mark.parametrize(
    "made",
    [
        edit(GROUPS, "groups[team].", "groups.setdefault(name, [])."),
        edit(GROUPS, "groups[team].", "groups.setdefault(team, rows)."),
        edit(GROUPS, "groups[team].", "groups.get(team, [])."),
        edit(GROUPS, "    groups[", "    groups[team] = []\n    groups["),
        edit(GROUPS, "    groups[", "    if name not in groups:\n        groups[team] = []\n    groups["),
        edit(COUNTS, "counts[word] += 1", "counts[word] = counts.get(word, 1) + 1"),
        edit(COUNTS, "counts[word] += 1", "counts[word] = counts.get('a', 0) + 1"),
        edit(COUNTS, "    counts[", "    if word not in counts:\n        counts[word] = 1\n    counts["),
        edit("groups['a'] = []\n" + GROUPS, "groups[team].", "groups.setdefault(team, [])."),  # misspelled?
        edit(CLOSED, "file.close()\n", ""),
        edit(CLOSED, CLOSED, "with suppress(ValueError) as file:\n    text = file.read()\n"),
        edit(CLOSED, CLOSED, "with open('b.txt') as file:\n    text = file.read()\n"),
    ],
    ids=lambda made: made.after,
)
def test_another_key_value_or_file_means_something_else(made: CellEdit) -> None:
    assert not says_the_same(made)
