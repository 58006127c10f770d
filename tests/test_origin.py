"""The source of a project's updates: the remote of the toolkit's checkout, else the checkout."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from tests.support import commit, run, snapshot
from toolkit.git import git
from toolkit.origin import address, record, repository, without_credentials

URLS = {
    "https://github.com/acme/slipway": "https://github.com/acme/slipway",
    "https://ada:secret@git.example.com/slipway.git": "https://git.example.com/slipway.git",
    "https://token@git.example.com/slipway": "git+https://git.example.com/slipway",
    "ssh://git@git.example.com:22/slipway.git": "ssh://git@git.example.com:22/slipway.git",
    "ssh://git:secret@git.example.com/slipway": "git+ssh://git@git.example.com/slipway",
    "git@github.com:acme/slipway.git": "git@github.com:acme/slipway.git",
    "work:acme/slipway": "git+work:acme/slipway",
}


@pytest.mark.parametrize(("url", "recorded"), URLS.items())
def test_url_is_recorded_without_credentials_and_as_copier_reads_it(url: str, recorded: str) -> None:
    assert repository(without_credentials(url)) == recorded


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a small template, quick to render."""
    template = ("noxfile.py", "tasks", "{{ _copier_conf.answers_file }}.jinja")
    paths = (
        *(f"template/{name}" for name in template),
        ".gitignore",
        "copier.yml",
        "README.md",
        "tasks/core",
        "toolkit",
    )
    return snapshot(tmp_path / "slipway", *paths)


@pytest.fixture
def published(checkout: Path, tmp_path: Path) -> str:
    """The URL of a remote that has the commit of the checkout."""
    place = tmp_path / "published.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(checkout), str(place))
    git(checkout, "remote", "add", "origin", f"file://{place}")
    git(checkout, "fetch", "--quiet", "origin")
    return f"file://{place}"


def test_published_checkout_has_the_url_of_its_remote(checkout: Path, published: str) -> None:
    assert address(checkout) == published


def test_checkout_with_changes_or_a_local_commit_has_no_url(checkout: Path, published: str) -> None:
    (checkout / "README.md").write_text("mine")
    assert address(checkout) == ""
    commit(checkout)
    assert address(checkout) == ""


def test_checkout_whose_origin_is_a_folder_or_missing_has_no_url(checkout: Path, published: str) -> None:
    git(checkout, "remote", "set-url", "origin", published.removeprefix("file://"))
    assert address(checkout) == ""
    git(checkout, "config", "--unset", "remote.origin.url")
    assert address(checkout) == ""


def test_folder_that_is_not_a_repository_has_no_url(tmp_path: Path) -> None:
    assert address(tmp_path) == ""


def test_path_on_several_lines_is_replaced_completely(tmp_path: Path) -> None:
    answers = tmp_path / ".copier-answers.yml"
    answers.write_text(yaml.safe_dump({"_commit": "v1", "_src_path": "/a " * 60, "project_name": "x"}))
    record(tmp_path, "git@example.com:slipway.git")
    found = yaml.safe_load(answers.read_text())
    assert found == {"_commit": "v1", "_src_path": "git@example.com:slipway.git", "project_name": "x"}


def test_project_can_be_updated_without_the_checkout_it_was_made_from(
    checkout: Path, published: str, tmp_path: Path
) -> None:
    made = run(sys.executable, "-m", "toolkit.new", tmp_path / "my-app", cwd=checkout)
    assert made.returncode == 0, made.stdout
    assert "python3 noxfile.py -s dev" in made.stdout
    (checkout / "tasks" / "fresh.py").write_text('"""New upstream."""\n')
    commit(checkout)
    git(checkout, "push", "--quiet", "origin", "main")
    checkout.rename(tmp_path / "elsewhere")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "my-app"), "colleague")
    updated = run(sys.executable, "-m", "copier", "update", "--defaults", cwd=tmp_path / "colleague")
    assert updated.returncode == 0, updated.stdout
    assert (tmp_path / "colleague" / "tasks" / "fresh.py").is_file()
