"""A small source of advisories that answers as OSV does.

Its records are of the Python advisory database and of GitHub's advisory database (CC-BY 4.0), rewritten.
"""

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
# npm's records name ranges, and OSV finds the versions in them; the versions here are for this source alone.
GHSA_JF85: dict[str, Any] = {
    "schema_version": "1.7.3",
    "id": "GHSA-jf85-cpcp-j695",
    "summary": "defaultsDeep can be made to change what all objects inherit.",
    "aliases": ["CVE-2019-10744"],
    "modified": "2025-08-12T21:27:32Z",
    "published": "2019-07-10T19:45:23Z",
    "affected": [
        {
            "package": {"name": "lodash", "ecosystem": "npm", "purl": "pkg:npm/lodash"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "4.17.12"}]}],
            "versions": ["4.17.4", "4.17.11"],
        }
    ],
}
RECORDS = (PYSEC_2021_66, GHSA_JF85)
SECOND_PAGE = "second"


class Source(BaseHTTPRequestHandler):
    """Answers POST /v1/query, POST /pages on its second page only; /empty knows nothing, /broken is out of order."""

    def do_POST(self) -> None:
        """Answer with the records that are about this version of this package."""
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(self.answer(query)).encode()
        self.send_response(503 if self.path == "/broken" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def answer(self, query: dict[str, Any]) -> dict[str, Any]:
        """What is known, as OSV says it: nothing is an empty object."""
        if self.path == "/pages" and query.get("page_token") != SECOND_PAGE:
            return {"next_page_token": SECOND_PAGE}
        found = [record for record in RECORDS if concerns(record, query)] if self.path != "/empty" else []
        return {"vulns": found} if found else {}

    def log_message(self, *_arguments: object) -> None:
        """Stay silent."""


def concerns(record: dict[str, Any], query: dict[str, Any]) -> bool:
    """Whether a record is about the version that is asked about."""
    asked = query["package"]
    return any(
        (about["package"]["name"], about["package"]["ecosystem"]) == (asked["name"], asked["ecosystem"])
        and query["version"] in about["versions"]
        for about in record["affected"]
    )


class Server(ThreadingHTTPServer):
    """Accepts all connections of a scan at once."""

    request_queue_size = 64


@cache
def source() -> str:
    """Where the source answers as long as this process lives."""
    server = Server(("127.0.0.1", 0), Source)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
