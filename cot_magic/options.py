"""The options of magics and command line: how they are read, and what they set."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from cot_magic.core.errors import UnknownOption, UsageError
from cot_magic.core.language import AUTO, LANGUAGES
from cot_magic.settings import DEFAULT_MODEL, EFFORTS, INSERT, PLATFORMS, PRESETS, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option: its name, how its value is read (None: a flag), and its help line."""

    name: str
    read: Callable[[str], Any] | None
    help: str
    metavar: str = ""

    @property
    def field(self) -> str:
        return self.name.removeprefix("--").replace("-", "_")


def _number(kind: type[int] | type[float], least: float) -> Callable[[str], Any]:
    def read(text: str) -> int | float:
        value = kind(text.replace("_", "").replace(",", ""))
        if not value >= least:
            raise ValueError(f"at least {least:g}")
        return value

    return read


def _choice(*names: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in names:
            raise ValueError("one of " + ", ".join(names))
        return text

    return read


def _allow(text: str) -> tuple[str, ...]:
    parts = tuple(part for part in text.split(",") if part)
    for part in parts:
        if part not in ("net", "proc", "unconfined") and not (
            part.startswith("write=") and len(part) > len("write=")
        ):
            raise ValueError("a list of net, proc, write=PATH, unconfined")
    return parts


def _seed(text: str) -> int | str:
    """A number, or the token of a schedule."""
    if text.startswith("cot1-"):
        return text
    if not text.replace("_", "").replace(",", "").isdigit():
        raise ValueError("a number or a token (cot1-…)")
    return int(_number(int, 0)(text))


OPTIONS = (
    Option(
        name="--reasoner",
        read=str,
        metavar="NAME",
        help="auto (claude if there is a credential, else offline), claude, offline, replay:FILE",
    ),
    Option(name="--model", read=str, metavar="MODEL", help=f"model to ask, else {DEFAULT_MODEL}"),
    Option(
        name="--platform",
        read=_choice(*PLATFORMS),
        metavar="NAME",
        help="where the model runs: anthropic, bedrock, vertex or foundry",
    ),
    Option(
        name="--budget",
        read=_number(int, 1),
        metavar="TOKENS",
        help="thinking tokens of each request: a limit where the model takes one, else a target",
    ),
    Option(
        name="--effort",
        read=_choice(*EFFORTS),
        metavar="LEVEL",
        help="how much a model thinks, where it has levels: " + ", ".join(EFFORTS),
    ),
    Option(
        name="--max-cost",
        read=_number(float, 0),
        metavar="USD",
        help="stop before the request that could exceed it (list price)",
    ),
    Option(
        name="--personal",
        read=_choice("mask", "show"),
        metavar="mask|show",
        help="whether e-mail addresses, phone, card, IBAN and social security numbers are withheld",
    ),
    Option(
        name="--schedules",
        read=_number(int, 1),
        metavar="N",
        help="orders of tasks and threads to try, even if the cell passes",
    ),
    Option(
        name="--seed",
        read=_seed,
        metavar="S",
        help="seed of the search over schedules, or a token (cot1-…) to replay",
    ),
    Option(
        name="--runs",
        read=_number(int, 1),
        metavar="N",
        help="run the cell N times, also one that passes: how often it fails, and what decides",
    ),
    Option(
        name="--timeout",
        read=_number(float, 0.1),
        metavar="S",
        help="time limit of each run in a copy, in seconds",
    ),
    Option(name="--insert", read=_choice(*INSERT), metavar="WHAT", help="ask, fix, tests, all or none"),
    Option(name="--preview", read=None, help="show the exact first request to a model; send nothing"),
    Option(name="--teach", read=None, help="a lesson: predict each phase before you see it, with cot_answer"),
    Option(
        name="--language",
        read=_choice(*LANGUAGES, AUTO),
        metavar="en|de|auto",
        help="of lessons and of the commonest explanations; auto is that of the environment (LANG)",
    ),
    Option(name="--save", read=str, metavar="PATH", help="write the session to PATH (.cot.jsonl)"),
    Option(
        name="--rehearse",
        read=None,
        help="run the cell in a copy of the kernel first; if it fails there, it does not run here",
    ),
    Option(
        name="--certify",
        read=None,
        help="after a fix, run the whole notebook with it in a fresh, confined kernel",
    ),
    Option(
        name="--certify-limit",
        read=_number(float, 0.1),
        metavar="S",
        help="seconds that a cell may take in a certificate; dearer cells are asked about first",
    ),
    Option(
        name="--allow",
        read=_allow,
        metavar="LIST",
        help="let copies use net, proc, write=PATH; unconfined: run them where nothing can confine them",
    ),
)
_BY_NAME = {option.name: option for option in OPTIONS}
_OPTION = re.compile(r"(--[A-Za-z][\w-]*)(?:=(.*))?", re.DOTALL)
_TOKEN = re.compile(r"""\s*((?:--[A-Za-z][\w-]*=(?:"[^"]*"|'[^']*'))\S*|\S+)""")


def parse(line: str, defaults: Settings) -> Settings:
    """The settings that the line of a magic asks for, on top of the defaults.

    Options may be anywhere in the free text. Text in double quotes or backquotes, or after a lone `--`, is
    never an option. Raises UnknownOption naming the nearest one, UsageError for an invalid value.
    """
    values: dict[str, Any] = {}
    text: list[str] = []
    position, literal = 0, False
    while match := _TOKEN.match(line, position):
        word, start = match[1], match.start(1)
        position = match.end()
        option = _OPTION.fullmatch(word)
        if literal or option is None or _quoted(line, start):
            literal = literal or word == "--"
            text.append(line[match.start() : match.end()])
            continue
        found = _known(option[1])
        value = option[2]
        if found.read is not None and value is None:
            following = re.compile(r"""\s+("[^"]*"|'[^']*'|\S+)""").match(line, position)
            if following is None or following[1].startswith("--"):
                raise UsageError(
                    f"{found.name} needs a value: {found.name} {found.metavar}. Nothing was run."
                )
            value, position = following[1], following.end()
        values[found.field] = read_value(found, value)
    return replace(defaults, prompt="".join(text).strip(), **values)


def read_value(option: Option, value: str | None) -> Any:
    """The value of an option from its string. Raises UsageError saying what is expected."""
    if option.read is None:
        if value is not None:
            raise UsageError(f"{option.name} takes no value. Nothing was run.")
        return True
    import shlex

    try:
        unquoted = shlex.split(value or "")[0] if (value or "")[:1] in ("'", '"') else value or ""
        return option.read(unquoted)
    except ValueError as error:
        reason = (
            str(error)
            if "invalid literal" not in str(error) and "could not" not in str(error)
            else "a number"
        )
        raise UsageError(f"{option.name} {value}: expected {reason}. Nothing was run.") from None


def configure(settings: Settings, line: str) -> Settings:
    """Defaults changed by `key=value` pairs, as in `%cot_config`. Raises UnknownOption or UsageError."""
    import shlex

    for pair in shlex.split(line):
        key, sign, value = pair.partition("=")
        name = "--" + key.strip().replace("_", "-")
        if not sign:
            raise UsageError(f"{pair!r}: expected key=value, for example insert=all.")
        if key == "snapshots":
            settings = (
                replace(settings, snapshots=_choice("on", "off")(value) == "on")
                if value in ("on", "off")
                else _bad()
            )
        elif key == "snapshot_limit_mb":
            settings = replace(settings, snapshot_limit_mb=int(value)) if value.isdigit() else _bad()
        elif key == "guard_ms":
            settings = replace(settings, guard_ms=int(value)) if value.isdigit() else _bad()
        elif key == "traceback":
            settings = replace(settings, traceback=value) if value in ("below", "above") else _bad()
        elif key == "intensity":
            settings = replace(settings, intensity=value) if value in PRESETS else _bad()
        else:
            option = _known(name)
            settings = replace(settings, **{option.field: _default(option, value)})
    return settings


def _default(option: Option, value: str) -> Any:
    """The default that a pair sets. `off` turns a flag off, or resets a value that is optional."""
    unset = getattr(Settings(), option.field)
    if value in ("off", "false") and unset in (None, (), False):
        return unset
    if option.read is None and value in ("on", "true"):
        return True
    return read_value(option, value)


def described(settings: Settings) -> str:
    """The settings as `key=value` lines, for people."""
    return "\n".join(
        f"{field.name}={getattr(settings, field.name)}"
        for field in fields(settings)
        if field.name != "prompt"
    )


def _bad() -> Settings:
    raise UsageError(
        "expected snapshots=on|off, snapshot_limit_mb=MB, guard_ms=MS, traceback=below|above or "
        "intensity=cot|cot+|cot++."
    )


def _known(name: str) -> Option:
    option = _BY_NAME.get(name.lower())
    if option is None:
        import difflib

        nearest = difflib.get_close_matches(name.lower(), _BY_NAME, n=1, cutoff=0.4)
        raise UnknownOption(name, nearest[0] if nearest else None)
    return option


def _quoted(line: str, position: int) -> bool:
    """Whether the position is between two double quotes or two backquotes."""
    return any(line.count(mark, 0, position) % 2 and mark in line[position:] for mark in ('"', "`"))
