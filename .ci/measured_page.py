"""Writes docs/measured.md from the figures in tests/benchmarks/last.json: `python .ci/measured_page.py`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LAST = ROOT / "tests" / "benchmarks" / "last.json"
PAGE = ROOT / "docs" / "measured.md"
Figures = Mapping[str, Any]


def page(last: Figures) -> str:
    """The page: a section for each benchmark that has run, and that is one for readers."""
    machine, versions = last["machine"], last["versions"]
    cores = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}"
    parts = [
        "# Measured",
        "Every figure on this page is one of `tests/benchmarks/last.json`. "
        "`python tests/benchmarks/all.py --write` measures them, and `python .ci/measured_page.py` writes\n"
        "this page. Times are medians.",
        f"{cores}. {', '.join(f'{name} {version}' for name, version in versions.items())}.",
    ]
    for name, (title, write) in SECTIONS.items():
        figures = last["benchmarks"].get(name)
        if figures is not None:
            parts += [f"## {title}", _when(name, last), *write(figures)]
    return "\n\n".join(parts) + "\n"


def _when(name: str, last: Figures) -> str:
    run = last.get("runs", {}).get(name, {"date": last["date"]})
    busy = f", at a load of {run['load']:g} of other work when it began" if "load" in run else ""
    there = run.get("machine", last["machine"])
    where = "" if there == last["machine"] else f", on another machine ({there['processor']})"
    return f"`tests/benchmarks/{name}.py`, {run['date']}{where}{busy}."


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _ms(value: float) -> str:
    return f"{value:,.1f} ms" if abs(value) < 100 else f"{value:,.0f} ms"


def _cells(figures: Figures) -> Iterator[str]:
    yield _table(
        ("a cell that passes", "round trip", "to a plain one"),
        ((f"`{name}`", _ms(row["ms"]), f"{row['to_plain']:.2f}") for name, row in figures.items()),
    )


def _start(figures: Figures) -> Iterator[str]:
    yield (
        f"IPython starts in {_ms(figures['bare_ms'])}, and in {_ms(figures['loaded_ms'])} with "
        f"`%load_ext cot_magic`: {figures['loaded_to_bare']:.2f} times as long."
    )


def _guard(figures: Figures) -> Iterator[str]:
    costs = {name: row for name, row in figures.items() if "to_plain" in row}
    yield _table(
        (
            "cell that runs again",
            "without the guard",
            "with it",
            "difference",
            "ratio",
            "difference the first time",
        ),
        (
            (
                name.removeprefix("cell of "),
                _ms(row["plain_ms"]),
                _ms(row["guarded_ms"]),
                _ms(row["over_ms"]),
                f"{row['to_plain']:.2f}",
                _ms(row["first_over_ms"]) if "first_over_ms" in row else "",
            )
            for name, row in costs.items()
        ),
    )
    yield (
        "Differences and ratios are medians over pairs, one cell without and one with the guard. "
        "The first time, nothing is known of a cell yet, and it is rehearsed for\n"
        "`guard_ms`; that was measured once for each."
    )
    stops = {name: row for name, row in figures.items() if "crashing" in row}
    if stops:
        yield "Cells that crash, and cells that do not (`tests/support/guard_cells.py`), without a model:"
        yield _table(
            (
                "",
                "crashing cells stopped",
                "healthy cells stopped",
                "until the error is shown",
                "lines of crashing cells run",
            ),
            (
                (
                    name,
                    f"{row['stopped']} of {row['crashing']}",
                    f"{row['false_stops']} of {row['healthy']}",
                    _ms(row["median_ms"]),
                    f"{row['lines_run']}",
                )
                for name, row in stops.items()
            ),
        )


def _schedules(figures: Figures) -> Iterator[str]:
    yield _table(
        ("program", "plain asyncio", "cot-magic", "detangle", "cot-magic to detangle"),
        (
            (
                f"`{name}`",
                f"{row['plain']:,.0f}",
                f"{row['ours']:,.0f}",
                f"{row['detangle']:,.0f}",
                f"{row['ours_to_detangle']:.2f}",
            )
            for name, row in figures.items()
        ),
    )
    yield (
        "Schedules in a second of the processor. Below, how many seeds find the failure within 1,000 "
        "schedules, and at which schedule (median). In its default,\n"
        "detangle lets timers fire in their order, with which these programs do not fail; with late timers "
        "they may fire 0.1 s late."
    )
    sides = ("found", "detangle_found", "detangle_late_found")
    yield _table(
        ("program", "cot-magic", "detangle", "detangle, late timers"),
        ((f"`{name}`", *(_found(row, key) for key in sides)) for name, row in figures.items()),
    )


def _found(row: Figures, key: str) -> str:
    if key not in row:
        return "not measured"
    return f"{row[key]:.0%}, at {row[f'{key}_at']:g}" if row[key] else "0%"


def _sweep(figures: Figures) -> Iterator[str]:
    seconds = " and ".join(f"{value:,.0f} s with {workers}" for workers, value in figures["seconds"].items())
    yield (
        f"A sweep over {figures['notebooks']} generated notebooks, on {figures['processors']} processors: "
        f"{seconds} workers (ratio {figures['two_to_one']:.2f}); {figures['same_results']} ended alike."
    )


def _fleet(figures: Figures) -> Iterator[str]:
    mib = " and ".join(f"{value:,.0f} MiB with {count}" for count, value in figures["mib"].items())
    yield (
        f"{figures['notebooks']} generated notebooks, on two local workers (the sweep killed in the middle "
        "and resumed) and on a Dask\n"
        f"cluster of two (one worker killed in the middle): {figures['lost']} lost, "
        f"{figures['doubles']} twice, {figures['differ']} with another result. "
        f"The coordinator had at most {mib}."
    )


def _memory(figures: Figures) -> Iterator[str]:
    sizes = ", ".join(figures["peak_kib"])
    rows = figures["row_kb"]
    yield (
        f"The process that coordinates a sweep holds {figures['kib_a_notebook']:.2f} KiB more for each "
        f"notebook more ({sizes} notebooks, with rows of 20 KB):\nits path and settings, and no row. The row "
        f"of a notebook of two cells has {rows['passes']:.1f} KB as JSON Lines if every cell passes, and "
        f"{rows['verified']:.1f} KB if one\nfails and a fix is verified. One worker takes "
        f"{figures['seconds']['passes']:.2f} s for one that passes, its kernel included, and "
        f"{figures['seconds']['verified']:.2f} s\nfor one that fails and is mended."
    )


CHART_COLUMNS = 40


def _chart(figures: Figures) -> str:
    """Bars of what each tool that ran did with the failing cells, and of the time that it takes to load."""
    ran = {name: row for name, row in figures.items() if "failing" in row}
    width = max(map(len, ran), default=0)
    most = max((row["load_cpu_ms"] for row in ran.values()), default=0.0) or 1.0
    lines = ["failing cells, each one █ if mended, ░ if only stopped before its first line, · if neither"]
    for name, row in ran.items():
        mended, stopped = row["mended"], max(0, row["stopped"] - row["mended"])
        rest = row["failing"] - mended - stopped
        lines.append(f"{name:{width}}  {'█' * mended}{'░' * stopped}{'·' * rest}")
    lines += ["", "processor time to load"]
    for name, row in ran.items():
        bar = "█" * max(1, round(row["load_cpu_ms"] / most * CHART_COLUMNS))
        lines.append(f"{name:{width}}  {bar} {_ms(row['load_cpu_ms'])}")
    return "\n".join(["```text", *lines, "```"])


def _rivals(figures: Figures) -> Iterator[str]:
    def row(name: str, found: Figures) -> tuple[str, ...]:
        missing = found.get("not_installed") or found.get("not_loaded")
        if missing:
            why = " ".join(str(missing).split()).replace("|", "/")
            said = "did not install" if "not_installed" in found else "did not load"
            return (f"`{name}`", f"{said}: {why}", "", "", "", "", "")
        of = f"of {found['failing']}"
        return (
            f"`{name}`",
            f"{found['packages']:,}",
            f"{found['mb']:,.0f} MB",
            _ms(found["load_cpu_ms"]),
            f"{found['cell_to_plain']:.2f}",
            f"{found['stopped']} {of}",
            f"{found['mended']} {of}",
        )

    yield _table(
        (
            "tool",
            "packages",
            "on disk",
            "load, processor time",
            "passing cell to a plain one",
            "stopped",
            "mended",
        ),
        (row(name, found) for name, found in figures.items() if "cell_ms" not in found or "failing" in found),
    )
    yield _chart(figures)
    yield (
        "Each in an environment of its own, beside ipykernel, without a model, key or server: nothing is "
        "said of what a model would add.\n"
        "*Stopped*: failing cells that ended before their first line. *Mended*: failing cells for which "
        "something that the tool applies or prints passes\na hidden test."
    )


SECTIONS = {
    "light_start": ("Starting", _start),
    "cell_overhead": ("A cell", _cells),
    "guard": ("The guard, and crane-llm", _guard),
    "sweep_workers": ("Workers of a sweep", _sweep),
    "sweep_memory": ("Memory and rows of a sweep", _memory),
    "sweep_fleet": ("A sweep that is killed", _fleet),
    "rivals": ("Other tools, without a model", _rivals),
    "explore_rate": ("Schedules, and detangle", _schedules),
}


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(LAST.read_text(encoding="utf-8"))), encoding="utf-8")
