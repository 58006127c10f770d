"""What the engine and the kernel say of containers: how weak they are, and what can be reached from where."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from toolkit.stack import docker

CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
# Says of each HOST:PORT whether the server that should be there answers: on the way there may be a proxy that accepts
# connections to anything. PostgreSQL gets a request for TLS, Redis a PING.
ASK = """
import socket, sys
for place in sys.argv[1:]:
    host, port = place.rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), 3) as server:
            server.settimeout(3)
            server.sendall(bytes.fromhex("0000000804d2162f") if port == "5432" else b"PING\\r\\n")
            print(place, server.recv(1) in (b"S", b"N", b"-", b"+"))
    except OSError:
        print(place, False)
"""


def weaknesses(about: dict[str, Any]) -> set[str]:
    """What is weak about a running container, by its configuration and by what the kernel says of its processes."""
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
    """Whether anything but its being read-only keeps the root user from writing the root filesystem."""
    command = ["docker", "exec", "--user=0", container, "sh", "-c", "echo planted >/planted"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "Read-only file system" not in done.stderr


def reached_from_here(places: list[str]) -> set[str]:
    """Those of the places, HOST:PORT, at which a server answers this machine."""
    done = subprocess.run([sys.executable, "-c", ASK, *places], capture_output=True, text=True, check=True)
    return answered(done.stdout, places)


def reached_from_container(container: str, places: list[str]) -> set[str]:
    """Those at which a server answers a running container that has Python."""
    return answered(docker("exec", container, "python", "-c", ASK, *places), places)


def reached_from_network(network: str, image: str, places: list[str]) -> set[str]:
    """Those at which a server answers a new container in that network, from an image that has Python."""
    options = ("--rm", f"--network={network}", "--entrypoint=python")
    return answered(docker("run", *options, image, "-c", ASK, *places), places)


def answered(printed: str, places: list[str]) -> set[str]:
    """The places of which the output says so; it has to speak of all."""
    said = dict(line.split() for line in printed.splitlines())
    assert set(said) == set(places), printed
    return {place for place, word in said.items() if word == "True"}
