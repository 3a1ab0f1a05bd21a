"""What sessions of a sweep ask of a model, on disk: what waits, was sent and came back, and what it cost."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TABLE = """CREATE TABLE IF NOT EXISTS asked (
    id INTEGER PRIMARY KEY, notebook TEXT NOT NULL, fingerprint TEXT NOT NULL, cause TEXT, body TEXT,
    size INTEGER NOT NULL, token TEXT, begun REAL, most REAL, batch TEXT, result TEXT, why TEXT, usd REAL)"""
_INDEX = "CREATE INDEX IF NOT EXISTS asked_notebook ON asked (notebook)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Requests that were about to be sent as one batch.

    `token` begins their names in it, `begun` is when that was (seconds since 1970).
    """

    token: str
    begun: float
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """How many answers came by batches and directly, and what they cost in US dollars, as far as known.

    `cache_usd` is for having the server keep what many requests begin with.
    """

    by_batch: int
    batch_usd: float
    directly: int
    direct_usd: float
    cache_usd: float


class Outbox:
    """The requests in a journal. Each is written before it is sent, and its result as soon as it is there."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.execute(_TABLE)
        db.execute(_INDEX)

    # --- of one notebook ----------------------------------------------------------------------------------

    def ask(self, notebook: str, fingerprint: str, cause: str | None, body: Mapping[str, Any]) -> None:
        """Keep a request until it is sent."""
        text = json.dumps(body, ensure_ascii=True)
        self._db.execute(
            "INSERT INTO asked (notebook, fingerprint, cause, body, size) VALUES (?, ?, ?, ?, ?)",
            (notebook, fingerprint, cause, text, len(text)),
        )

    def waits(self, notebook: str, fingerprint: str) -> bool:
        """Whether a request of the notebook as it is now has no result. One of an earlier state is dropped,
        unless it was sent."""
        self._db.execute(
            "DELETE FROM asked WHERE notebook = ? AND fingerprint <> ? AND token IS NULL AND result IS NULL",
            (notebook, fingerprint),
        )
        found = self._db.execute(
            "SELECT 1 FROM asked WHERE notebook = ? AND fingerprint = ? AND result IS NULL",
            (notebook, fingerprint),
        )
        return found.fetchone() is not None

    def exchanges(self, notebook: str, fingerprint: str) -> list[dict[str, Any]]:
        """What was sent for the notebook as it is now, and what came back, in order."""
        found = self._db.execute(
            "SELECT body, result, usd, why FROM asked"
            " WHERE notebook = ? AND fingerprint = ? AND result IS NOT NULL ORDER BY id",
            (notebook, fingerprint),
        )
        return [
            {"messages": json.loads(body)["messages"], "result": json.loads(result), "usd": usd, "why": why}
            for body, result, usd, why in found
        ]

    def close(self, notebook: str) -> None:
        """Its row is final: what was said is no longer needed, what it cost is."""
        self._db.execute(
            "UPDATE asked SET body = NULL, result = '{}' WHERE notebook = ? AND result IS NOT NULL",
            (notebook,),
        )

    # --- of a batch ---------------------------------------------------------------------------------------

    def unsent(self) -> Iterator[tuple[int, int]]:
        """Ids and sizes in bytes of the chosen requests that were not sent, those of a group together."""
        yield from self._db.execute(
            "SELECT id, size FROM asked JOIN wanted USING (notebook)"
            " WHERE token IS NULL AND result IS NULL ORDER BY cause, id"
        ).fetchall()

    def body(self, identity: int) -> dict[str, Any]:
        """The body of a request."""
        (text,) = self._db.execute("SELECT body FROM asked WHERE id = ?", (identity,)).fetchone()
        found: dict[str, Any] = json.loads(text)
        return found

    def notebook(self, identity: int) -> str:
        """The notebook whose request it is."""
        (name,) = self._db.execute("SELECT notebook FROM asked WHERE id = ?", (identity,)).fetchone()
        return str(name)

    def intend(self, most: Mapping[int, float | None], token: str, begun: float) -> None:
        """Note that these are about to be sent, each with the most that it can cost."""
        self._db.execute("BEGIN")
        self._db.executemany(
            "UPDATE asked SET token = ?, begun = ?, most = ? WHERE id = ?",
            [(token, begun, usd, identity) for identity, usd in most.items()],
        )
        self._db.execute("COMMIT")

    def withdraw(self, token: str) -> None:
        """They were not sent."""
        self._db.execute("UPDATE asked SET token = NULL WHERE token = ?", (token,))

    def sent(self, token: str, batch: str | None) -> None:
        """They are in that batch; with None, they are not in the one where they were looked for."""
        self._db.execute("UPDATE asked SET batch = ? WHERE token = ? AND result IS NULL", (batch, token))

    def doubtful(self) -> list[Intent]:
        """What was about to be sent when a sweep ended, so that it may have arrived or not."""
        found = self._db.execute(
            "SELECT token, MIN(begun), COUNT(*) FROM asked"
            " WHERE token IS NOT NULL AND batch IS NULL AND result IS NULL GROUP BY token"
        )
        return [Intent(token=token, begun=begun, requests=count) for token, begun, count in found]

    def batches(self, *, open_only: bool = True) -> list[str]:
        """Ids of the batches, or of those whose results have not come."""
        only = "AND result IS NULL" if open_only else ""
        found = self._db.execute(
            f"SELECT batch FROM asked WHERE batch IS NOT NULL {only} GROUP BY batch ORDER BY MIN(id)"  # noqa: S608
        )
        return [batch for (batch,) in found]

    def names(self, batch: str) -> dict[str, int]:
        """The requests of a batch that have no result, by their names in it."""
        found = self._db.execute(
            "SELECT id, token FROM asked WHERE batch = ? AND result IS NULL", (batch,)
        ).fetchall()
        return {name_of(token, identity): identity for identity, token in found}

    def answer(self, identity: int, result: Mapping[str, Any], usd: float | None, why: str = "") -> None:
        """Write what came of a request; `why` says why it was asked directly."""
        self._db.execute(
            "UPDATE asked SET result = ?, usd = ?, why = ? WHERE id = ?",
            (json.dumps(result, ensure_ascii=True), usd, why, identity),
        )

    def paid(self, usd: float | None) -> None:
        """Count what the cache cost, for all notebooks together."""
        self._db.execute(
            "INSERT INTO asked (notebook, fingerprint, size, result, usd) VALUES ('', '', 0, '{}', ?)", (usd,)
        )

    # --- of all -------------------------------------------------------------------------------------------

    def left_open(self) -> int:
        """How many of the chosen notebooks wait for an answer, or for being run with it."""
        (count,) = self._db.execute(
            "SELECT COUNT(DISTINCT notebook) FROM asked JOIN wanted USING (notebook)"
            " WHERE body IS NOT NULL AND (token IS NOT NULL OR result IS NOT NULL)"
        ).fetchone()
        return int(count)

    def spent(self) -> float:
        """US dollars for all results."""
        (usd,) = self._db.execute("SELECT COALESCE(SUM(usd), 0) FROM asked").fetchone()
        return float(usd)

    def bound(self) -> float:
        """The most that what is on its way can cost, in US dollars."""
        (usd,) = self._db.execute(
            "SELECT COALESCE(SUM(most), 0) FROM asked WHERE token IS NOT NULL AND result IS NULL"
        ).fetchone()
        return float(usd)

    def total(self) -> Paid:
        """What the answers were, and cost."""

        def of(what: str) -> tuple[int, float]:
            found = self._db.execute(
                f"SELECT COUNT(*), COALESCE(SUM(usd), 0) FROM asked WHERE result IS NOT NULL AND {what}"  # noqa: S608
            )
            count, usd = found.fetchone()
            return int(count), float(usd)

        by_batch, batch_usd = of("why = ''")
        directly, direct_usd = of("why <> ''")
        return Paid(
            by_batch=by_batch,
            batch_usd=batch_usd,
            directly=directly,
            direct_usd=direct_usd,
            cache_usd=of("why IS NULL")[1],
        )


def name_of(token: str, identity: int) -> str:
    """The name of a request in its batch."""
    return f"{token}-{identity}"
