"""Asks OSV, or another source that answers as it does, for advisories about packages."""

import os
from typing import Any

import requests

from tasks.checks.security.scan import Skipped
from tasks.core.errors import UserError

SOURCE = "https://api.osv.dev/v1/query"
TIMEOUT_SECONDS = 15


def source() -> str:
    """The address that OSV_URL names, or OSV's; a UserError where anybody could answer in its place."""
    address = os.environ.get("OSV_URL", SOURCE)
    if not address.startswith(("https://", "http://127.0.0.1:")):
        raise UserError(f"OSV_URL is {address}; it must begin with https://")
    return address


def probe(address: str, ecosystem: str, name: str, version: str) -> None:
    """Ask about a version that every source has advisories for; a UserError where it answers without them."""
    if not known(address, ecosystem, name, version):
        raise UserError(
            f"{address} knows nothing about {name} {version}: it is no source of advisories; correct OSV_URL."
        )


def known(address: str, ecosystem: str, name: str, version: str) -> list[dict[str, Any]]:
    """The advisories about a version of a package, of all pages; Skipped where the source cannot be reached."""
    query: dict[str, Any] = {"package": {"name": name, "ecosystem": ecosystem}, "version": version}
    found: list[dict[str, Any]] = []
    while True:
        answer = _answer(address, query)
        found += answer.get("vulns", [])
        if not answer.get("next_page_token"):
            return found
        query["page_token"] = answer["next_page_token"]


def _answer(address: str, query: dict[str, Any]) -> Any:
    try:
        answer = requests.post(address, json=query, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json()
    except requests.RequestException as error:
        raise Skipped(
            f"the advisories at {address} cannot be reached ({type(error).__name__}); "
            "run this where they can, or set OSV_URL to another source."
        ) from None
