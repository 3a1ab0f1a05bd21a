"""HTTP traffic on tape: recorded with its timing, and played back through the SDK's own parser."""

import base64
import difflib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cot_magic.core.errors import RecordingError, UsageError

if TYPE_CHECKING:
    import httpx2

VARIABLE = "COT_MAGIC_CASSETTE"  # record:PATH or replay:PATH, for development
_KEPT_HEADERS = ("content-type", "content-encoding", "request-id", "retry-after", "retry-after-ms")
_CREDENTIALS = ("authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie")
_WITHHELD = b"(credential removed)"
_LEAST = 8  # minimum length of a credential
_FORMAT = 1


def unchanged(text: str) -> str:
    """The text itself: redaction that removes nothing."""
    return text


@dataclass(slots=True)
class Tape:
    """Requests and their answers, in a JSON file.

    Request headers, and credentials with them, are never stored; a credential that a server repeats in its
    answer is removed. The body is stored as redacted by `scrub`, and later requests are compared with that.
    """

    path: Path
    scrub: Callable[[str], str] = unchanged
    entries: list[dict[str, Any]] = field(default_factory=list)
    played: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, scrub: Callable[[str], str] = unchanged) -> "Tape":
        """The tape in a file. Raises RecordingError if the file is not a tape."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["format"] != _FORMAT:
                raise RecordingError(
                    f"{path}: format {stored['format']} is newer than this version of cot-magic can read."
                )
            return cls(path=path, scrub=scrub, entries=list(stored["entries"]))
        except OSError as error:
            raise RecordingError(f"cannot read {path}: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise RecordingError(f"{path} is not a tape of HTTP traffic: {error}") from error

    def write(self) -> None:
        """Replace the file as a whole, so an interrupted write does no damage.

        Raises UsageError if the file cannot be written.
        """
        draft = self.path.with_name(self.path.name + ".part")
        text = json.dumps({"format": _FORMAT, "entries": self.entries}, indent=1, ensure_ascii=False)
        try:
            # a lone surrogate is written as an escape, which JSON reads as the same surrogate
            draft.write_text(text, encoding="utf-8", errors="backslashreplace")
            os.replace(draft, self.path)
        except OSError as error:
            raise UsageError(f"{VARIABLE}: cannot write {self.path}: {error.strerror}.") from None

    def readable(self, method: str, path: str, raw: bytes) -> dict[str, Any]:
        """The form in which a request is stored."""
        text = self.scrub(raw.decode("utf-8", "replace"))
        try:
            body = json.loads(text) if text else None
        except ValueError:
            body = text
        return {"method": method, "path": path, "body": body}

    def find(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request.

        Equal requests get their answers in recorded order, and then the last one again and again. Raises
        RecordingError, with the difference from the most similar request, if the request is not on the tape.
        """
        key = _key(request)
        fitting = [entry for entry in self.entries if _key(entry["request"]) == key]
        if not fitting:
            raise RecordingError(self._difference(request))
        number = self.played.get(key, 0)
        self.played[key] = number + 1
        return fitting[min(number, len(fitting) - 1)]

    def _difference(self, request: Mapping[str, Any]) -> str:
        said = f"{self.path}: no answer is recorded for {request['method']} {request['path']}: record again."
        wanted = _pretty(request)
        known = [
            _pretty(entry["request"]) for entry in self.entries if entry["request"]["path"] == request["path"]
        ]
        if not known:
            return said
        nearest = max(known, key=lambda one: difflib.SequenceMatcher(None, one, wanted).ratio())
        lines = list(difflib.unified_diff(nearest, wanted, "recorded", "asked", lineterm="", n=1))
        return "\n".join([said, *(line[:200] for line in lines[:40])])


def setting_of(given: str | None) -> str:
    """The argument, or the environment variable if it is None; "" for no cassette."""
    return os.environ.get(VARIABLE, "") if given is None else given


def transport_of(
    setting: str, *, scrub: Callable[[str], str] = unchanged, pace: float = 0.0
) -> "httpx2.BaseTransport | None":
    """The transport for `record:PATH` or `replay:PATH`, or None for "".

    Raises UsageError for any other setting and if the tape cannot be written, RecordingError if it cannot be
    read.
    """
    if not setting:
        return None
    mode, _, path = setting.partition(":")
    if mode == "record" and path:
        tape = Tape(path=Path(path), scrub=scrub)
        tape.write()  # fails before anything is sent
        return recording_transport(tape)
    if mode == "replay" and path:
        return replaying_transport(Tape.read(Path(path), scrub), pace=pace)
    raise UsageError(f"{VARIABLE}={setting}: expected record:PATH or replay:PATH. Nothing was sent.")


def recording_transport(tape: Tape, inner: "httpx2.BaseTransport | None" = None) -> "httpx2.BaseTransport":
    """Sends requests, and records them with the pieces of their answers and the timing."""
    import httpx2

    class Tee(httpx2.SyncByteStream):
        def __init__(self, stream: Any, entry: dict[str, Any], credentials: tuple[bytes, ...]) -> None:
            self.stream, self.entry, self.start = stream, entry, time.monotonic()
            self.credentials = credentials

        def __iter__(self) -> Iterator[bytes]:
            try:
                for piece in self.stream:
                    after = round(time.monotonic() - self.start, 3)
                    self.entry["pieces"].append({"after": after, **_stored(piece)})
                    yield piece
            except httpx2.TransportError as error:
                self.entry["broken"] = type(error).__name__
                raise

        def close(self) -> None:
            self.stream.close()
            self.entry["pieces"] = _without(self.credentials, self.entry["pieces"])
            tape.write()

    class TapeRecorder(httpx2.BaseTransport):
        def __init__(self) -> None:
            self.inner = inner or httpx2.HTTPTransport()

        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            asked = tape.readable(request.method, request.url.path, request.read())
            request.headers["accept-encoding"] = "identity"  # people read tapes too
            response = self.inner.handle_request(request)
            kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
            entry = {"request": asked, "status": response.status_code, "headers": kept, "pieces": []}
            tape.entries.append(entry)
            headers = [
                (name, value) for name, value in response.headers.raw if name.lower() != b"content-length"
            ]
            return httpx2.Response(
                response.status_code,
                headers=headers,
                stream=Tee(response.stream, entry, _credentials(request.headers)),
                extensions=response.extensions,
            )

        def close(self) -> None:
            self.inner.close()

    return TapeRecorder()


def replaying_transport(tape: Tape, *, pace: float = 0.0) -> "httpx2.BaseTransport":
    """Answers requests from the tape, never from a server.

    Parameters
    ----------
    pace
        1.0: as fast as recorded; 2.0: twice as fast; 0: at once.
    """
    import httpx2

    class Play(httpx2.SyncByteStream):
        def __init__(self, entry: Mapping[str, Any]) -> None:
            self.entry = entry

        def __iter__(self) -> Iterator[bytes]:
            start = time.monotonic()
            for piece in self.entry["pieces"]:
                if pace:
                    time.sleep(max(0.0, piece["after"] / pace - (time.monotonic() - start)))
                yield _bytes(piece)
            broken = getattr(httpx2, str(self.entry.get("broken")), None)
            if broken is not None:
                raise broken(f"replayed {self.entry['broken']}")

    class TapePlayer(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            entry = tape.find(tape.readable(request.method, request.url.path, request.read()))
            return httpx2.Response(entry["status"], headers=entry["headers"], stream=Play(entry))

    return TapePlayer()


def _key(request: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def _pretty(request: Mapping[str, Any]) -> list[str]:
    return json.dumps(request, indent=1, sort_keys=True, ensure_ascii=False).splitlines()


def _credentials(headers: Mapping[str, str]) -> tuple[bytes, ...]:
    """The secrets in a request's headers, without their scheme; not those so short that they may be part of a
    word."""
    values = (headers[name].rpartition(" ")[2] for name in _CREDENTIALS if name in headers)
    return tuple(value.encode("utf-8") for value in values if len(value) >= _LEAST)


def _without(credentials: tuple[bytes, ...], pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pieces without credentials; joined into one if there was one, since it may span two pieces."""
    whole = b"".join(map(_bytes, pieces))
    cleared = whole
    for credential in credentials:
        cleared = cleared.replace(credential, _WITHHELD)
    return pieces if cleared == whole else [{"after": pieces[-1]["after"], **_stored(cleared)}]


def _stored(piece: bytes) -> dict[str, str]:
    """Bytes as text if they are UTF-8, otherwise in base64."""
    try:
        return {"text": piece.decode("utf-8")}
    except UnicodeDecodeError:  # a piece may end in the middle of a character
        return {"base64": base64.b64encode(piece).decode("ascii")}


def _bytes(piece: Mapping[str, Any]) -> bytes:
    return base64.b64decode(piece["base64"]) if "base64" in piece else str(piece["text"]).encode("utf-8")
