"""The rules for every image of the project, which are checked on the built image."""

import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from docker import DockerClient

from tasks.compose.images import BuiltImage

BUDGET_BYTES = 80 * 1000 * 1000
LABELS = ("org.opencontainers.image.revision", "org.opencontainers.image.version")
PROGRAM_FOLDERS = re.compile(r"(^|/)s?bin$|(^|/)libexec(/|$)")
# Programs that install or compile; also with a version or an architecture, as gcc-14 and x86_64-linux-gnu-as.
TOOLS = (
    *("apt", "apt-get", "aptitude", "dpkg", "rpm", "yum", "dnf", "microdnf", "apk", "zypper", "pacman"),
    *("pip", "pipx", "uv", "uvx", "poetry", "conda", "npm", "npx", "yarn", "pnpm", "corepack", "gem", "cargo"),
    *("cc", "gcc", "g++", "c++", "cpp", "clang", "tcc", "ld", "as", "make", "cmake", "ninja", "rustc", "go"),
)
TOOL = re.compile(rf"(?:[a-z0-9_]+-linux-gnu-)?({'|'.join(map(re.escape, TOOLS))})(?:-?\d[\d.]*)?")
INSTALLERS = re.compile(r"(^|/)(?:site|dist)-packages/(pip|uv|conda)/__init__\.py$|(^|/)ensurepip/__init__\.py$")


def violations(image: BuiltImage, over_base: int | None, files: list[str]) -> list[str]:
    """The rules that an image breaks; `over_base` is its bytes over those of its base, if known."""
    return [*_configuration(image.configuration), *_contents(over_base, files)]


def files(client: DockerClient, image: str) -> list[str]:
    """The paths of an image's files, without the leading slash; nothing of the image is run."""
    # Never started; an image without an entry point needs a command to be accepted.
    container: str = client.api.create_container(image, command=["none"])["Id"]
    try:
        with tempfile.TemporaryFile() as file:
            for chunk in client.api.export(container):
                file.write(chunk)
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                return [member.name.removeprefix("./") for member in archive if not member.isdir()]
    finally:
        client.api.remove_container(container, v=True, force=True)


def _configuration(image: dict[str, Any]) -> Iterator[str]:
    user = str(image.get("User") or "")
    number = user.partition(":")[0]
    # Kubernetes can only check of a number that it is not root.
    if not number.isdecimal() or not int(number):
        yield f"its user is {user or 'not set, so root'}: set a number other than 0, USER 10001:10001"
    # Without a health check, a container whose process hangs is taken to be healthy.
    if ((image.get("Healthcheck") or {}).get("Test") or ["NONE"])[0] == "NONE":
        yield "it has no HEALTHCHECK"
    command = image.get("Entrypoint") or image.get("Cmd") or [""]
    if not command[0]:
        yield "it has no entry point: ENTRYPOINT [...]"
    # A shell would keep signals from the process.
    elif PurePosixPath(command[0]).name in {"sh", "bash", "dash"} and "-c" in command:
        yield f"its first process is a shell: {' '.join(command[:2])}; write ENTRYPOINT [...]"
    # They identify the source of a running container.
    if missing := [name for name in LABELS if not (image.get("Labels") or {}).get(name)]:
        yield f"labels without a value: {', '.join(missing)}; commit, then: nox -s images -- build"


def _contents(over_base: int | None, files: list[str]) -> Iterator[str]:
    # Every node pulls these bytes at each release.
    if over_base is None:
        yield "its base is unknown: name it in a build argument such as PYTHON_IMAGE"
    elif over_base > BUDGET_BYTES:
        yield f"it has {megabytes(over_base)} MB over its base; the budget is {megabytes(BUDGET_BYTES)} MB"
    # An intruder would use them first.
    if tools := sorted(path for path in files if _is_tool(path)):
        yield f"it can install or compile: {', '.join(tools[:8])}{' ...' if len(tools) > 8 else ''}"


def _is_tool(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    is_program = PROGRAM_FOLDERS.search(folder) is not None and TOOL.fullmatch(name) is not None
    return is_program or INSTALLERS.search(path) is not None


def megabytes(count: int) -> str:
    """A number of bytes in millions."""
    return f"{count / 1_000_000:.1f}"
