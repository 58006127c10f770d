"""Finds the source of a project's updates: the remote of this checkout, else the checkout itself."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from toolkit.git import git, git_setting

ANSWERS_FILE = ".copier-answers.yml"
SOURCE = re.compile(r"^_src_path:.*\n(?: .*\n)*", re.MULTILINE)
# With these Copier takes an address for a git repository; any other needs `git+`.
KNOWN_BEGINNINGS = ("git@", "git://", "git+", "https://github.com/", "https://gitlab.com/")


def has_changes(checkout: Path) -> bool:
    """Whether the checkout has uncommitted changes."""
    return (checkout / ".git").exists() and git(checkout, "status", "--porcelain") != ""


def address(checkout: Path) -> str:
    """The URL of a remote that has the checked-out commit, as Copier reads it; empty if there is none."""
    if not (checkout / ".git").exists() or has_changes(checkout):
        return ""
    url = git_setting(checkout, "remote.origin.url")
    is_remote = ":" in url.partition("/")[0]
    if is_remote and git(checkout, "branch", "--remotes", "--list", "origin/*", "--contains", "HEAD"):
        return repository(without_credentials(url))
    return ""


def without_credentials(url: str) -> str:
    """The URL without a password, and without a user except where SSH needs one."""
    parts = urlsplit(url)
    credentials, _, host = parts.netloc.rpartition("@")
    user = credentials.partition(":")[0] if "ssh" in parts.scheme else ""
    return parts._replace(netloc=f"{user}@{host}" if user else host).geturl() if credentials else url


def repository(url: str) -> str:
    """The URL in a form that Copier takes for a git repository."""
    return url if url.endswith(".git") or url.startswith(KNOWN_BEGINNINGS) else f"git+{url}"


def record(project: Path, url: str) -> None:
    """Record where `copier update` finds new versions."""
    answers = project / ANSWERS_FILE
    line = yaml.safe_dump({"_src_path": url}, allow_unicode=True)
    answers.write_text(SOURCE.sub(lambda _: line, answers.read_text(encoding="utf-8")), encoding="utf-8")
