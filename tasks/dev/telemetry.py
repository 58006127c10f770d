"""Keeps the last log lines, spans and metrics of the application in memory, within bounds."""

import json
import re
import sqlite3
import time
from collections import deque
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from importlib import import_module
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from tasks.core import screen

# Of the lines, and of the spans.
LARGEST_DATABASE = 12 * 1024 * 1024
LONGEST_TEXT = 16 * 1024
LARGEST_RESPONSE = 500
LEVELS = ("debug", "info", "warning", "error", "critical")
# In lines of programs that are no JSON.
PLAIN_LEVEL = re.compile(r"\b(DEBUG|INFO|WARN|ERROR|CRITICAL|FATAL)(?:ING)?\b|\w(Error|Exception): ")
SAMPLE_SECONDS = 2.0
SAMPLES = 150
FETCH_SECONDS = 5.0
DECODING = "tasks.dev.decoding"
SCHEMA = """
ATTACH ':memory:' AS traces;
CREATE TABLE lines (
    id INTEGER PRIMARY KEY, at REAL, service TEXT, level INTEGER, text TEXT, request TEXT, trace TEXT, span TEXT
);
CREATE INDEX lines_of_requests ON lines (request) WHERE request != '';
CREATE INDEX lines_of_traces ON lines (trace) WHERE trace != '';
CREATE TABLE traces.spans (
    id INTEGER PRIMARY KEY, trace TEXT, span TEXT, parent TEXT, service TEXT, name TEXT, at REAL, milliseconds REAL,
    failed INTEGER, attributes TEXT
);
CREATE INDEX traces.spans_of_traces ON spans (trace);
"""
# The newest that match. An empty filter matches everything.
LINES = """
SELECT * FROM lines
WHERE id > :after AND level >= :level
    AND (:service = '' OR service = :service)
    AND (:text = '' OR instr(lower(text), lower(:text)))
    AND (:request = '' OR request = :request)
    AND (:trace = '' OR trace = :trace)
    AND (:span = '' OR span = :span)
ORDER BY id DESC LIMIT :limit
"""
# Of the newest spans, to be quick however many are kept. The first span has the name.
TRACES = """
SELECT trace, count(*) AS spans, max(failed) AS failed, group_concat(DISTINCT service) AS services, min(at) AS at,
    (SELECT max(at + milliseconds / 1000) FROM spans AS every WHERE every.trace = spans.trace) AS end, name
FROM spans WHERE trace IN (SELECT trace FROM spans ORDER BY id DESC LIMIT 2000)
GROUP BY trace ORDER BY at DESC LIMIT 200
"""
TRACE = "SELECT * FROM spans WHERE trace = :id ORDER BY at, id LIMIT 2000"
COUNTS = "SELECT (SELECT count(*) FROM lines), (SELECT count(*) FROM spans)"
# The number of pages of each database, of its free pages, and their size in bytes.
PAGES = {
    "main": ("PRAGMA main.page_count", "PRAGMA main.freelist_count", "PRAGMA main.page_size"),
    "traces": ("PRAGMA traces.page_count", "PRAGMA traces.freelist_count", "PRAGMA traces.page_size"),
}
ADD_LINE = "INSERT INTO lines VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)"
ADD_SPAN = "INSERT INTO spans VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
OLDEST_LINES = "DELETE FROM lines WHERE id <= (SELECT min(id) + (max(id) - min(id)) / 10 FROM lines)"
OLDEST_SPANS = "DELETE FROM spans WHERE id <= (SELECT min(id) + (max(id) - min(id)) / 10 FROM spans)"


class Store:
    """Lines and spans in databases in memory, used by several threads; the oldest are deleted when one is full."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.executescript(SCHEMA)
        self._samples: dict[str, deque[tuple[float, Any]]] = {}

    def add_line(self, service: str, line: str) -> None:
        """Keep a line of a log."""
        entry = screen.parse(line) or {}
        text = screen.details(entry).plain if entry else screen.render(line).plain
        ids = (screen.printable(entry.get(name) or "") for name in ("request_id", "trace_id", "span_id"))
        row = (_seconds(entry.get("timestamp")), service, _level(entry, text), text[:LONGEST_TEXT], *ids)
        with self._lock:
            self._database.execute(ADD_LINE, row)
            self._shrink("main", OLDEST_LINES)

    def add_spans(self, body: bytes) -> None:
        """Keep the spans of a request of OTLP. Raises ValueError if it is none."""
        rows = list(import_module(DECODING).spans(body))
        with self._lock:
            self._database.executemany(ADD_SPAN, rows)
            self._shrink("traces", OLDEST_SPANS)

    def add_metrics(self, service: str, url: str) -> None:
        """Keep the metrics at the URL, if there are any."""
        text = fetch(url)
        with suppress(LookupError, ValueError):
            if text is not None:
                totals = import_module(DECODING).totals(text)
                self._samples.setdefault(service, deque(maxlen=SAMPLES)).append((time.time(), totals))

    def lines(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The newest lines that match, oldest first; `after` is the ID of a line, `level` the lowest level."""
        names = ("service", "text", "request", "trace", "span")
        level, after = query.get("level", ""), query.get("after", "")
        filters = {
            **{name: query.get(name, "") for name in names},
            "level": LEVELS.index(level) if level in LEVELS else 0,
            "after": int(after[:15]) if after.isdecimal() else 0,
            "limit": LARGEST_RESPONSE,
        }
        return [{**row, "level": LEVELS[row["level"]]} for row in reversed(self._select(LINES, filters))]

    def traces(self, _query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The newest traces, newest first."""
        return self._select(TRACES, {})

    def trace(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The spans of the trace with this `id`, in the order of their start."""
        found = self._select(TRACE, {"id": query.get("id", "")})
        return [{**row, "attributes": json.loads(row["attributes"])} for row in found]

    def metrics(self, _query: Mapping[str, str]) -> dict[str, list[dict[str, float | None]]]:
        """The points of each service's charts: requests and errors per second, durations in ms."""
        point = import_module(DECODING).point
        kept = {service: list(samples) for service, samples in list(self._samples.items())}
        return {service: list(map(point, samples, samples[1:])) for service, samples in kept.items()}

    def size(self) -> dict[str, int]:
        """How many lines and spans are kept, the bytes that they use, and the most that they may use."""
        [counts] = self._select(COUNTS, {})
        with self._lock:
            used = self._used_bytes("main") + self._used_bytes("traces")
        lines, spans = counts.values()
        return {"lines": lines, "spans": spans, "bytes": used, "limit": 2 * LARGEST_DATABASE}

    def _select(self, statement: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
        with self._lock, closing(self._database.execute(statement, values)) as cursor:
            return [dict(row) for row in cursor]

    def _shrink(self, schema: str, statement: str) -> None:
        """Delete the oldest until the database is within its bound; its free pages are used again."""
        while self._used_bytes(schema) > LARGEST_DATABASE:
            self._database.execute(statement)

    def _used_bytes(self, schema: str) -> int:
        pages, free, size = (self._database.execute(statement).fetchone()[0] for statement in PAGES[schema])
        return int((pages - free) * size)


def fetch(url: str) -> str | None:
    """The text at a URL of this machine; None if there is none."""
    parts = urlsplit(url)
    try:
        with closing(HTTPConnection(parts.netloc, timeout=FETCH_SECONDS)) as connection:
            connection.request("GET", parts.path)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
    except (OSError, HTTPException):
        return None
    return text if response.status == 200 else None


def _level(entry: Mapping[str, Any], text: str) -> int:
    """The position in LEVELS; that of a line that is no JSON by its text."""
    name = str(entry.get("level", "")).lower()
    if not entry and (found := PLAIN_LEVEL.search(text)):
        name = (found[1] or "error").lower()
    name = {"warn": "warning", "fatal": "critical"}.get(name, name)
    return LEVELS.index(name) if name in LEVELS else LEVELS.index("info")


def _seconds(stamp: object) -> float:
    """The Unix time of an ISO 8601 stamp, or now."""
    with suppress(ValueError):
        return datetime.fromisoformat(str(stamp)).timestamp()
    return time.time()
