"""What a stream of 20,000 tokens at 1,000 a second costs the kernel, and how late it is on the screen.

`python tests/benchmarks/streaming.py [--runs 3] [--tokens 20000] [--rate 1000] [--kernel-only]`

The stream comes from a reasoner that waits between its tokens, and goes the way of every session: engine,
session, renderer, messages to the front end. Kernel time is the CPU time of the whole kernel process, with
all of its threads, while the stream runs. The lag of a token is the time from its birth in the kernel to the
first animation frame of JupyterLab in Chromium whose page holds it.
"""

import argparse
import bisect
import collections
import importlib.util
import itertools
import json
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PHASES = ("ANALYZE", "PLAN", "VALIDATE", "IMPLEMENT", "CONFIRM")
SCREENS = ("10 a second", "every token", "no screen", "the stream alone")
QUICK = {"tokens": 500, "runs": 1, "kernel_only": True}
COMPARED = {"kernel.*every token.to_10_a_second": "higher", "api.*.to_not_joined": "lower"}
READY = """() => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.content && w.content.widgets);
  const kernel = panel && panel.sessionContext.session && panel.sessionContext.session.kernel;
  return panel && panel.sessionContext.isReady && kernel && kernel.connectionStatus === 'connected';
}"""
OBSERVE = """() => {
  window.samples = [];
  let waiting = false;
  const look = () => {
    waiting = false;
    let last = -1;
    for (const part of document.querySelectorAll('.jp-OutputArea .widget-html-content')) {
      const found = part.textContent.slice(-40).match(/w(\\d+)\\s*$/);
      if (found) last = Math.max(last, Number(found[1]));
    }
    window.samples.push([last, Date.now() / 1000]);
  };
  new MutationObserver(() => { if (!waiting) { waiting = true; requestAnimationFrame(look); } })
    .observe(document.querySelector('.jp-Notebook'), {subtree: true, childList: true, characterData: true});
}"""


def measured(screen: str, phases: int, tokens: int, rate: float) -> dict[str, Any]:
    """Runs in the kernel: one stream; CPU and wall seconds, and when each token was born."""
    from cot_magic.core.engine import drive
    from cot_magic.core.events import PhaseEnded, PhaseStarted, Streamed
    from cot_magic.core.findings import Phase
    from cot_magic.core.session import Session
    from cot_magic.render.accordion import AccordionRenderer, SilentRenderer
    from cot_magic.run.recording import stamp
    from cot_magic.run.run_session import run_session
    from cot_magic.settings import Settings
    from cot_magic.testing import AbsentSandbox, case

    born: list[float] = []

    class Paced:
        name = "paced"

        def reason(self, case: Any, budget: Any) -> Generator[Any, Any, None]:
            started = time.perf_counter()
            for phase in list(Phase)[:phases]:
                yield PhaseStarted(phase=phase)
                for _ in range(tokens // phases):
                    wait = started + len(born) / rate - time.perf_counter()
                    if wait > 0:
                        time.sleep(wait)
                    text = f"w{len(born)}" + ("\n" if len(born) % 12 == 11 else " ")
                    born.append(time.time())
                    yield Streamed(phase=phase, text=text)
                yield PhaseEnded(phase=phase, headline="done")

    hurried = iter(range(10_000_000))  # a clock on which each token comes a second after the one before
    renderers = {
        "10 a second": AccordionRenderer,
        "every token": lambda: AccordionRenderer(clock=lambda: float(next(hurried))),
        "no screen": SilentRenderer,
    }
    cpu, wall = time.process_time(), time.perf_counter()
    if screen == "the stream alone":
        collections.deque(Paced().reason(None, None), maxlen=0)
    elif screen == "every token":  # what would happen if nothing were gathered or paced on the way
        session, view = Session(), renderers[screen]()
        budget = Settings().effective_budget()
        events = drive(case(), Paced(), AbsentSandbox(), intensity="cot", budget=budget, clock=time.monotonic)
        for stamped in stamp(events, time.monotonic):
            session = session.evolve(stamped)
            view.update(session, stamped)
        view.close(session)
    else:
        run_session(case(), AbsentSandbox(), Settings(), renderer=renderers[screen](), reasoner=Paced())
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "born": born}


def measured_warm(screen: str, phases: int, tokens: int, rate: float) -> dict[str, Any]:
    """The same after a short stream, since imports and patterns are loaded once in the life of a kernel."""
    from IPython.display import clear_output

    measured(screen, phases, 50, rate)
    clear_output()
    return measured(screen, phases, tokens, rate)


def measured_api(url: str, joined: bool) -> dict[str, Any]:
    """Runs in the kernel: one answer of a scripted server, read through the real connection; not `joined`, each
    chunk is handed to the HTTP client by itself."""
    import anthropic  # its import is no part of the stream

    from cot_magic.core.events import PhaseEnded, PhaseStarted, Streamed
    from cot_magic.core.findings import Phase
    from cot_magic.reasoners.claude.messages import client
    from cot_magic.reasoners.claude.messages.connection import MessagesConnection
    from cot_magic.reasoners.claude.messages.turn import Delta, TurnRequest
    from cot_magic.render.accordion import AccordionRenderer
    from cot_magic.run.run_session import run_session
    from cot_magic.settings import Settings
    from cot_magic.testing import AbsentSandbox, case

    deltas = 0
    if not joined:
        client.join_chunks = lambda request: None

    class Asking:
        name = f"anthropic {anthropic.__version__}"

        def reason(self, case: Any, budget: Any) -> Generator[Any, Any, None]:
            nonlocal deltas
            connection = MessagesConnection(
                model="claude-haiku-4-5", base_url=url, api_key="scripted", reserve=40_000
            )
            question = TurnRequest(
                system=[{"type": "text", "text": "A benchmark."}],
                messages=[{"role": "user", "content": "Go on."}],
            )
            yield PhaseStarted(phase=Phase.ANALYZE)
            for progress in connection.turn(question):
                if isinstance(progress, Delta):
                    deltas += 1
                    yield Streamed(phase=Phase.ANALYZE, text=progress.text)
            yield PhaseEnded(phase=Phase.ANALYZE, headline="done")
            connection.close()

    cpu, wall = time.process_time(), time.perf_counter()
    session = run_session(
        case(), AbsentSandbox(), Settings(), renderer=AccordionRenderer(), reasoner=Asking()
    )
    figures = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    return {**figures, "deltas": deltas, "faults": list(session.faults)}


def measured_api_warm(url: str, joined: bool) -> dict[str, Any]:
    """The same after a short answer, since the client and the prices are loaded once in the life of a kernel."""
    from IPython.display import clear_output

    start = measured_api(url, joined)
    clear_output()
    return {**measured_api(url, joined), "start": start["cpu"]}


def code(screen: str, phases: int, tokens: int, rate: float, out: Path) -> str:
    """The cell that runs one stream and leaves its figures in a file."""
    return code_of(f"measured_warm({screen!r}, {phases}, {tokens}, {rate})", out)


def code_of(call: str, out: Path) -> str:
    """The cell that calls a function of this file and leaves what it returns in another file."""
    return (
        "import importlib.util, json\n"
        f"spec = importlib.util.spec_from_file_location('streaming', {str(Path(__file__).resolve())!r})\n"
        "streaming = importlib.util.module_from_spec(spec); spec.loader.exec_module(streaming)\n"
        f"figures = streaming.{call}\n"
        f"_ = open({str(out)!r}, 'w').write(json.dumps(figures))\n"
    )


def in_kernel(tokens: int, rate: float, runs: int) -> dict[str, dict[str, Any]]:
    """The share of kernel time, in a kernel whose messages are read as fast as they come.

    The stream alone stands for the network: what waiting for its tokens costs when nobody listens.
    """
    print(f"{'kernel time of the stream, median of ' + str(runs):42} {'CPU s':>7} {'wall s':>7} {'share':>7} {'over alone':>11} {'ratio':>7} {'messages':>9} {'all there':>10}")  # fmt: skip
    found = {}
    for phases in (1, 5):
        rows = {screen: one_screen(screen, phases, tokens, rate, runs) for screen in SCREENS}
        alone, first = rows["the stream alone"][0], rows["10 a second"][0]
        for screen, (cpu, wall, messages, whole) in rows.items():
            there = "-" if whole is None else "yes" if whole else "NO"
            name = f"{phases} phase{'s' * (phases > 1)}, {screen}"
            print(f"{name:42} {cpu:7.2f} {wall:7.1f} {cpu / wall:7.1%} {(cpu - alone) / wall:11.1%} {cpu / first:7.2f} {messages:9,} {there:>10}", flush=True)  # fmt: skip
            found[name] = {"cpu_s": cpu, "wall_s": wall, "to_10_a_second": cpu / first, "messages": messages}
            found[name] |= {"share": cpu / wall, "over_alone": (cpu - alone) / wall, "complete": whole}
    print(
        "bound for 10 a second: 5 % of wall over the stream alone, whose waiting is this script's and no network's"
    )
    return found


def one_screen(
    screen: str, phases: int, tokens: int, rate: float, runs: int
) -> tuple[float, float, int, bool | None]:
    """Medians of CPU and wall seconds, messages of the last run, and whether all tokens are in the panel."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
    from conftest import Kernel  # the same real kernel that the tests use

    cpus, walls, messages, whole = [], [], 0, None
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            kernel, out = Kernel(Path(folder)), Path(folder) / "figures.json"
            try:
                ran = kernel.run(code(screen, phases, tokens, rate, out), timeout=900)
                if ran.status != "ok":
                    raise SystemExit(ran.traceback)
            finally:
                kernel.stop()
            figures = json.loads(out.read_text())
        cpus.append(figures["cpu"])
        walls.append(figures["wall"])
        messages = len(ran.messages)
        if screen in SCREENS[:2]:
            words = set(ran.displays[-1]["text/plain"].split())
            whole = whole is not False and all(f"w{n}" in words for n in range(tokens // phases * phases))
    return statistics.median(cpus), statistics.median(walls), messages, whole


def over_the_api(
    tokens: int, rate: float, runs: int, together: int, tls: bool, joined: bool
) -> dict[str, Any]:
    """The same through HTTP, server-sent events and the client library, from a server in another process that
    sends so many tokens together in one event."""
    from conftest import Kernel
    from trustme import CA

    script = Path(__file__).parents[1] / "servers" / "messages_server.py"
    text = "Scripted: ok. " + "".join(f"w{n:05d} " for n in range(tokens))
    reply = {"text": text, "chunk": 7 * together, "delay": together / rate, "sticky": True}
    rows = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as name, socket.socket() as probe:
            folder, out = Path(name), Path(name) / "figures.json"
            short = {"text": "Scripted: a first answer."}
            (folder / "script.json").write_text(json.dumps([short, reply]))
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            probe.close()
            scheme, trusting = "http", ""
            command = [
                sys.executable,
                str(script),
                "--port",
                str(port),
                "--script",
                str(folder / "script.json"),
            ]
            if tls:
                authority, own = CA(), folder / "server.pem"
                authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(own))
                authority.cert_pem.write_to_path(str(folder / "authority.pem"))
                command += ["--tls", str(own)]
                scheme = "https"
                trusting = f"import os; os.environ['SSL_CERT_FILE'] = {str(folder / 'authority.pem')!r}\n"
            server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            kernel = Kernel(folder)
            try:
                call = f"measured_api_warm('{scheme}://127.0.0.1:{port}', {joined})"
                ran = kernel.run(trusting + code_of(call, out), timeout=900)
                if ran.status != "ok":
                    raise SystemExit(ran.traceback)
            finally:
                kernel.stop()
                server.terminate()
                server.wait(timeout=10)
            figures = json.loads(out.read_text())
            if figures["faults"]:
                raise SystemExit(figures["faults"])
            words = set(re.findall(r"w\d{5}", ran.displays[-1]["text/plain"]))
            rows.append(
                (figures["cpu"], figures["wall"], figures["deltas"], figures["start"], len(words) == tokens)
            )
    cpu, wall, deltas, start = (statistics.median(column) for column in list(zip(*rows, strict=True))[:4])
    there = "yes" if all(row[4] for row in rows) else "NO"
    name = f"1 phase, {scheme}, {together} token{'s' * (together > 1)} an event{'' if joined else ', not joined'}"
    print(f"{name:42} {cpu:7.2f} {wall:7.1f} {cpu / wall:7.1%} {cpu / tokens * 1e6:14.0f} {deltas:9,.0f} {start:15.2f} {there:>10}", flush=True)  # fmt: skip
    row = {"cpu_s": cpu, "wall_s": wall, "share": cpu / wall, "us_a_token": cpu / tokens * 1e6}
    return {**row, "deltas": deltas, "first_answer_s": start, "complete": there == "yes"}


def over_all_apis(tokens: int, rate: float, runs: int) -> dict[str, dict[str, Any]]:
    """Streams over HTTP and HTTPS, with and without joined chunks."""
    print(f"{'over the API, median of ' + str(runs):42} {'CPU s':>7} {'wall s':>7} {'share':>7} {'µs a token':>14} {'deltas':>9} {'first answer s':>15} {'all there':>10}")  # fmt: skip
    found = {}
    for scheme, tls in (("http", False), ("https", True)):
        joined = over_the_api(tokens, rate, runs, 1, tls, joined=True)
        apart = over_the_api(tokens, rate, runs, 1, tls, joined=False)
        joined["to_not_joined"] = joined["cpu_s"] / apart["cpu_s"]
        print(f"ratio, joined to not joined: {joined['to_not_joined']:.2f}", flush=True)
        together = over_the_api(tokens, rate, runs, 10, tls, joined=True)
        found |= {scheme: joined, f"{scheme}, not joined": apart, f"{scheme}, 10 an event": together}
    print("bound for the joined ones, with all that a real stream costs: 5 % of wall")
    return found


@contextmanager
def lab_page() -> Generator[tuple[Any, str, Path], None, None]:
    """A page of Chromium, the address of a JupyterLab, and the folder that it serves: those of the tests."""
    from playwright.sync_api import sync_playwright

    place = Path(__file__).parents[1] / "browser" / "conftest.py"
    spec = importlib.util.spec_from_file_location("browser_fixtures", place)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{place} cannot be loaded")
    fixtures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fixtures)
    if fixtures.CHROMIUM is None:
        raise SystemExit("Chromium is not installed: the lag was not measured (--kernel-only)")

    class Folders:
        def mktemp(self, name: str) -> Path:
            return Path(tempfile.mkdtemp(prefix=f"{name}-"))

    served = fixtures.lab.__wrapped__(Folders())
    address, folder = next(served)
    try:
        with sync_playwright() as running:
            browser = running.chromium.launch(executable_path=fixtures.CHROMIUM, args=fixtures.FLAGS)
            yield browser.new_page(viewport={"width": 1200, "height": 1500}), address, folder
            browser.close()
    finally:
        served.close()


def in_browser(tokens: int, rate: float, runs: int) -> dict[str, dict[str, Any]]:
    """The lag on a page of JupyterLab, and whether all is there at the end."""
    import nbformat

    print(f"{'lag in JupyterLab, median of ' + str(runs):42} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8} {'end s':>7} {'all there':>10}")  # fmt: skip
    found = {}
    with lab_page() as (page, address, folder):
        for phases in (1, 5):
            for screen in SCREENS[:2]:
                rows = []
                for run in range(runs):
                    name = f"stream-{phases}-{SCREENS.index(screen)}-{run}"
                    source = code(screen, phases, tokens, rate, folder / f"{name}.json")
                    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
                    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
                    nbformat.write(book, folder / f"{name}.ipynb")
                    rows.append(streamed(page, address, folder, name, tokens // phases * phases))
                figures = [statistics.median(column) for column in zip(*rows, strict=True)]
                there = "yes" if all(row[4] == 1.0 for row in rows) else "NO"
                label = f"{phases} phase{'s' * (phases > 1)}, {screen}"
                print(f"{label:42} {figures[0] * 1e3:8.0f} {figures[1] * 1e3:8.0f} {figures[2] * 1e3:8.0f} {figures[3]:7.1f} {there:>10}", flush=True)  # fmt: skip
                names = ("lag_p50_s", "lag_p95_s", "lag_max_s", "end_s")
                found[label] = {**dict(zip(names, figures[:4], strict=True)), "complete": there == "yes"}
    print("bound for 10 a second: 1,000 ms at 95 %; `end`: from the last token to the complete final panel")
    return found


def streamed(
    page: Any, address: str, folder: Path, name: str, tokens: int
) -> tuple[float, float, float, float, float]:
    """One stream on one page: lag at 50 %, 95 % and at most, time to the final panel, 1.0 if all is there."""
    from playwright.sync_api import TimeoutError

    page.goto(f"{address}/lab/tree/{name}.ipynb?token=loopback-only&reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)
    page.wait_for_function(READY, timeout=60_000)
    page.click(".jp-Notebook .jp-CodeCell >> nth=0")
    page.evaluate(OBSERVE)
    page.keyboard.press("Shift+Enter")
    final = f"() => [...document.querySelectorAll('.jp-OutputArea-output section')].some(s => /w{tokens - 1}(?!\\d)/.test(s.textContent))"
    try:
        page.wait_for_function(final, timeout=(tokens / 100 + 60) * 1000, polling=200)
    except TimeoutError:  # what the page holds then is measured all the same
        print(f"  {name}: the final panel did not come", flush=True)
    shown = time.time()
    samples = page.evaluate("() => window.samples")
    text = page.evaluate("() => document.querySelector('.jp-OutputArea').textContent")
    words = set(re.findall(r"w\d+", text))
    born = json.loads((folder / f"{name}.json").read_text())["born"]
    numbers = [number for number, _ in samples]
    best = list(itertools.accumulate(numbers, max))
    lags = []
    for token, birth in enumerate(born):
        place = bisect.bisect_left(best, token)
        lags.append((samples[place][1] if place < len(samples) else shown) - birth)
    lags.sort()
    whole = all(f"w{n}" in words for n in range(tokens))
    return lags[len(lags) // 2], lags[int(len(lags) * 0.95)], lags[-1], shown - born[-1], float(whole)


def measure(
    tokens: int = 20_000, rate: float = 1_000.0, runs: int = 3, kernel_only: bool = False
) -> dict[str, dict[str, dict[str, Any]]]:
    """All streams; those on a page need Chromium. Prints each row as soon as it is there."""
    found = {"kernel": in_kernel(tokens, rate, runs), "api": over_all_apis(tokens, rate, runs)}
    if not kernel_only:
        found["page"] = in_browser(tokens, rate, runs)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=1_000.0)
    parser.add_argument("--kernel-only", action="store_true")
    options = parser.parse_args()
    measure(options.tokens, options.rate, options.runs, options.kernel_only)


if __name__ == "__main__":
    main()
