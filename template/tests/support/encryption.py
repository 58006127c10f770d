"""A proxy with TLS, and certificates that are right or wrong for `localhost`."""

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import trustme

# The request of a client of PostgreSQL for TLS, and the answer of the server.
SSL_REQUEST = bytes.fromhex("0000000804d2162f")
ACCEPTED = b"S"


@dataclass(frozen=True)
class Certificates:
    """The authority that clients trust, another one, and files of keys and certificates: the right one, wrong ones."""

    authority: Path
    other_authority: Path
    right: Path
    wrong: dict[str, Path]


def make_certificates(folder: Path) -> Certificates:
    """Write the files into the folder."""
    trusted, other = trustme.CA(), trustme.CA()
    leaves = {
        "right": trusted.issue_cert("localhost"),
        "another authority": other.issue_cert("localhost"),
        "another name": trusted.issue_cert("other.example.org"),
        "expired": trusted.issue_cert("localhost", not_after=datetime(2001, 1, 1, tzinfo=UTC)),
    }
    files = {name: folder / name.replace(" ", "-") for name in leaves}
    for name, file in files.items():
        leaves[name].private_key_and_cert_chain_pem.write_to_path(file)
    authorities = folder / "authority", folder / "other-authority"
    trusted.cert_pem.write_to_path(authorities[0])
    other.cert_pem.write_to_path(authorities[1])
    return Certificates(*authorities, files.pop("right"), files)


@asynccontextmanager
async def encrypted(port: int, certificate: Path, *, on_request: bool) -> AsyncIterator[int]:
    """The port of a proxy with TLS for the server at `port`, as those of the wheels are built without.

    Clients of PostgreSQL send a request before the handshake.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def accept(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            if on_request and await reader.readexactly(len(SSL_REQUEST)) == SSL_REQUEST:
                writer.write(ACCEPTED)
                await writer.start_tls(context)
            answers, requests = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(copy(reader, requests), copy(answers, writer))
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=None if on_request else context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def copy(source: StreamReader, target: StreamWriter) -> None:
    """Copy until the end."""
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()
