"""The rows of a sweep on disk: what has run is not run again, and nothing is lost when it is killed."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from cot_magic.actions.sweep.outbox import Outbox
from cot_magic.core.errors import UsageError

_TABLE = """CREATE TABLE IF NOT EXISTS rows (
    notebook TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, usd REAL NOT NULL, cause TEXT, row TEXT NOT NULL)"""
_WANTED = "CREATE TEMP TABLE wanted (place INTEGER PRIMARY KEY, notebook TEXT UNIQUE)"


class Journal:
    """One SQLite file. A row is there whole or not at all, once a notebook.

    Attributes
    ----------
    outbox
        The requests to a model that a sweep sends in batches.

    Raises UsageError if the file is no journal or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute(_TABLE)
            self.outbox = Outbox(self._db)
        except sqlite3.Error as error:
            raise UsageError(
                f"{path}: cannot be used as a journal ({error}). Choose another --journal."
            ) from None

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._db.close()

    def knows(self, notebook: str, fingerprint: str) -> bool:
        """Whether the notebook has run as it is now, with the same settings, to an end."""
        found = self._db.execute("SELECT fingerprint FROM rows WHERE notebook = ?", (notebook,)).fetchone()
        return found is not None and found[0] == fingerprint

    def keep(self, notebook: str, fingerprint: str, row: dict[str, Any], *, paid: bool = False) -> None:
        """Write a row, or write it again; `paid` if the outbox counts what it cost."""
        usd = 0.0 if paid else float((row.get("usage") or {}).get("usd") or 0.0)
        text = json.dumps(row, ensure_ascii=True)
        self._db.execute(
            "REPLACE INTO rows VALUES (?, ?, ?, ?, ?)", (notebook, fingerprint, usd, row.get("group"), text)
        )

    def choose(self, notebooks: Iterable[str]) -> None:
        """From now on `rows` gives the rows of these notebooks, in this order."""
        self._db.execute("DROP TABLE IF EXISTS temp.wanted")
        self._db.execute(_WANTED)
        self._db.executemany(
            "INSERT OR IGNORE INTO wanted (notebook) VALUES (?)", ((name,) for name in notebooks)
        )

    def rows(self, group: str | None = None) -> Iterator[dict[str, Any]]:
        """The chosen rows that there are, or those of one group; one at a time is in memory."""
        only = "" if group is None else "WHERE cause = ?"
        found = self._db.execute(
            f"SELECT row FROM wanted JOIN rows USING (notebook) {only} ORDER BY place",  # noqa: S608
            () if group is None else (group,),
        )
        for (text,) in found:
            yield json.loads(text)

    def amend(self, notebook: str, row: dict[str, Any]) -> None:
        """Write a row again to which something was added; whether its notebook runs again does not change."""
        text = json.dumps(row, ensure_ascii=True)
        self._db.execute("UPDATE rows SET row = ? WHERE notebook = ?", (text, notebook))

    def row(self, notebook: str) -> dict[str, Any] | None:
        """The row of a notebook, by its path."""
        found = self._db.execute("SELECT row FROM rows WHERE notebook = ?", (notebook,)).fetchone()
        return json.loads(found[0]) if found is not None else None

    def groups(self) -> list[str]:
        """The groups of more than one of the chosen rows."""
        found = self._db.execute(
            "SELECT cause FROM wanted JOIN rows USING (notebook) WHERE cause IS NOT NULL"
            " GROUP BY cause HAVING COUNT(*) > 1 ORDER BY COUNT(*) DESC, cause"
        )
        return [str(cause) for (cause,) in found.fetchall()]

    def spent(self) -> float:
        """Dollars of all rows and of the requests in batches."""
        rows = self._db.execute("SELECT COALESCE(SUM(usd), 0) FROM rows").fetchone()[0]
        return float(rows) + self.outbox.spent()
