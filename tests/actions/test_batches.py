"""A sweep's requests in message batches, over a real socket: nothing is lost, sent twice or spent beyond the ceiling."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from messages_server import MessagesServer
from scripted_replies import Reply
from serving import clean, serve

from cot_magic.actions.sweep.batches import BackOff, Batches, in_rounds
from cot_magic.actions.sweep.journal import Journal
from cot_magic.actions.sweep.sweep import Swept, sweep
from cot_magic.actions.sweep.tasks import Task
from cot_magic.core.errors import ServiceFault, UsageError
from cot_magic.reasoners.claude.messages.batches import BatchLink
from cot_magic.reasoners.claude.messages.client import Timeouts

__all__ = ["clean", "serve"]
Serve = Callable[..., MessagesServer]
MODEL = "claude-opus-5-5"
SYSTEM = "You debug. " * 400
KNOWN: dict[str, Any] = {"manual": False}


class Fleet:
    """Notebooks that ask a model once each; what stands for their run asks with the notebook's name."""

    def __init__(
        self, folder: Path, server: MessagesServer, count: int, dollars: float | None = None
    ) -> None:
        self.server, self.folder, self.dollars = server, folder, dollars
        self.tasks = []
        for number in range(count):
            path = folder / f"n{number}.ipynb"
            path.write_text(f"{number}")
            self.tasks.append(Task(named=path.name, path=str(path), settings={}))
        self.ran: list[str] = []
        self.said: list[str] = []
        self.pauses: list[float] = []

    def run(self, task: Task) -> dict[str, Any]:
        """Stands for the run of a notebook: it asks until it has an answer."""
        self.ran.append(task.named)
        assert task.mailbox is not None
        came = task.mailbox["exchanges"]
        row = {"notebook": task.named, "result": "unresolved", "root_cause": {"claim": "x"}, "seconds": 0.1}
        if came:
            return {**row, "said": [exchange["result"] for exchange in came], "asked": None}
        return {**row, "asked": self.body(task.named)}

    def body(self, text: str) -> dict[str, Any]:
        messages = [{"role": "user", "content": [{"type": "text", "text": f"about {text}"}]}]
        system = [{"type": "text", "text": SYSTEM}]
        return {"model": MODEL, "max_tokens": 2_000, "system": system, "messages": messages}

    def sweep(self, sleep: Callable[[float], None] | None = None, **pace: float) -> tuple[Swept, list[Any]]:
        """A whole sweep, from its journal, by a process of its own as it were."""
        link = BatchLink(
            model=MODEL, base_url=self.server.url, api_key="k", timeouts=Timeouts(connect=2, read=2)
        )
        with Journal(self.folder / "j.sqlite") as journal, ThreadPoolExecutor(2) as threads:
            journal.choose(task.path for task in self.tasks)
            batches = Batches(
                journal.outbox, link, spent=journal.spent, dollars=self.dollars, tell=self.said.append,
                back_off=BackOff(**pace), sleep=sleep or self.pauses.append,
            )  # fmt: skip
            again = lambda: sweep(  # noqa: E731
                self.tasks, journal, threads, at_once=2, run=self.run, capabilities=KNOWN
            )
            try:
                swept = in_rounds(again, batches)
            finally:
                link.close()
            self.spent, self.paid = journal.spent(), journal.outbox.total()
            return swept, list(journal.rows())


@pytest.fixture
def fleet(tmp_path: Path, serve: Serve) -> Callable[..., Fleet]:
    def make(*replies: Reply, count: int = 2, dollars: float | None = None, **settings: Any) -> Fleet:
        return Fleet(tmp_path, serve(*replies, **settings), count, dollars)

    return make


def named(count: int) -> list[Reply]:
    """An answer for each notebook that names it."""
    return [Reply(text=f"scripted for n{number}.ipynb", match=f"n{number}.ipynb") for number in range(count)]


def text_of(row: dict[str, Any]) -> str:
    return str(row["said"][-1]["message"]["content"][0]["text"])


def test_answers_in_any_order_come_to_those_who_asked(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(*named(4), count=4)
    ours.server.batches.looks = 4
    swept, rows = ours.sweep(first=2, longest=5, factor=2)
    assert (swept.ran, swept.waiting, swept.stopped) == (4, 0, "")
    assert [text_of(row) for row in rows] == [f"scripted for n{number}.ipynb" for number in range(4)]
    assert len(ours.server.batches.made) == 1
    assert ours.server.turns == []
    assert ours.pauses == [2, 4, 5]
    assert sorted(ours.ran) == sorted(2 * [task.named for task in ours.tasks])
    usage = [row["said"][0]["message"]["usage"] for row in rows]
    whole = sum(4e-6 * one["input_tokens"] + 20e-6 * one["output_tokens"] for one in usage)
    assert ours.spent == pytest.approx(whole / 2)
    assert (ours.paid.by_batch, ours.paid.directly) == (4, 0)
    ours.ran.clear()
    again, _ = ours.sweep()
    assert (again.known, ours.ran) == (4, [])


LOST = {
    "expired": (
        Reply(in_batch="expired", text="scripted, directly"),
        "expired in the batch; asked directly",
        1,
    ),
    "overloaded": (Reply(status=529), "the server is overloaded", 1),
    "canceled": (Reply(in_batch="canceled", text="scripted"), "was canceled with the batch: the offline", 0),
    "refused": (Reply(status=400, message="scripted: no"), "the server refused the request", 0),
}


@pytest.mark.parametrize("kind", LOST)
def test_what_a_batch_did_not_answer_is_asked_directly_or_left_in_one_line(
    kind: str, fleet: Callable[..., Fleet]
) -> None:
    reply, said, directly = LOST[kind]
    ours = fleet(reply, count=1)
    swept, (row,) = ours.sweep()
    assert swept.ran == 1
    (_, line) = ours.said
    assert said in line
    assert "\n" not in line
    assert len(ours.server.turns) == directly
    (result,) = row["said"]
    assert (result["type"] == "succeeded") is bool(directly)
    assert ours.paid.directly == directly
    if not directly:
        assert ours.spent == 0


def test_a_batch_whose_id_never_came_is_found_and_not_sent_again(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(*named(2))
    ours.server.lost_batches = 1
    _, rows = ours.sweep()
    assert len(ours.server.batches.made) == 1
    assert [text_of(row) for row in rows] == ["scripted for n0.ipynb", "scripted for n1.ipynb"]


def test_a_batch_of_someone_else_is_not_taken_for_ours(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(*named(2))
    ours.server.lost_batches = 1

    def another(seconds: float) -> None:
        other = [{"custom_id": f"other-{place}", "params": ours.body("other")} for place in range(2)]
        if len(ours.server.batches.made) == 1:
            ours.server.batches.create({"requests": other})

    _, rows = ours.sweep(sleep=another)
    assert len(ours.server.batches.made) == 2
    assert [text_of(row) for row in rows] == ["scripted for n0.ipynb", "scripted for n1.ipynb"]


def test_a_sweep_that_ended_before_the_batch_was_sent_sends_it(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(*named(2))
    with Journal(ours.folder / "j.sqlite") as journal:
        journal.choose(task.path for task in ours.tasks)
        for task in ours.tasks:
            journal.outbox.ask(task.path, task.fingerprint(), None, ours.body(task.named))
        journal.outbox.intend({1: None, 2: None}, "token", time.time())
    _, rows = ours.sweep()
    assert len(ours.server.batches.made) == 1
    assert len(rows) == 2
    assert sorted(ours.ran) == ["n0.ipynb", "n1.ipynb"]  # once: they had asked before


def test_ctrl_c_leaves_a_batch_that_the_next_sweep_reads(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(*named(3), count=3)
    ours.server.batches.held = True

    def pressed(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ours.sweep(sleep=pressed)
    with pytest.raises(KeyboardInterrupt):  # still not ended, and nothing is sent
        ours.sweep(sleep=pressed)
    ours.server.batches.held = False
    swept, rows = ours.sweep()
    assert swept.ran == 3
    assert len(ours.server.batches.made) == 1
    assert [text_of(row) for row in rows] == [f"scripted for n{number}.ipynb" for number in range(3)]


def test_no_request_is_sent_that_all_together_could_cost_too_much(fleet: Callable[..., Fleet]) -> None:
    """What is on its way counts at its worst; what has come, at its price."""
    ours = fleet(*named(6), count=6, dollars=0.1)
    swept, rows = ours.sweep()
    sent = [len(batch["requests"]) for batch in ours.server.batches.made.values()]
    assert sum(sent) == 6
    assert len(sent) > 1
    assert ours.spent < 0.1
    assert (swept.ran + swept.known, swept.stopped) == (6, "")
    assert len(rows) == 6


def test_a_ceiling_below_one_request_sends_none_and_a_higher_one_goes_on(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(*named(2), dollars=0.001)
    swept, rows = ours.sweep()
    assert "--total-cost" in swept.stopped
    assert ours.server.batches.made == {}
    assert [row["waits"] for row in rows] == [True, True]
    ours.dollars = None
    ours.ran.clear()
    swept, rows = ours.sweep()
    assert (swept.stopped, len(ours.server.batches.made)) == ("", 1)
    assert sorted(ours.ran) == ["n0.ipynb", "n1.ipynb"]
    assert not any("waits" in row for row in rows)


def test_a_common_beginning_is_cached_once_and_read_by_all(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(*named(6), count=6)
    ours.sweep()
    (filled,) = ours.server.turns
    assert filled.body["max_tokens"] == 0
    for params in ours.server.batches.params:
        assert params["system"][-1]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
        assert ours.server.cache.usage(params)["cache_read_input_tokens"] > 1_000
    assert ours.paid.cache_usd > 0
    assert ours.spent == pytest.approx(ours.paid.cache_usd + ours.paid.batch_usd)


def test_few_requests_are_sent_without_writing_a_cache(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(*named(3), count=3)
    ours.sweep()
    assert ours.server.turns == []
    assert "cache_control" not in str(ours.server.batches.params)


def test_a_server_that_does_not_fill_a_cache_is_asked_without(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(
        *named(6), count=6, refuse=lambda body: "max_tokens: too small" if not body["max_tokens"] else ""
    )
    swept, _ = ours.sweep()
    assert swept.ran == 6
    assert "is not cached" in ours.said[0]
    assert "cache_control" not in str(ours.server.batches.params)


def test_requests_of_one_group_are_sent_together(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(*named(4), count=4)
    with Journal(ours.folder / "j.sqlite") as journal:
        journal.choose(task.path for task in ours.tasks)
        for task, cause in zip(ours.tasks, "abab", strict=True):
            journal.outbox.ask(task.path, task.fingerprint(), cause, ours.body(task.named))
    ours.sweep()
    asked = [params["messages"][0]["content"][0]["text"] for params in ours.server.batches.params]
    assert asked == [f"about n{number}.ipynb" for number in (0, 2, 1, 3)]


def test_a_notebook_that_changed_while_its_batch_ran_asks_anew(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(*named(2), Reply(text="scripted for what it is now"))

    def pressed(seconds: float) -> None:
        raise KeyboardInterrupt

    ours.server.batches.held = True
    with pytest.raises(KeyboardInterrupt):
        ours.sweep(sleep=pressed)
    Path(ours.tasks[1].path).write_text("other")
    ours.server.batches.held = False
    _, rows = ours.sweep()
    assert [text_of(row) for row in rows] == ["scripted for n0.ipynb", "scripted for what it is now"]
    assert ours.paid.by_batch == 3  # the answer to what it was is paid too


def test_a_rejected_credential_is_one_line_and_sends_nothing_later(
    fleet: Callable[..., Fleet], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = fleet(*named(2))
    right = ours.server.batches.create
    monkeypatch.setattr(ours.server.batches, "create", lambda given: right({"requests": []}))
    with pytest.raises(ServiceFault, match="refused"):
        ours.sweep()
    monkeypatch.undo()
    swept, _ = ours.sweep()
    assert swept.ran == 2
    assert len(ours.server.batches.made) == 1


def test_results_that_the_server_no_longer_keeps_are_asked_for_directly(fleet: Callable[..., Fleet]) -> None:
    ours = fleet(Reply(text="scripted", sticky=True), count=1)
    ours.server.batches.archived = True
    _, (row,) = ours.sweep()
    assert row["said"][0]["type"] == "succeeded"
    assert "no result came for it" in ours.said[1]
    assert len(ours.server.turns) == 1


def test_other_platforms_have_no_batches() -> None:
    with pytest.raises(UsageError, match="bedrock has no message batches"):
        BatchLink(model=MODEL, platform="bedrock")
