"""Certificates of the containers: complete, of one authority, and renewed before they expire."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.x509 import DNSName, SubjectAlternativeName, load_pem_x509_certificate

from tasks.project import certificates

COMPOSE = "secrets:\n" + "".join(
    f"  {name}:\n    file: ${{SECRETS_FOLDER:-.secrets}}/{name}\n"
    for name in ("ca_certificate", "database_password", "mail-inbox_certificate", "redis_certificate")
)
NAMES = ["ca_certificate", "mail-inbox_certificate", "redis_certificate"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / ".secrets").mkdir()
    return tmp_path / ".secrets"


def complete(folder: Path) -> list[str]:
    return certificates.complete(folder.parent, folder, 0o444)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_each_host_of_the_compose_files_gets_a_certificate_of_the_authority(folder: Path) -> None:
    [line] = complete(folder)
    assert line.startswith("Wrote .secrets/: certificates of ca, mail-inbox, redis, until 20")
    assert list(contents(folder)) == NAMES
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}
    assert b"PRIVATE KEY" not in contents(folder)["ca_certificate"]
    found = load_pem_x509_certificate(contents(folder)["redis_certificate"])
    names = found.extensions.get_extension_for_class(SubjectAlternativeName).value
    assert names.get_values_for_type(DNSName) == ["redis", "localhost"]
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(folder / "redis_certificate")
    before = contents(folder)
    assert complete(folder) == []
    assert contents(folder) == before


@pytest.mark.parametrize("fault", ["missing", "of another authority", "near its expiry", "damaged", "empty"])
def test_all_are_written_again_if_one_cannot_be_used(folder: Path, fault: str) -> None:
    complete(folder)
    before, path = contents(folder), folder / "redis_certificate"
    path.unlink()
    if fault == "of another authority":
        trustme.CA().issue_cert("redis").private_key_and_cert_chain_pem.write_to_path(path)
    elif fault == "near its expiry":
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "ca_certificate")
        for name in NAMES[1:]:
            soon = datetime.now(UTC) + certificates.RENEWAL - timedelta(days=1)
            leaf = authority.issue_cert(name.partition("_")[0], not_after=soon)
            leaf.private_key_and_cert_chain_pem.write_to_path(folder / name)
    elif fault != "missing":
        path.write_text("-----BEGIN CERTIFICATE-----\nx\n" if fault == "damaged" else "")
    assert len(complete(folder)) == 1
    assert all(new != before[name] for name, new in contents(folder).items())
    assert complete(folder) == []


def test_a_project_without_certificates_gets_none(folder: Path) -> None:
    (folder.parent / "compose.yaml").write_text("secrets: {}\n")
    assert complete(folder) == []
    assert contents(folder) == {}
