"""The tree of cot-magic's own errors; a failure of the user's code is a value, never one of these.

CotError
├── UsageError          a wrong option, path or name given by the person: one line, exit code 2
│   ├── UnknownOption     the nearest known option is named
│   └── UnknownPlugin     no reasoner, sandbox, renderer or rule of that name
├── NotebookError       the notebook cannot be read, run or written
├── SandboxError        the confinement could not be set up; nothing generated was run
├── ReasonerError       a reasoner broke its contract or its service failed
├── ServiceFault        a request to the server of a model failed permanently; `kind` says how
├── RecordingError      a recording cannot be read: damaged, or of a newer version
└── MissingExtra        an optional dependency is not installed; the install line is in the message
"""


class CotError(Exception):
    """Base of all errors that cot-magic raises itself. Its message is one line: what, where, what to do."""


class UsageError(CotError):
    """The person asked for something that does not exist or cannot be done."""


class UnknownOption(UsageError):
    """An option that is not known; nothing ran."""

    def __init__(self, option: str, nearest: str | None) -> None:
        self.option, self.nearest = option, nearest
        hint = f"did you mean {nearest}?" if nearest else "%%cot? lists the options"
        super().__init__(f"unknown option {option}: {hint} Nothing was run.")


class UnknownPlugin(UsageError):
    """No plugin of that role has that name."""

    def __init__(self, role: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no {role} is called {name!r}: choose one of {', '.join(known) or 'none'}.")


class NotebookError(CotError):
    """A notebook cannot be read, run or written; the message names the file and the remedy."""


class SandboxError(CotError):
    """The confinement could not be built. It fails closed: no generated code ran."""


class ReasonerError(CotError):
    """A reasoner broke the order of phases, or its service failed permanently."""


class ServiceFault(CotError):
    """A request to a model's server failed, and retrying did not or would not help.

    Attributes
    ----------
    kind
        What went wrong, for programs: `rate_limit`, `credentials_rejected`, `stalled`, …
    retry_after
        Seconds to wait before retrying, as the server says, or None.
    """

    def __init__(self, message: str, *, kind: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind, self.retry_after = kind, retry_after


class RecordingError(CotError):
    """A line of a recording cannot be decoded."""


class MissingExtra(CotError):
    """An optional dependency is missing; says the exact install line."""

    def __init__(self, extra: str, package: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'cot-magic[{extra}]'")
