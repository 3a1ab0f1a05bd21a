"""A model's experiments in a real kernel: they read what the notebook uses, and no other file of the person."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from messages_server import MessagesServer
from phase_script import answer, call
from scripted_replies import Reply

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="copies need fork and Landlock"),
]
PRIVATE = "salary-of-kim-77123"  # no secret by its form: only where it lies keeps it from leaving
FAILING = "%%cot+ --reasoner claude\ntotal = sum(valus)"
LOOK = """
import glob, os, pathlib
for way in (lambda p: open(p).read(), lambda p: pathlib.Path(p).read_bytes(), lambda p: os.listdir(os.path.dirname(p)),
            lambda p: os.read(os.open(p, os.O_RDONLY), 99), lambda p: open('/proc/self/root' + p).read(),
            lambda p: glob.glob(os.path.dirname(p) + '/*')):
    try:
        print(way({path!r}))
    except OSError as error:
        print('closed', error.errno)
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "COT_MAGIC_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    with MessagesServer() as running:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
        yield running


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder beside that of the notebook, with a file of the person in it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "people.csv").write_text(f"name,note\nkim,{PRIVATE}\n", encoding="utf-8")
    return folder


def ask(server: MessagesServer, *tools: dict[str, object]) -> None:
    server.add(Reply(tools=tools), Reply(text=answer(), sticky=True))


def sent(server: MessagesServer) -> str:
    assert len(server.turns) >= 2, "the results of the tools were not sent"
    assert [seen.refused for seen in server.turns if seen.refused] == []
    return "\n".join(seen.raw.decode() for seen in server.turns)


def test_a_file_in_another_folder_is_not_read_in_any_way(server, elsewhere, kernel) -> None:
    path = str(elsewhere / "people.csv")
    probe = f"text = open({path!r}).read()\nprint(text)\n'kim' in text"
    claim = {"claim": "the scripted file has it", "prediction": "kim is there", "cell": "", "line": 1,
             "probe": probe, "frame": None}  # fmt: skip
    ask(
        server,
        call("run", code=LOOK.format(path=path), frame=None),
        call("run", code=LOOK.format(path=path), frame=0),
        call("inspect", expressions=[f"open({path!r}).read()"], frame=None),
        call("hypothesize", hypotheses=[claim]),
    )
    kernel.run("values = [1, 2, 3]")
    kernel.run(FAILING, timeout=300)
    said = sent(server)
    assert PRIVATE not in said
    assert "closed 13" in said  # it was tried
    assert "experiments of a model read only the notebook's folder" in said


def test_a_fix_and_its_tests_are_limited_like_a_probe(server, elsewhere, kernel) -> None:
    path = str(elsewhere / "people.csv")
    edit = {"cell": "", "find": "sum(valus)", "replace": f"print(open({path!r}).read()) or sum(values)"}
    test = {"name": "test_it", "source": f"def test_it():\n    raise ValueError(open({path!r}).read())"}
    harmless = {"cell": "", "find": "valus", "replace": "values"}
    fixes = [
        {"hypothesis": "the name is misspelt here", "why": "scripted", "edits": [edit], "tests": []},
        {"hypothesis": "the name is misspelt here", "why": "scripted", "edits": [harmless], "tests": [test]},
    ]
    ask(server, call("try_fixes", fixes=fixes))
    kernel.run("values = [1, 2, 3]")
    kernel.run(FAILING, timeout=300)
    assert PRIVATE not in sent(server)
    assert "not permitted in a sandboxed copy" in sent(server)
    shown = kernel.value("[str(item.outcome) for item in __import__('cot_magic').last.evidence]")
    assert "BLOCKED" in shown


@pytest.mark.parametrize(
    ("opening", "needs"),
    [
        ("rows = open({path!r}).read()", ""),
        ("folder = {folder!r}\nrows = open(f'{{folder}}/people.csv').read()", ""),
        ("import pathlib\nrows = (pathlib.Path({folder!r}) / 'people.csv').read_text()", ""),
        (
            "import os\nfor name in ['people']:\n    rows = open(os.path.join({folder!r}, name + '.csv')).read()",
            "",
        ),
        ("handle = open(os.environ['WHERE'] + '/people.csv')\nrows = handle.read()", "import os"),
    ],
)
def test_a_file_that_the_notebook_has_opened_is_read(
    server, elsewhere, kernel, monkeypatch, opening, needs
) -> None:
    path = str(elsewhere / "people.csv")
    kernel.run(f"import os\nos.environ['WHERE'] = {str(elsewhere)!r}")
    ask(server, call("inspect", expressions=[f"open({path!r}).read().splitlines()[1]"], frame=None))
    first = kernel.run(f"{needs}\n{opening.format(path=path, folder=str(elsewhere))}")
    assert first.status == "ok", first.traceback
    kernel.run("%%cot+ --reasoner claude\ntotal = len(rws)", timeout=300)
    assert json.dumps(PRIVATE)[1:-1] in sent(server)


def test_a_file_that_the_failing_cell_names_is_read_by_a_fix(server, elsewhere, kernel) -> None:
    path = str(elsewhere / "people.csv")
    edit = {"cell": "", "find": "['age']", "replace": "['name']"}
    fix = {"hypothesis": "the column is called name", "why": "scripted", "edits": [edit],
           "tests": [{"name": "test_it", "source": "def test_it():\n    assert names == ['kim']"}]}  # fmt: skip
    ask(server, call("try_fixes", fixes=[fix]))
    kernel.run("import csv")
    ran = kernel.run(
        f"%%cot+ --reasoner claude\nnames = [row['age'] for row in csv.DictReader(open({path!r}))]"
    )
    assert ran.ename == "KeyError"
    sent(server)
    runs = kernel.value(
        "[(str(item.stage), str(item.outcome)) for item in __import__('cot_magic').last.evidence if item.stage]"
    )
    assert "BLOCKED" not in runs
    assert "('after', 'PASSED')" in runs


def test_the_folder_of_the_notebook_is_read_and_a_link_out_of_it_is_not(
    server, elsewhere, kernel, tmp_path
) -> None:
    (tmp_path / "own.txt").write_text("scripted-own-text", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(elsewhere / "people.csv")
    ask(
        server,
        call("inspect", expressions=["open('own.txt').read()", "open('link.csv').read()"], frame=None),
        call("run", code="import json.tool, colorsys, zoneinfo\nprint(zoneinfo.ZoneInfo('UTC'))", frame=None),
    )
    kernel.run("values = [1, 2, 3]")
    kernel.run(FAILING, timeout=300)
    said = sent(server)
    assert "scripted-own-text" in said
    assert PRIVATE not in said
    assert "ModuleNotFoundError" not in said


def test_the_model_is_told_exactly_that(server, kernel) -> None:
    ask(server)
    kernel.run(FAILING, timeout=300)
    told = " ".join(server.turns[0].body["system"][0]["text"].split())
    assert (
        "They can read the notebook's folder, the interpreter with its packages, the system's folders" in told
    )
