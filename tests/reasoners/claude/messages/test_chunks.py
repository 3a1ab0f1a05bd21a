"""Chunks are joined below the client, which reads the same answer however the bytes are cut and framed."""

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import h11
import httpx2
import pytest
import trustme
from hypothesis import example, given
from hypothesis import strategies as st

from cot_magic.reasoners.claude.messages.chunks import ChunkJoiner, join_chunks

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
PIECES = [b"data: %d\n\n" % number for number in range(50)]


def chunked(pieces: Iterable[bytes]) -> list[bytes]:
    return [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]


def joined(parts: Iterable[bytes], joiner: ChunkJoiner) -> list[bytes]:
    """What a reader gets for parts that arrive one by one, up to the end of the connection."""
    return [*(passed for part in parts if (passed := joiner.feed(part))), joiner.feed(b"")]


def told(parts: Iterable[bytes]) -> tuple[bytes, list[str]]:
    """The body that h11 reads from the parts, and everything else that it reports."""
    client = h11.Connection(our_role=h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("host", "scripted")]))
    client.send(h11.EndOfMessage())
    body = b""
    said: list[str] = []
    try:
        for part in [*(part for part in parts if part), b""]:
            client.receive_data(part)
            while (event := client.next_event()) is not h11.NEED_DATA:
                if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    return body, [*said, str(event)]
                if isinstance(event, h11.Data):
                    body += event.data
                else:
                    said.append(repr(event))
    except h11.RemoteProtocolError as error:
        said.append(type(error).__name__)
    return body, said


def framings() -> st.SearchStrategy[bytes]:
    """Chunks of the usual form, chunks of every unusual form, and bytes that are not chunks."""
    content = (
        st.binary(min_size=1, max_size=40) | st.just(b"\r\n0\r\n\r\n") | st.binary(min_size=300, max_size=700)
    )
    forms = (
        b"%x\r\n%b\r\n", b"%X\r\n%b\r\n", b"000%x\r\n%b\r\n", b"%x;name=value\r\n%b\r\n", b"%x \r\n%b\r\n",
        b"%x\n%b\r\n", b"%x\r\n%b\n", b"%x\r\n%b", b"%x\r\n%bxx\r\n", b"g%x\r\n%b\r\n", b"\r\n%x\r\n%b\r\n",
        b"00000000%x\r\n%b\r\n",
    )  # fmt: skip
    usual = st.builds(lambda piece: forms[0] % (len(piece), piece), content)
    other = st.builds(lambda form, piece: form % (len(piece), piece), st.sampled_from(forms), content)
    return st.lists(st.one_of(usual, usual, usual, other), max_size=12).map(b"".join)


HEADS = st.sampled_from(
    [
        HEAD,
        HEAD.replace(b"transfer-encoding: chunked", b"Transfer-Encoding:Chunked "),
        HEAD.replace(b"transfer-encoding: chunked", b"content-length: 30"),
        HEAD.replace(b"transfer-encoding: chunked", b"connection: close"),
        HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"),
        HEAD.replace(b"200 OK", b"529 Overloaded"),
        HEAD.replace(b"\r\n", b"\n"),
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + HEAD,
        b"PRI * HTTP/2.0\r\n\r\n",
    ]
)
ENDS = st.sampled_from(
    [b"0\r\n\r\n", b"0\r\nx-trailer: 1\r\n\r\n", b"0000\r\n\r\n", b"0\r\n\r\nmore", b"0\r\n", b"1", b""]
)


@given(head=HEADS, chunks=framings(), end=ENDS, cuts=st.lists(st.integers(0, 3_000), max_size=20))
@example(head=HEAD, chunks=b"".join(chunked(PIECES)), end=b"0\r\n\r\n", cuts=list(range(3_000)))
@example(head=HEAD, chunks=b"".join(chunked(PIECES)), end=b"0\r\n\r\n", cuts=[])
def test_the_client_reads_the_same_answer(head: bytes, chunks: bytes, end: bytes, cuts: list[int]) -> None:
    whole = head + chunks + end
    places = sorted({place for place in cuts if place < len(whole)} | {0, len(whole)})
    parts = [whole[start:stop] for start, stop in itertools.pairwise(places)]
    assert told(joined(parts, ChunkJoiner())) == told(parts)


def test_chunks_that_arrive_together_are_one_and_nothing_waits_for_a_chunk_to_be_whole() -> None:
    joiner = ChunkJoiner()
    assert joiner.feed(HEAD + b"1\r\na\r\n2\r\nbc\r\n") == HEAD + b"3\r\nabc\r\n"
    assert joiner.feed(b"1\r\nd\r\n4\r\nef") == b"1\r\nd\r\n4\r\nef"
    assert joiner.feed(b"gh\r") == b"gh\r"
    assert joiner.feed(b"\n1\r\ni\r\n1\r\nj\r\n1") == b"\n2\r\nij\r\n"
    assert joiner.feed(b"0\r\n0123456789abcdef\r\n0\r\n\r\n") == b"10\r\n0123456789abcdef\r\n0\r\n\r\n"


def test_each_answer_on_a_connection_is_read_afresh() -> None:
    joiner = ChunkJoiner()
    assert joiner.feed(HEAD + b"1\r\na\r\n;\r\n") == HEAD + b"1\r\na\r\n;\r\n"  # an unusual form: unchanged
    assert joiner.feed(b"1\r\na\r\n1\r\nb\r\n") == b"1\r\na\r\n1\r\nb\r\n"
    joiner.restart()
    assert joiner.feed(HEAD + b"1\r\na\r\n1\r\nb\r\n") == HEAD + b"2\r\nab\r\n"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server certificate for this machine, and the authority that a client has to trust for it."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    known = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(known))
    return server, known


@contextlib.contextmanager
def serving(
    writes: Sequence[bytes], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, threading.Event]]:
    """A server for one connection that answers each request with the same writes; the event is set after the
    last one."""
    listener = socket.create_server(("127.0.0.1", 0))
    sent = threading.Event()

    def serve() -> None:
        plain, _ = listener.accept()
        with tls.wrap_socket(plain, server_side=True) if tls else plain as connection:
            while connection.recv(65_536):
                for written in writes:
                    connection.sendall(written)
                sent.set()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}/", sent
    finally:
        thread.join()
        listener.close()


def read(client: httpx2.Client, address: str, sent: threading.Event) -> list[bytes]:
    """The pieces of an answer as the client returns them, read after all of it has arrived."""
    with client.stream("GET", address) as answer:
        assert sent.wait(30)
        return list(answer.iter_raw())


@pytest.mark.parametrize("over_tls", [False, True], ids=["plain", "TLS"])
def test_what_has_arrived_is_one_piece_for_each_answer_on_a_connection(
    over_tls: bool, certificates: tuple[ssl.SSLContext, Path]
) -> None:
    server, known = certificates
    verify = ssl.create_default_context(cafile=str(known))
    writes = [HEAD, *chunked(PIECES), b"0\r\n\r\n"]
    for hooks, most in (([join_chunks], 3), ([], None)):
        with (
            serving(writes, server if over_tls else None) as (address, sent),
            httpx2.Client(verify=verify, event_hooks={"request": hooks}, trust_env=False) as client,
        ):
            for _ in range(3):
                sent.clear()
                pieces = read(client, address, sent)
                assert b"".join(pieces) == b"".join(PIECES)
                assert len(pieces) <= most if most else len(pieces) == len(PIECES)


class _Lost:
    """A network stream like the client's, which gives what it is told to."""

    def __init__(self, *given: bytes | OSError) -> None:
        self.given = list(given)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        given = self.given.pop(0)
        if isinstance(given, bytes):
            return given
        raise httpx2.ReadError(str(given)) from given

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Nothing is read from here."""


def test_what_came_before_a_lost_connection_is_read_first() -> None:
    stream: Any = _Lost(
        HEAD, b"1\r\na\r\n", BlockingIOError("no more yet"), b"1\r\nb\r\n", ConnectionResetError("lost"), b""
    )
    request = httpx2.Request("GET", "http://scripted/")
    join_chunks(request)
    request.extensions["trace"]("connection.connect_tcp.complete", {"return_value": stream})
    assert stream.read(65_536) == HEAD + b"1\r\na\r\n"
    assert stream.read(65_536) == b"1\r\nb\r\n"
    with pytest.raises(httpx2.ReadError, match="lost"):
        stream.read(65_536)
    assert stream.read(65_536) == b""
