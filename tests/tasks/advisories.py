"""A small source of advisories that answers as OSV does, with records of the Python advisory database (CC-BY 4.0)."""

import json
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PYSEC_2021_66: dict[str, Any] = {
    "schema_version": "1.5.0",
    "id": "PYSEC-2021-66",
    "summary": "A regular expression of the urlize filter takes very long for some texts.",
    "aliases": ["CVE-2020-28493", "SNYK-PYTHON-JINJA2-1012994"],
    "modified": "2021-03-22T16:34:00Z",
    "published": "2021-02-01T20:15:00Z",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI", "purl": "pkg:pypi/jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.11.3"}]}],
            "versions": ["2.9.4", "2.9.5", "2.9.6", "2.10", "2.10.1", "2.10.2", "2.10.3", "2.11.0", "2.11.1", "2.11.2"],
        }
    ],
}


class Source(BaseHTTPRequestHandler):
    """Answers POST /v1/query; POST /empty knows nothing about anything, POST /broken is out of order."""

    def do_POST(self) -> None:
        """Answer with the records that are about this version of this package."""
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        [about] = PYSEC_2021_66["affected"]
        known = query["package"]["name"] == about["package"]["name"] and query["version"] in about["versions"]
        answer = json.dumps({"vulns": [PYSEC_2021_66]} if known and self.path == "/v1/query" else {}).encode()
        self.send_response(503 if self.path == "/broken" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_words: object) -> None:
        """Stay silent."""


@cache
def source() -> str:
    """Where the source answers as long as this process lives."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Source)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
