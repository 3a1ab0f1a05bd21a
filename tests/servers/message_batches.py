"""Message batches of the scripted server: made, looked at, listed, canceled, and read as JSON Lines in another order.

As documented: https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from request_rules import Refused

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")
MOST = 100_000
Result = dict[str, Any]


class MessageBatches:
    """The batches of one server.

    Attributes
    ----------
    looks
        How often a batch is looked at before it has ended.
    held
        Batches that do not end until this is False.
    archived
        Whether the results of those that ended are no longer kept.
    """

    def __init__(self, answer: Callable[[Mapping[str, Any]], Result], url: Callable[[], str]) -> None:
        self._answer, self._url = answer, url
        self._lock = threading.Lock()
        self.looks, self.held, self.archived = 1, False, False
        self.made: dict[str, dict[str, Any]] = {}

    @property
    def params(self) -> list[Any]:
        """The bodies of all requests in all batches, in the order in which they came."""
        return [one["params"] for batch in self.made.values() for one in batch["requests"]]

    def create(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A new batch. Raises Refused for what the API refuses as a whole; the requests are judged later."""
        requests = given.get("requests")
        if set(given) - {"requests"} or not isinstance(requests, list) or not 1 <= len(requests) <= MOST:
            raise Refused("requests: a list of 1 to 100000 requests is required, and nothing else")
        names = [one.get("custom_id") for one in requests]
        for one, name in zip(requests, names, strict=True):
            if set(one) != {"custom_id", "params"} or not NAME.fullmatch(str(name)):
                raise Refused(f"requests: custom_id and params are required; custom_id: {name!r}")
            if one["params"].get("stream"):
                raise Refused("requests.params.stream: streaming is not supported in a batch")
        if len(set(names)) < len(names):
            raise Refused("requests: custom_id must be unique within a batch")
        with self._lock:
            identity = f"msgbatch_scripted_{len(self.made) + 1}"
            now = datetime.now(UTC)
            self.made[identity] = {
                "requests": requests,
                "looks": 0,
                "made": now,
                "results": None,
                "ending": "",
            }
        return self.described(identity)

    def described(self, identity: str) -> dict[str, Any]:
        """A batch as the API describes it; the counts move only when all of it has ended."""
        batch = self.made[identity]
        results = batch["results"]
        counts = dict.fromkeys(COUNTS, 0)
        for result in results or ():
            counts[result["result"]["type"]] += 1
        counts["processing"] = 0 if results is not None else len(batch["requests"])
        status = "ended" if results is not None else "canceling" if batch["ending"] else "in_progress"
        ended = results is not None
        return {
            "id": identity, "type": "message_batch", "processing_status": status, "request_counts": counts,
            "created_at": batch["made"].isoformat(), "expires_at": (batch["made"] + timedelta(days=1)).isoformat(),
            "ended_at": datetime.now(UTC).isoformat() if ended else None, "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": f"{self._url()}/v1/messages/batches/{identity}/results" if ended and not self.archived else None,
        }  # fmt: skip

    def look(self, identity: str) -> dict[str, Any]:
        """The batch, which ends when it was looked at often enough."""
        with self._lock:
            batch = self.made[identity]
            batch["looks"] += 1
            if batch["results"] is None and batch["looks"] >= self.looks and not self.held:
                batch["results"] = [self._result(one, batch["ending"]) for one in batch["requests"]]
        return self.described(identity)

    def list(self) -> dict[str, Any]:
        """All batches, the newest first."""
        data = [self.described(identity) for identity in reversed(self.made)]
        return {"data": data, "has_more": False, "first_id": None, "last_id": None}

    def cancel(self, identity: str) -> dict[str, Any]:
        self.made[identity]["ending"] = "canceled"
        return self.described(identity)

    def lines(self, identity: str) -> bytes:
        """The results, one on a line, the last request first."""
        lines = [json.dumps(result) for result in reversed(self.made[identity]["results"])]
        return "".join(f"{line}\n" for line in lines).encode()

    def _result(self, one: Mapping[str, Any], ending: str) -> dict[str, Any]:
        result = {"type": ending} if ending else self._answer(one["params"])
        return {"custom_id": one["custom_id"], "result": result}
