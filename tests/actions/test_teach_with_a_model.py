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


def test_after_a_fault_of_the_service_the_lesson_is_on_what_the_offline_reasoner_found(
    server, kernel
) -> None:
    server.add(Reply(status=401, message="scripted: expired"))
    kernel.run("values = [1, 2, 3]")
    cut = kernel.run("%%cot+ --teach --reasoner claude\ntotal = sum(valus)")
    assert "the credential was rejected" in cut.stdout
    assert "The lesson is on what the offline reasoner found." in cut.stdout
    assert "question 1 of" in text(cut)
    assert "✓ line 2" in text(kernel.run("%cot_answer 2"))


def test_a_lesson_on_what_a_model_found_shows_none_of_it_before(server, kernel) -> None:
    kernel.run("values = [1, 2, 3]")
    first = whole()[0]
    data = json.loads(first.text)
    data["hypotheses"][0]["line"] = 2
    server.add(Reply(thinking="scripted thinking", text=json.dumps(data), match=first.match), *whole()[1:])
    begun = kernel.run("%%cot+ --teach --reasoner claude\ntotal = sum(valus)")
    assert begun.ename == "NameError"
    assert "question 1 of" in text(begun)
    seen = json.dumps([message["content"] for message in begun.messages], default=str)
    assert "scripted" not in seen, "what the model wrote is withheld"
    assert "✓ line 2" in text(kernel.run("%cot_answer 2"))
    while "your turn: the fix" not in (shown := text(kernel.run("%cot_answer"))):
        assert kernel.run("%cot_answer --show").status == "ok", shown
    assert "your edit 1 · verified" in text(kernel.run("%cot_answer valus -> values"))
    assert kernel.value("__import__('cot_magic').last.reasoner") == "'claude'"
