"""Ctrl-C and early ends: the connection to the server is closed at once, and what has arrived is kept."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from asking import question
from messages_server import MessagesServer
from scripted_replies import Reply

from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.turn import Delta

Serve = Callable[..., MessagesServer]
Connect = Callable[..., MessagesConnection]
ENDLESS = Reply(text="Scripted: " + "more and more " * 2_000, delay=0.02)
PROGRAM = """
import sys
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.turn import Delta, TurnRequest

link = MessagesConnection(model="claude-haiku-4-5", base_url=sys.argv[1], api_key="k")
question = TurnRequest(system=(), messages=[{"role": "user", "content": "x"}])
kept = ""
try:
    for piece in link.turn(question):
        if isinstance(piece, Delta):
            kept += piece.text
            print(piece.text, flush=True)
        else:
            print("WAITING", flush=True)
except KeyboardInterrupt:
    print("\\nKEPT", len(kept), flush=True)  # the interrupt may have cut a print short before its newline
sys.stdin.readline()  # stays alive, so it is not the end of the process that closes the connection
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reply", "sign"),
    [
        (ENDLESS, "Scripted"),
        (Reply(text="Scripted: then nothing.", fault="stall", after=6), "Scripted"),
        (Reply(fault="hang"), ""),
        (Reply(status=429, headers={"retry-after": "30"}), "WAITING"),
    ],
    ids=["in mid-stream", "while it stalls", "before the headers", "in a countdown"],
)
def test_ctrl_c_in_a_real_process_closes_the_connection_and_keeps_the_text(
    reply: Reply, sign: str, serve: Serve
) -> None:
    server = serve(reply)
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, server.url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[4],
    )  # fmt: skip
    assert running.stdin is not None
    assert running.stdout is not None
    try:
        server.wait(lambda seen: bool(seen.turns))
        if sign:
            while sign not in running.stdout.readline():
                pass
        running.send_signal(signal.SIGINT)
        while not (line := running.stdout.readline()).startswith("KEPT"):
            assert line, "the process ended without handing on the interrupt"
        assert (int(line.split()[1]) > 0) == (sign == "Scripted")
        if reply.status == 200:
            server.wait(lambda seen: seen.disconnects == 1)
        assert running.poll() is None
    finally:
        running.stdin.close()
        running.wait(30)
        running.stdout.close()


@pytest.mark.slow
def test_ctrl_c_in_a_silence_keeps_all_that_came_before_it(serve: Serve) -> None:
    text = "Scripted: then nothing."
    server = serve(Reply(text=text, chunk=4, fault="stall", after=9))
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, server.url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[4],
    )  # fmt: skip
    assert running.stdin is not None
    assert running.stdout is not None
    try:
        while "Scri" not in running.stdout.readline():
            pass
        time.sleep(1)  # it has read everything and waits for more
        running.send_signal(signal.SIGINT)
        while not (line := running.stdout.readline()).startswith("KEPT"):
            assert line, "the process ended without handing on the interrupt"
        assert int(line.split()[1]) == len(text)
    finally:
        running.stdin.close()
        running.wait(30)
        running.stdout.close()


def test_closing_the_turn_early_closes_the_connection(serve: Serve, connect: Connect) -> None:
    server = serve(ENDLESS)
    steps = connect(server).turn(question())
    for piece in steps:
        if isinstance(piece, Delta):
            break
    steps.close()
    server.wait(lambda seen: seen.disconnects == 1)


def test_an_error_in_whoever_listens_closes_the_connection(serve: Serve, connect: Connect) -> None:
    def listen(link: MessagesConnection) -> None:
        with contextlib.closing(link.turn(question())) as steps:
            for piece in steps:
                if isinstance(piece, Delta):
                    raise ZeroDivisionError

    server = serve(ENDLESS)
    with pytest.raises(ZeroDivisionError):
        listen(connect(server))
    server.wait(lambda seen: seen.disconnects == 1)


def test_closing_the_connection_ends_a_stream_that_nobody_reads_any_more(
    serve: Serve, connect: Connect
) -> None:
    server = serve(ENDLESS)
    link = connect(server)
    steps = link.turn(question())  # kept alive, as by a traceback
    while not isinstance(next(steps), Delta):
        pass
    link.close()
    server.wait(lambda seen: seen.disconnects == 1)


def test_after_an_early_end_the_same_connection_asks_again(serve: Serve, connect: Connect) -> None:
    server = serve(ENDLESS, Reply(text="Scripted: again."))
    link = connect(server)
    steps = link.turn(question())
    while not isinstance(next(steps), Delta):
        pass
    steps.close()
    again = [piece.text for piece in link.turn(question()) if isinstance(piece, Delta)]
    assert "".join(again) == "Scripted: again."
