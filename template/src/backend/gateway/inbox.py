"""The inbox of development: a page with the last mail of the application, and the same as JSON for tests."""

import asyncio
import json
from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from shared.mail import INBOX
from shared.settings import is_loopback

POLL_SECONDS = 0.02
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Inbox</title>
<style>body {{ font: 1rem/1.5 system-ui; margin: 2rem auto; max-width: 50rem }} pre {{ white-space: pre-wrap }}</style>
<h1>Inbox</h1><p>Mail of this application in development, newest first.</p>{mails}</html>"""
MAIL = "<article><h2>{subject}</h2><p>To {to}, {received_at}</p><pre>{text}</pre><p>{links}</p></article>"

POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


async def require_local(request: Request) -> None:
    """Dependency: 404 if the request has the name of another machine: names of others may have our address."""
    if not is_loopback(f"http://{request.headers['host']}"):
        raise HTTPException(404, "The inbox is only at http://localhost or an address of this machine")


router = APIRouter(prefix="/inbox", include_in_schema=False, dependencies=[Depends(require_local)])


@router.get("")
async def get_inbox(request: Request) -> HTMLResponse:
    """A page with the last mail."""
    mails = "".join(map(_article, await _mails(request, "")))
    return HTMLResponse(PAGE.format(mails=mails or "<p>No mail yet.</p>"), headers=POLICY)


@router.get("/messages")
async def get_messages(
    request: Request, to: str = "", number: int = 1, wait: Annotated[float, Query(ge=0, le=30)] = 0
) -> list[dict[str, Any]]:
    """The last mail, or that to an address, newest first; waits some seconds for this number of them."""
    found = await _mails(request, to.lower())
    for _ in range(round(wait / POLL_SECONDS)):
        if len(found) >= number:
            break
        await asyncio.sleep(POLL_SECONDS)
        found = await _mails(request, to.lower())
    return found


async def _mails(request: Request, to: str) -> list[dict[str, Any]]:
    state = request.app.state
    key = f"{state.redis_prefix}{INBOX}" + (f":{to}" if to else "")
    return [json.loads(each) for each in await state.redis.lrange(key, 0, -1)]


def _article(mail: dict[str, Any]) -> str:
    links = " ".join(f'<a href="{escape(each)}">{escape(each)}</a>' for each in mail["links"])
    texts = {name: escape(str(mail[name])) for name in ("subject", "received_at", "text")}
    return MAIL.format(**texts, to=escape(", ".join(mail["to"])), links=links)
