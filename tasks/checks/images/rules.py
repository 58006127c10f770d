"""What every image of the project must be like, asked of the built image itself."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from tasks.compose.images import BuiltImage

BUDGET_BYTES = 80 * 1000 * 1000
LABELS = ("org.opencontainers.image.revision", "org.opencontainers.image.version")
PROGRAM_FOLDERS = re.compile(r"(^|/)s?bin$|(^|/)libexec(/|$)")
# Programs that install or compile; also gcc-14, and x86_64-linux-gnu-as.
TOOLS = (
    *("apt", "apt-get", "aptitude", "dpkg", "rpm", "yum", "dnf", "microdnf", "apk", "zypper", "pacman"),
    *("pip", "pipx", "uv", "uvx", "poetry", "conda", "npm", "npx", "yarn", "pnpm", "corepack", "gem", "cargo"),
    *("cc", "gcc", "g++", "c++", "cpp", "clang", "tcc", "ld", "as", "make", "cmake", "ninja", "rustc", "go"),
)
TOOL = re.compile(rf"(?:[a-z0-9_]+-linux-gnu-)?({'|'.join(map(re.escape, TOOLS))})(?:-?\d[\d.]*)?")
INSTALLERS = re.compile(r"(^|/)(?:site|dist)-packages/(pip|uv|conda)/__init__\.py$|(^|/)ensurepip/__init__\.py$")


@dataclass(frozen=True)
class Facts:
    """What is known of an image: the image, how much it has over its base, and its files."""

    image: BuiltImage
    over_base: int | None
    files: list[str]


def complaints(facts: Facts) -> list[str]:
    """What is wrong with the image, a line each."""
    return [complaint for check in CHECKS for complaint in check(facts)]


def user(facts: Facts) -> list[str]:
    """Kubernetes can tell only of a number that it is not root."""
    name = str(facts.image.configuration.get("User") or "")
    number = name.partition(":")[0]
    if not number.isdecimal():
        return [f"its user is {name or 'root, as none is set'}: set a number, USER 10001:10001"]
    return [] if int(number) else ["its user is root: USER 10001:10001"]


def health_check(facts: Facts) -> list[str]:
    """A container without one counts as healthy when its process hangs."""
    test = (facts.image.configuration.get("Healthcheck") or {}).get("Test") or ["NONE"]
    return ["it has no HEALTHCHECK"] if test[0] == "NONE" else []


def entry_point(facts: Facts) -> list[str]:
    """A shell in between would keep signals from the process."""
    words = facts.image.configuration.get("Entrypoint") or facts.image.configuration.get("Cmd") or []
    if not words:
        return ["it has no entry point: ENTRYPOINT [...]"]
    is_shell = PurePosixPath(words[0]).name in {"sh", "bash", "dash"} and "-c" in words
    return [f"a shell is its first process: {' '.join(words[:2])}; write ENTRYPOINT [...]"] if is_shell else []


def labels(facts: Facts) -> list[str]:
    """Without them nobody can tell which source is running."""
    given = facts.image.configuration.get("Labels") or {}
    missing = [name for name in LABELS if not given.get(name)]
    return (
        [f"labels without a value: {', '.join(missing)}; nox -s images -- build takes them from git: commit first"]
        if missing
        else []
    )


def size(facts: Facts) -> list[str]:
    """What every node has to pull at each release."""
    if facts.over_base is None:
        return ["its base is not known: name it in a build argument such as PYTHON_IMAGE"]
    if facts.over_base <= BUDGET_BYTES:
        return []
    return [f"it has {megabytes(facts.over_base)} MB over its base; the budget is {megabytes(BUDGET_BYTES)} MB"]


def tools(facts: Facts) -> list[str]:
    """What an intruder would use first."""
    found = sorted(path for path in facts.files if _is_tool(path))
    return [f"it can install or compile: {', '.join(found[:8])}{' ...' if len(found) > 8 else ''}"] if found else []


CHECKS: tuple[Callable[[Facts], list[str]], ...] = (user, health_check, entry_point, labels, size, tools)


def megabytes(count: int) -> str:
    """A number of bytes in millions."""
    return f"{count / 1_000_000:.1f}"


def _is_tool(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    is_program = PROGRAM_FOLDERS.search(folder) is not None and TOOL.fullmatch(name) is not None
    return is_program or INSTALLERS.search(path) is not None
