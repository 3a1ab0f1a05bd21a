"""Sixty planted secrets, a real kernel, and everything that comes out of it: none of them is seen."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import secrets_planted

from cot_magic.core.case import Case
from cot_magic.core.withheld import why_not_whole, withheld_cells
from cot_magic.render.accordion import bundle
from cot_magic.render.summary import summary
from cot_magic.run.recording import fold, read

pytestmark = pytest.mark.slow
NATIVE = ("execute_input", "error", "status")  # what IPython itself shows of the person's own cell


SETUP = '''\
import json, os
import numpy as np
import pandas as pd
from dataclasses import dataclass

os.environ["SERVICE_TOKEN"] = {env_token!r}
os.environ["DATABASE_URL"] = "postgresql://ann:{env_url}@db.example.org/shop"
os.environ["DB_PASSWORD"] = {env_password!r}

# the staging key is {comment}
# password: {comment_password}
api_key = {assignment!r}
client_secret: str = {annotated!r}
header = f"Authorization: Bearer {fstring} {{api_key}}"
config = {{"db": {{"user": "ann", "password": {nested!r}}}, "retries": 3}}
headers = {{"authorization": "Bearer {lower_header}", "x-api-key": "{api_header}", "accept": "*/*"}}
cookies = {{"Cookie": "sessionid={cookie}; theme=dark"}}
pem = """{pem}"""
more_pem = (
    "{pem_first}\\n"
    "{pem_second}"
)
engine_url = "mysql+pymysql://root:{url}@db.example.org:3306/shop"
cache_url = "redis://:{redis}@cache.example.org:6379/0"
storage = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={azure};EndpointSuffix=core.windows.net"
odbc = "Driver=x;Server=db;Uid=ann;Pwd={odbc};"
signed = "https://a.example.net/c/b?sv=2024&sig={signed}&se=2026"
token = {jwt!r}
npmrc = "//registry.example.org/:_authToken={npmrc}"
hook = "https://{hook}"
aws_secret_access_key = {aws_secret!r}
'''
VALUES = """\
@dataclass
class Account:
    user: str
    password: str
    note: str

class Plain:
    def __init__(self, api_token, label):
        self.api_token = api_token
        self.label = label

account = Account("ann", {dataclass_field!r}, "call with {dataclass_note}")
plain = Plain({object_field!r}, {object_label!r})
people = pd.DataFrame({{
    "user": ["ann", "bob", "cy"],
    "price": [1.5, 2.5, 3.0],
    "password": [{column_a!r}, {column_b!r}, {column_c!r}],
    "note": ["key {cell_a}", "-", "see {cell_b}"],
}})
people[{column_name!r}] = 1
keys = np.array([{array_a!r}, {array_b!r}])
objects = np.array([{array_c!r}, 3], dtype=object)
tree = {{"a": [1, {{"b": ({deep!r}, [{deeper!r}])}}]}}
passwords = [{list_a!r}, {list_b!r}] + ["x"] * 20 + [{list_c!r}]
raw = {bytes_!r}.encode()
blob = json.dumps({{"private_key": {json_pem!r}, "client_email": "a@example.org"}})
series = pd.Series([{series_a!r}, {series_b!r}], name="secret")
def connect(user, password={default!r}):
    return user
"""
FAILING = """\
%%cot+ {prompt} --save {{path}}
def price_of(frame, secret_word={local_default!r}):
    access_token = {local!r}
    where = "https://api.example.org/?access_token={local_url}&page=2"
    wanted = "prise"  # {local_comment}
    try:
        return frame[wanted].sum()
    except KeyError as error:
        error.add_note("tried with {note}")
        raise
print("signing in with {printed}")
try:
    connect("ann", password={call!r})
    raise RuntimeError("login failed for ann (password: {message}) at {message_token}")
except RuntimeError as first:
    total = price_of(people)
"""


def prepared() -> tuple[dict[str, str], dict[str, Any], dict[str, str]]:
    """Values by place in the sources, the secrets, and the sources."""
    rng = random.Random(20261124)
    make = {
        **secrets_planted.KNOWN_FORMS,
        **{name: form for name, (_, form) in secrets_planted.SURROUNDED.items()},
    }
    kinds = {
        "env_token": "google client", "env_url": "url password", "env_password": "url password",
        "comment": "stripe", "comment_password": "url password", "assignment": "assignment",
        "annotated": "annotated", "fstring": "bearer header", "nested": "url password",
        "lower_header": "bearer header", "api_header": "api header", "cookie": "cookie", "pem": "pem rsa",
        "url": "url password", "redis": "redis url", "azure": "azure storage", "odbc": "odbc",
        "signed": "signed url", "jwt": "jwt", "npmrc": "npmrc", "hook": "slack webhook",
        "aws_secret": "aws secret", "dataclass_field": "url password", "dataclass_note": "github",
        "object_field": "assignment", "object_label": "openai", "column_a": "url password",
        "column_b": "url password", "column_c": "url password", "cell_a": "aws id", "cell_b": "gitlab",
        "column_name": "huggingface", "array_a": "slack bot", "array_b": "twilio", "array_c": "pypi",
        "deep": "npm", "deeper": "sendgrid", "list_a": "url password", "list_b": "url password",
        "list_c": "url password", "bytes_": "anthropic", "json_pem": "pem ec", "series_a": "url password",
        "series_b": "assignment", "default": "url password", "prompt": "telegram",
        "local_default": "google api", "local": "assignment", "local_url": "query",
        "local_comment": "databricks", "note": "docker", "printed": "digitalocean", "call": "url password",
        "message": "url password", "message_token": "shopify", "mailchimp": "mailchimp", "vault": "vault",
        "oauth": "google oauth", "split_pem": "pem openssh", "project": "openai project",
    }  # fmt: skip
    secrets = {place: make[kind](rng) for place, kind in kinds.items()}
    texts = {place: secret.text for place, secret in secrets.items()}
    first, _, second = texts["split_pem"].partition("\n")
    texts |= {"pem_first": first, "pem_second": second.replace("\n", "\\n")}
    more = "\nmailing = {mailchimp!r}\nvault = {vault!r}\noauth = {oauth!r}\nmodel_key = {project!r}\n"
    sources = {
        "setup": SETUP.format(**texts) + more.format(**texts),
        "values": VALUES.format(**texts),
        "failing": FAILING.format(**texts),
    }
    return texts, secrets, sources


TEXTS, SECRETS, SOURCES = prepared()


def leaks(text: str) -> list[str]:
    """The places whose secrets a text shows."""
    return [place for place, secret in SECRETS.items() if secret.leaks_into(text)]


def case_without_sources(case: Case) -> str:
    from dataclasses import replace

    from cot_magic.core.codec import to_json

    bare = replace(
        case,
        cell=replace(case.cell, source=""),
        cells=(),
        lineage=tuple(replace(item, cell=replace(item.cell, source="")) for item in case.lineage),
    )
    return json.dumps(to_json(bare), ensure_ascii=False)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, shared_kernel: Any) -> dict[str, Any]:
    """What a real kernel sent and wrote for the failing cell."""
    path = tmp_path_factory.mktemp("recorded") / "leak.cot.jsonl"
    for name in ("setup", "values"):
        ran = shared_kernel.run(SOURCES[name], cell_id=name)
        assert ran.status == "ok", ran.traceback
    ran = shared_kernel.run(SOURCES["failing"].replace("{path}", str(path)), cell_id="failing")
    assert ran.status == "error"
    return {"kernel": shared_kernel, "ran": ran, "path": path}


def test_there_are_sixty_secrets_of_at_least_twenty_kinds() -> None:
    assert len(SECRETS) >= 60
    assert len({secret.kind for secret in SECRETS.values()}) >= 20
    missing = [place for place, text in TEXTS.items() if not any(
        text in source or repr(text)[1:-1] in source or json.dumps(text)[1:-1] in source for source in SOURCES.values()
    ) and place != "split_pem"]  # fmt: skip
    assert not missing


def test_nothing_is_in_the_recording(seen: dict[str, Any]) -> None:
    text = seen["path"].read_text(encoding="utf-8")
    assert leaks(text) == []
    session = fold(read(seen["path"]))
    assert session.ended
    assert session.case is not None
    assert session.case.redactions >= 40


def test_nothing_is_in_what_the_kernel_sends_to_the_screen(seen: dict[str, Any]) -> None:
    shown = 0
    for message in seen["ran"].messages:
        if message["msg_type"] in NATIVE:
            continue
        content = message["content"]
        if message["msg_type"] == "stream":
            content = {"text": content["text"].replace(SECRETS["printed"].text, "")}  # the cell's own print
        assert leaks(json.dumps(content, ensure_ascii=False)) == [], message["msg_type"]
        shown += 1
    assert shown > 5
    panel = seen["ran"].displays[0]
    assert {"text/html", "text/markdown", "text/plain"} <= panel.keys()
    assert "withheld" in panel["text/plain"]


def test_nothing_is_in_the_captured_case_but_its_verbatim_sources(seen: dict[str, Any]) -> None:
    kernel = seen["kernel"]
    ran = kernel.run(
        "import cot_magic, json\nfrom cot_magic.core.codec import to_json\n"
        "print(json.dumps(to_json(cot_magic.last.case), ensure_ascii=False))"
    )
    from cot_magic.core.codec import from_json

    case = from_json(Case, json.loads(ran.stdout))
    assert leaks(case_without_sources(case)) == []
    assert "local_comment" in leaks(case.cell.source)


def test_a_recording_can_be_shown_again_and_says_that_its_sources_are_not_whole(seen: dict[str, Any]) -> None:
    session = fold(read(seen["path"]))
    drawn = bundle(session)
    assert all(leaks(text) == [] for text in drawn.values())
    assert leaks(json.dumps(summary(session, notebook="a.ipynb", intensity="cot+"))) == []
    assert session.case is not None
    assert len(withheld_cells(session.case)) == 3
    assert "was withheld when this was recorded" in (why_not_whole(session.case) or "")


def test_the_recorded_sources_are_still_python_with_the_same_lines(seen: dict[str, Any]) -> None:
    import ast

    session = fold(read(seen["path"]))
    assert session.case is not None
    shown = {str(cell.id): cell.source for cell in session.case.cells}
    for name in ("setup", "values"):
        ast.parse(shown[name])
        assert shown[name].count("\n") == SOURCES[name].count("\n")
        assert "<redacted: " in shown[name]


def test_the_verdict_on_the_recorded_session_is_the_one_on_the_real_one(seen: dict[str, Any]) -> None:
    kernel = seen["kernel"]
    session = fold(read(seen["path"]))
    verdicts = [str(session.judge_fix(fix).verdict) for fix in session.fixes]
    assert verdicts
    assert kernel.value(
        "[str(cot_magic.last.judge_fix(fix).verdict) for fix in cot_magic.last.fixes]"
    ) == repr(verdicts)


def test_the_last_session_is_shown_again_without_them(seen: dict[str, Any]) -> None:
    kernel = seen["kernel"]
    for line in ("%cot_last", f"%cot_replay {seen['path']}"):
        ran = kernel.run(line)
        assert ran.status == "ok"
        assert ran.displays
        for message in ran.messages:
            if message["msg_type"] not in NATIVE:
                assert leaks(json.dumps(message["content"], ensure_ascii=False)) == []


def test_an_inserted_fix_has_the_real_source(seen: dict[str, Any], kernel: Any, tmp_path: Path) -> None:
    for name in ("setup", "values"):
        assert kernel.run(SOURCES[name], cell_id=name).status == "ok"
    kernel.run(SOURCES["failing"].replace("{path}", str(tmp_path / "a.cot.jsonl")), cell_id="failing")
    ran = kernel.run("%cot_insert all")
    inserted = ran.reply["payload"][0]["text"]
    assert SECRETS["local"].text in inserted
    assert "<redacted: " not in inserted
    assert '"price"' in inserted
    # and from a recording, in which it is not whole, nothing is inserted
    kernel.run(f"%cot_replay {tmp_path / 'a.cot.jsonl'}")
    ran = kernel.run("%cot_insert all")
    assert ran.reply["payload"] == []
    assert "Nothing was inserted: part of the source" in ran.stdout


def test_nothing_is_in_the_json_the_log_and_the_recording_of_the_command_line(tmp_path: Path) -> None:
    sources = [SOURCES["setup"], SOURCES["values"], SOURCES["failing"].partition("\n")[2]]
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{place}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": text,
        }
        for place, text in enumerate(sources)
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    options = "--json a.json --record a.cot.jsonl --apply fixed.ipynb --intensity cot+"
    done = subprocess.run(
        [sys.executable, "-m", "cot_magic.cli.main", "run", "a.ipynb", *options.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert done.returncode in (3, 4), done.stderr
    for text in (
        done.stdout,
        done.stderr,
        *((tmp_path / name).read_text() for name in ("a.json", "a.cot.jsonl")),
    ):
        assert leaks(text) == []
    fixed = "".join(json.loads((tmp_path / "fixed.ipynb").read_text())["cells"][2]["source"])
    assert SECRETS["local"].text in fixed
    assert '"price"' in fixed
    assert "<redacted: " not in fixed


TALKATIVE = """
import base64, json, urllib.parse, cot_magic
from cot_magic.capture.failure import sandbox_describe
from cot_magic.core.events import Finding, PhaseEnded, PhaseStarted, RunProbe, Streamed, Withdrawn
from cot_magic.core.findings import HypothesisId, Phase, Probe
from cot_magic.actions.state import history_of, redactor_of
from cot_magic.run.run_session import run_session
from cot_magic.sandbox.snapshot import park
from cot_magic.settings import Settings
from cot_magic.testing import CollectingRenderer, ScriptedReasoner

probe = '''
import base64, json, urllib.parse
pd.set_option("display.max_colwidth", 16)
values = [value for name, value in list(globals().items()) if type(value) is str and name[0] != "_"]
values += [*passwords, *people["password"], account.password, plain.api_token, tree["a"][1]["b"][0]]
for value in [value for value in values if value != probe]:
    print(value, repr(value), json.dumps(value), urllib.parse.quote(value, safe=""), value.encode().hex())
    print(base64.b64encode(value.encode()).decode(), base64.b64encode(b"ab" + value.encode()).decode())
    if len(value) > 24:
        print(value[:14], value[10:20])
print(people, people.to_json(), config, headers, account, vars(plain), raw, keys, objects, blob)
'''
phase = Phase.ANALYZE
pieces = [api_key[:9], api_key[9:], " and ", token[:30], token[30:60], token[60:], " is what I saw"]
steps = [
    PhaseStarted(phase=phase),
    *(Streamed(phase=phase, text=piece, thinking=thinking) for thinking in (True, False) for piece in pieces),
    Withdrawn(phase=phase, text=len(token) + 14),
    Finding(phase=phase, topic="values", text=f"`{plain.api_token}` and {base64.b64encode(token.encode())}"),
    RunProbe(probe=Probe(about=HypothesisId("h1"), source=probe)),
    RunProbe(probe=Probe(about=HypothesisId("h1"), source="raise ValueError(str(config) + api_key)")),
    PhaseEnded(phase=phase, headline=f"it is {config['db']['password']}"),
]
del pieces
state = get_ipython()._cot_magics.state
box = park(get_ipython(), describe=sandbox_describe(history_of(state)))
screen = CollectingRenderer()
session = run_session(
    cot_magic.last.case, box, Settings(save={path!r}), renderer=screen,
    reasoner=ScriptedReasoner(steps), redactor=redactor_of(state),
)
box.close()
print([str(item.outcome) for item in session.evidence], len(session.evidence[0].output))
"""


def test_what_probes_print_and_a_reasoner_repeats_is_withheld_in_any_encoding(
    seen: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "talk.cot.jsonl"
    ran = seen["kernel"].run(TALKATIVE.replace("{path!r}", repr(str(path))), cell_id="talk")
    assert ran.status == "ok", ran.traceback
    if "BLOCKED" in ran.stdout:
        pytest.skip(ran.stdout)
    assert ran.stdout.startswith("['PASSED', 'RAISED']"), ran.stdout
    assert leaks(path.read_text(encoding="utf-8")) == []
    session = fold(read(path))
    assert "is what I saw" in session.phases[0].thinking
    assert len(session.evidence[0].output) > 5_000
    real = seen["kernel"].run("print(session.evidence[0].output, session.evidence[1].raised.evalue)").stdout
    assert len(leaks(real)) > 30  # what was shown above did print them
    shown = seen["kernel"].run("print(repr(screen.final), screen.final.phases[0].streamed)").stdout
    assert leaks(shown) == []


def test_a_probe_that_reads_the_environment_gets_no_secret(seen: dict[str, Any]) -> None:
    """Also when it prints what it finds, or looks in the memory of its process."""
    code = """
import os
from cot_magic.core.jobs import Job, JobStep
from cot_magic.actions.state import history_of, redactor_of
from cot_magic.run.run_session import run_session
from cot_magic.sandbox.snapshot import park
from cot_magic.capture.failure import sandbox_describe
from cot_magic.capture.lineage.history import History
box = park(get_ipython(), describe=sandbox_describe(History()))
probe = '''
import os, subprocess
names = [name for name in os.environ if name in ("SERVICE_TOKEN", "DATABASE_URL", "DB_PASSWORD")]
with open("/proc/self/environ", "rb") as file:
    block = file.read()
print(names, os.getenv("DB_PASSWORD"), [part for part in block.decode(errors="replace").split(chr(0)) if part.startswith(("SERVICE", "DATABASE", "DB_"))])
print(api_key if "api_key" in globals() else "")
not names and os.getenv("DB_PASSWORD") is None
'''
result, = box.run([Job(steps=(JobStep(source=probe),))])
box.close()
print(result.outcome, result.held, result.output, result.note)
"""
    ran = seen["kernel"].run(code)
    assert ran.status == "ok", ran.traceback
    if "no such" in ran.stdout or "BLOCKED" in ran.stdout:
        pytest.skip(ran.stdout)
    assert ran.stdout.startswith("PASSED True [] None []"), ran.stdout
    assert [place for place in leaks(ran.stdout) if place.startswith("env_")] == []


def test_nothing_is_in_any_request_to_a_model_nor_in_the_preview_nor_in_the_report(
    seen: dict[str, Any], tmp_path: Path
) -> None:
    from messages_server import MessagesServer
    from phase_script import call, phase, whole

    kernel = seen["kernel"]
    printing = (
        "print(globals().get('config'), api_key, headers, people.to_json(), account, raw)\nprice_of is None"
    )
    tools = [
        call("hypothesize", hypothesis="h1", code=printing, frame=None),
        call("inspect", expression="(config, api_key, passwords, people.password.tolist())"),
        call("history", cell="cell 1"),
        call("inspect", expression="{}['x' + api_key]"),
    ]
    with MessagesServer() as server:
        server.add(*whole(ANALYZE=phase("ANALYZE", tools=tools)))
        kernel.run(
            f"os.environ.update(ANTHROPIC_BASE_URL={server.url!r}, ANTHROPIC_API_KEY='k')", cell_id="server"
        )
        failing = SOURCES["failing"].replace("{path}", str(tmp_path / "model.cot.jsonl"))
        preview = kernel.run(failing.replace("--save", "--preview --save"), cell_id="failing")
        assert '"messages"' in preview.stdout
        before = preview.stdout.replace(SECRETS["printed"].text, "")  # the cell's own print
        assert leaks(before) == []
        assert server.turns == []
        ran = kernel.run(failing, cell_id="failing")
        kernel.run(f"%cot_export {tmp_path / 'rca.ipynb'}")
        kernel.run("del os.environ['ANTHROPIC_BASE_URL'], os.environ['ANTHROPIC_API_KEY']")
    assert ran.status == "error"
    bodies = [seen_.raw.decode() for seen_ in server.requests]
    assert len(server.turns) >= 2
    assert any("tool_result" in body for body in bodies)
    assert "<redacted: " in bodies[-1]
    for text in (*bodies, (tmp_path / "model.cot.jsonl").read_text(), (tmp_path / "rca.ipynb").read_text()):
        assert leaks(text) == []


def test_a_key_without_its_quotes_is_in_no_request_no_recording_and_no_panel(
    kernel: Any, tmp_path: Path
) -> None:
    """`api_key = sk-…` is an expression: the cell fails with a NameError, and its code shows the key."""
    from messages_server import MessagesServer
    from phase_script import whole

    secret = secrets_planted.KNOWN_FORMS["openai"](random.Random(9))
    path = tmp_path / "bare.cot.jsonl"
    with MessagesServer() as server:
        server.add(*whole())
        kernel.run(
            f"import os\nos.environ.update(ANTHROPIC_BASE_URL={server.url!r}, ANTHROPIC_API_KEY='k')",
            cell_id="server",
        )
        kernel.run(
            f"%%cot+ --reasoner claude --save {path}\napi_key = {secret.text}\nprint(api_key[:3])\n",
            cell_id="bare",
        )
        ran = kernel.run("%cot_last")
        bodies = [seen_.raw.decode() for seen_ in server.requests]
    assert len(server.turns) >= 1
    assert any("NameError" in body for body in bodies)
    shown = [json.dumps(item["content"]) for item in ran.messages if item["msg_type"] not in NATIVE]
    for text in (*bodies, path.read_text(encoding="utf-8"), *shown):
        assert not secret.leaks_into(text)


PEOPLE = (
    *("ann.lee@example.com", "j+news@mail.uni-koeln.de", "a_b@sub.corp.io", "kim@firma.com.tr"),
    *("+49 151 2345 6789", "+1 (212) 555-0147", "(415) 555-2671", "212-555-0188"),
    *("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR14 2004 1010 0505 0001 3M02 606"),
    *(
        "4111 1111 1111 1111",
        "5555555555554444",
        "3782 822463 10005",
        "6011-1111-1111-1117",
        "30569309025904",
    ),
    *("219-09-9999", "078-05-1120", "457-55-5462", "123-45-6789"),
)


def test_no_personal_data_is_in_a_request_a_recording_a_report_or_the_panel(
    kernel: Any, tmp_path: Path
) -> None:
    from messages_server import MessagesServer
    from phase_script import answer, call
    from scripted_replies import Reply

    assert len(PEOPLE) == 20
    path = tmp_path / "people.cot.jsonl"
    looks = [
        call("inspect", expressions=["people", "'/'.join(people)"]),
        call("run", code="print(people)"),
        call("hypothesize", hypothesis="a scripted claim about people", prediction="there are twenty",
             code="print(people)\nlen(people) == 20"),
    ]  # fmt: skip
    with MessagesServer() as server:
        server.add(
            Reply(tools=looks, match="What failed, what does this error mean"),
            Reply(text=answer(), sticky=True),
        )
        kernel.run(f"people = {list(PEOPLE)!r}\nprint(people)")
        kernel.run(f"import os\nos.environ.update(ANTHROPIC_BASE_URL={server.url!r}, ANTHROPIC_API_KEY='k')")
        ran = kernel.run(
            f"%%cot+ why does {PEOPLE[1]} fail? --reasoner claude --save {path}\n"
            "by_name = {name: len(name) for name in people}\nraise KeyError(f'{people} missing in {by_name}')"
        )
        kernel.run(f"%cot_export {tmp_path / 'rca.ipynb'}")
    panel = "\n".join(str(bundle) for bundle in ran.displays)
    requests = [seen.raw.decode() for seen in server.turns]
    assert len(requests) >= 2
    assert "<redacted: IBAN" in requests[-1]
    texts = (*requests, path.read_text(encoding="utf-8"), (tmp_path / "rca.ipynb").read_text(), panel)
    assert [(place, item) for place, text in enumerate(texts) for item in PEOPLE if item in text] == []
