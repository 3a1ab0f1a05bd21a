"""Edits that only write in another way what was there."""

import ast
from dataclasses import replace

import pytest

from cot_magic.core.case import Cell, CellId
from cot_magic.core.edits import says_the_same, suppressions, wrappings, written_out
from cot_magic.core.findings import CellEdit
from cot_magic.core.meaning import meaning_changes
from cot_magic.testing import case

GROUPS = "groups = {}\nfor name, team in rows:\n    groups[team].append(name)\n"
COUNTS = "counts = {}\nfor word in words:\n    counts[word] += 1\n"
LATER = f"{GROUPS}table = DataFrame(groups)\n"
UPDATED = "seen = {}\nfor key, row in rows:\n    seen[key].update(a=row)\n"
SKIPPED = GROUPS.replace("    groups", "    if not name:\n        continue\n    groups")
IN_FUNCTION = "groups = {}\ndef add(team, name):\n    groups[team].append(name)\n"
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
        edit(COUNTS, "    counts[", "    counts.setdefault(word, 0)\n    counts["),
        edit(
            COUNTS,
            "    counts[word] += 1",
            "    if word in counts:\n        counts[word] += 1\n    else:\n        counts[word] = 1",
        ),
        edit(
            GROUPS,
            "    groups[team].append(name)",
            "    if team not in groups:\n        groups[team] = [name]\n"
            "    else:\n        groups[team].append(name)",
        ),
        edit(
            GROUPS.replace("    groups", "    size = len(name)\n    groups"),
            "    size",
            "    if team not in groups:\n        groups[team] = []\n    size",
        ),
        edit(LATER, "groups[team].", "groups.setdefault(team, [])."),
        edit(UPDATED, "seen[key].", "seen.setdefault(key, {})."),
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
        edit(COUNTS, "    counts[", "    counts.setdefault(word, 1)\n    counts["),
        edit(
            COUNTS,
            "    counts[word] += 1",
            "    if word in counts:\n        counts[word] += 1\n    else:\n        counts[word] = 2",
        ),
        edit(
            COUNTS,
            "    counts[word] += 1",
            "    if word not in counts:\n        counts[word] += 1\n    else:\n        counts[word] = 1",
        ),
        edit(
            SKIPPED,
            "    if not name",
            "    if team not in groups:\n        groups[team] = []\n    if not name",
        ),
        edit(
            f"for team in teams:\n    print(team)\n{GROUPS}",
            "    print(team)",
            "    if team not in groups:\n        groups[team] = []\n    print(team)",
        ),
        edit(
            GROUPS.replace("    groups", "    team = team.lower()\n    groups"),
            "    team",
            "    if team not in groups:\n        groups[team] = []\n    team",
        ),
        edit(IN_FUNCTION.replace("(team", "(groups, team"), "groups[team].", "groups.setdefault(team, [])."),
        edit(f"{IN_FUNCTION}fill(groups)\n", "groups[team].", "groups.setdefault(team, [])."),
        edit(GROUPS.replace("{}\n", "{}\nfill(groups)\n"), "groups[team].", "groups.setdefault(team, [])."),
        edit(GROUPS.replace("{}\n", "{}\nknown = groups\n"), "groups[team].", "groups.setdefault(team, [])."),
        edit(
            GROUPS.replace("groups = ", "known = groups = "), "groups[team].", "groups.setdefault(team, [])."
        ),
        edit(UPDATED, "seen[key].", "seen.setdefault(key, set())."),
        edit(UPDATED.replace("a=row", "row"), "seen[key].", "seen.setdefault(key, set())."),
        edit(UPDATED.replace("a=row", "row"), "seen[key].", "seen.setdefault(key, {})."),
        edit(CLOSED, "file.close()\n", ""),
        edit(CLOSED, CLOSED, "with suppress(ValueError) as file:\n    text = file.read()\n"),
        edit(CLOSED, CLOSED, "with open('b.txt') as file:\n    text = file.read()\n"),
    ],
    ids=lambda made: made.after,
)
def test_another_key_value_or_file_means_something_else(made: CellEdit) -> None:
    assert not says_the_same(made)


@pytest.mark.parametrize(
    ("before", "other", "told"),
    [
        (IN_FUNCTION, "groups['Red'] = []", "other cells give entries to `groups`"),
        (IN_FUNCTION, "load(groups)", "other cells give entries to `groups`"),
        (IN_FUNCTION, "print(groups)", ""),
        (GROUPS, "groups['Red'] = []", ""),  # it is begun where it is used
    ],
)
def test_an_entry_that_other_cells_may_have_given_is_not_begun(before: str, other: str, told: str) -> None:
    made = edit(before, "groups[team].", "groups.setdefault(team, []).")
    cells = (Cell(id=CellId("c0"), source=other), Cell(id=CellId("c1"), source=before))
    found = meaning_changes(replace(case(before), cells=cells), (made,))
    assert bool(told) is bool(found)
    assert all(text.startswith(told) for text in found)
