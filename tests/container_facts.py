"""Facts about containers from the engine and the kernel: weaknesses, and which servers are reachable from where."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from toolkit.stack import docker

CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
# Prints for each HOST:PORT whether the expected server answers, as a proxy in between may accept any connection.
# PostgreSQL gets a request for TLS, which it accepts, Redis a PING with TLS, and a service a request for its liveness.
ASK = """
import socket, ssl, sys
stores = {"5432": (bytes.fromhex("0000000804d2162f"), (b"S",)), "6379": (b"PING\\r\\n", (b"-NOAUTH",))}
service = (b"GET /health HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n", (b'{"status":"ok"}',))
for place in sys.argv[1:]:
    host, port = place.rsplit(":", 1)
    request, answers = stores.get(port, service)
    try:
        with socket.create_connection((host, int(port)), 3) as server:
            server.settimeout(3)
            server = ssl._create_unverified_context().wrap_socket(server) if port == "6379" else server
            server.sendall(request)
            answer = server.makefile("rb").read(len(answers[0]) if port in stores else -1)
            print(place, any(each in answer for each in answers))
    except OSError:
        print(place, False)
"""


def weaknesses(about: dict[str, Any]) -> set[str]:
    """The weaknesses of a running container, by its configuration and the kernel's data on its processes."""
    host = about["HostConfig"]
    status = docker("exec", about["Id"], "cat", "/proc/1/status").splitlines()
    facts = {name: value.split() for name, _, value in (line.partition(":") for line in status)}
    users = {line.split()[1] for line in docker("top", about["Id"], "-eo", "pid,uid").splitlines()[1:]}
    checks = {
        "runs as root": "0" in users | set(facts["Uid"]),
        "has capabilities": any(int(facts[name][0], 16) for name in CAPABILITIES),
        "may gain privileges": facts["NoNewPrivs"] != ["1"],
        "is not kept from system calls": facts["Seccomp"] != ["2"],
        "lets its root be written": is_writable(about["Id"]),
        "is configured with a writable root": not host["ReadonlyRootfs"],
        "is configured with capabilities": host["CapDrop"] != ["ALL"] or bool(host["CapAdd"]),
        "is privileged": host["Privileged"],
    }
    return {name for name, is_so in checks.items() if is_so}


def is_writable(container: str) -> bool:
    """Whether the root filesystem is mounted writable."""
    command = ["docker", "exec", "--user=0", container, "sh", "-c", "echo planted >/planted"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "Read-only file system" not in done.stderr


def reached_from_here(places: list[str]) -> set[str]:
    """The places, HOST:PORT, that are reachable from this machine."""
    done = subprocess.run([sys.executable, "-c", ASK, *places], capture_output=True, text=True, check=True)
    return answered(done.stdout, places)


def reached_from_container(container: str, places: list[str]) -> set[str]:
    """The places that are reachable from a running container with Python."""
    return answered(docker("exec", container, "python", "-c", ASK, *places), places)


def reached_from_network(network: str, image: str, places: list[str]) -> set[str]:
    """The places that are reachable from a new container in a network, of an image with Python."""
    options = ("--rm", f"--network={network}", "--entrypoint=python")
    return answered(docker("run", *options, image, "-c", ASK, *places), places)


def answered(printed: str, places: list[str]) -> set[str]:
    """The reachable places in the output, which must list all."""
    found = dict(line.split() for line in printed.splitlines())
    assert set(found) == set(places), printed
    return {place for place, word in found.items() if word == "True"}
