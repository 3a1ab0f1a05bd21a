"""A lesson on what a model found: the same questions, and nothing of it seen before."""

import json
import os
import sys
from collections.abc import Iterator

import pytest
from messages_server import MessagesServer
from phase_script import whole
from scripted_replies import Reply

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="copies need fork and Landlock"),
]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    """The only server that the kernel of this test knows."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "COT_MAGIC_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    with MessagesServer() as running:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
        yield running


def text(ran) -> str:
    return "\n".join(bundle.get("text/plain", "") for bundle in ran.displays)


def test_a_fault_of_the_service_leaves_no_half_lesson_and_the_next_one_is_whole(server, kernel) -> None:
    server.add(Reply(status=401, message="scripted: expired"))
    kernel.run("values = [1, 2, 3]")
    cut = kernel.run("%%cot+ --teach\ntotal = sum(valus)")
    assert "there is no lesson" in cut.stdout
    assert "ANALYZE" not in text(cut)
    assert "there is no lesson" in kernel.run("%cot_answer 2").stderr
    assert kernel.value("__import__('cot_magic').last") == "None"

    first = whole()[0]
    data = json.loads(first.text)
    data["hypotheses"][0]["line"] = 2
    server.add(Reply(thinking="scripted thinking", text=json.dumps(data), match=first.match), *whole()[1:])
    begun = kernel.run("%%cot+ --teach\ntotal = sum(valus)")
    assert begun.ename == "NameError"
    assert "question 1 of" in text(begun)
    seen = json.dumps([message["content"] for message in begun.messages], default=str)
    assert "scripted" not in seen, "what the model wrote is withheld"
    assert "✓ line 2" in text(kernel.run("%cot_answer 2"))
    while "your turn: the fix" not in (shown := text(kernel.run("%cot_answer"))):
        assert kernel.run("%cot_answer --show").status == "ok", shown
    assert "your edit 1 · verified" in text(kernel.run("%cot_answer valus -> values"))
    assert kernel.value("__import__('cot_magic').last.reasoner") == "'claude'"
