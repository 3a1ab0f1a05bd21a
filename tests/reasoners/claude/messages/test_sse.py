"""Server-sent events, cut anywhere and with every line ending in the standard."""

import itertools
import json
import random
from collections.abc import Iterable, Iterator

import pytest
from anthropic._streaming import SSEDecoder

from cot_magic.reasoners.claude.messages import sse

STREAM = (
    "event: message_start\ndata: {}\n\n"
    ": a comment\n\n"
    "event: ping\ndata: one\ndata:two\ndata\nid: 7\nretry: 10\n\n"
    "data: no name, and a line separator \u2028 within\n\n\n\n"
    "event: nameless data follow\n\n"
    "data: {\"text\": \"héllo: 🎉 a\\nb\"}\nunknown: x\n\n"
    "event: cut\ndata: no blank line ends it\n"
)  # fmt: skip


def server_sent(chunks: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """All events, one after the other."""
    return itertools.chain.from_iterable(sse.server_sent(chunks))


EVENTS = [
    ("message_start", "{}"),
    ("ping", "one\ntwo\n"),
    ("", "no name, and a line separator \u2028 within"),
    ("", '{"text": "héllo: 🎉 a\\nb"}'),
]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_events_are_the_same_however_the_bytes_are_cut(end: str, mark: str) -> None:
    whole = (mark + STREAM.replace("\n", end)).encode()
    assert list(server_sent([whole])) == EVENTS
    assert list(server_sent(whole[place : place + 1] for place in range(len(whole)))) == EVENTS
    chance = random.Random(end + mark)
    for _ in range(50):
        cuts = sorted(chance.randrange(len(whole) + 1) for _ in range(9))
        parts = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
        assert list(server_sent(parts)) == EVENTS


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_event_is_there_as_soon_as_its_blank_line_is(end: str) -> None:
    seen = server_sent(iter([f"data: 1{end}{end}".encode(), f"data: 2{end}{end}".encode()]))
    assert next(seen) == ("", "1")
    assert next(seen) == ("", "2")


def test_events_that_one_chunk_completes_are_given_together() -> None:
    chunks = [b"data: 1\n\ndata: 2\n\nda", b"ta: 3\n", b"\n"]
    assert [list(events) for events in sse.server_sent(chunks)] == [[("", "1"), ("", "2")], [], [("", "3")]]


def test_bytes_that_are_no_utf_8_are_an_error() -> None:
    with pytest.raises(UnicodeDecodeError):
        list(server_sent([b"data: \xff\n\n"]))


def test_it_reads_what_the_client_library_reads() -> None:
    chance = random.Random(5)
    data = [json.dumps({"text": "".join(chance.choices('ab :\n"é🎉', k=8))}) for _ in range(200)]
    whole = "".join(f"event: e{n % 3}\ndata: {item}\n\n" for n, item in enumerate(data)).encode()
    parts = [whole[place : place + 37] for place in range(0, len(whole), 37)]
    theirs = [(sent.event or "", sent.data) for sent in SSEDecoder().iter_bytes(iter(parts))]
    assert list(server_sent(parts)) == theirs
