"""Certificates of the servers in containers, from an authority whose key is not kept."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import Certificate, load_pem_x509_certificate

from tasks.core import atomic_file
from tasks.project.services import compose_files

# The secrets of Compose files that have a certificate, by the host that it is for; CA is the authority.
SECRET = re.compile(r"^ +file: \S*/(([a-z0-9-]+)_certificate)$", re.MULTILINE)
CA = "ca"
LIFETIME = timedelta(days=398)
RENEWAL = timedelta(days=30)


def complete(project: Path, folder: Path, mode: int) -> list[str]:
    """Write the certificates, with their keys, that Compose files name as secrets; returns what changed.

    All are written again if one is missing, is of another authority, or expires soon.
    """
    texts = [path.read_text(encoding="utf-8") for path in compose_files(project) if path.exists()]
    files = {host: folder / name for text in texts for name, host in SECRET.findall(text)}
    if not files or _are_current(files):
        return []
    authority = trustme.CA(organization_name="containers of a project")
    until = datetime.now(UTC) + LIFETIME
    for host, path in files.items():
        if host == CA:
            text = authority.cert_pem
        else:
            text = authority.issue_cert(host, "localhost", not_after=until).private_key_and_cert_chain_pem
        atomic_file.write(path, text.bytes().decode(), mode)
    return [f"Wrote {folder.name}/: certificates of {', '.join(files)}, until {until:%Y-%m-%d}."]


def _are_current(files: dict[str, Path]) -> bool:
    try:
        found = {host: load_pem_x509_certificate(path.read_bytes()) for host, path in files.items()}
        return all(_is_current(each, found[CA]) for each in found.values())
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False


def _is_current(certificate: Certificate, authority: Certificate) -> bool:
    """Whether it is valid for long enough; an error if the authority has not issued it."""
    certificate.verify_directly_issued_by(authority)
    return certificate.not_valid_after_utc > datetime.now(UTC) + RENEWAL
