"""Compares `tasks/` with the checksums that Slipway ships, so that a reviewer of a project need not read it."""

import hashlib
import sys
from pathlib import Path

from tasks.checks.files import chosen_files

FILE = Path("tasks/checksums.txt")


def main() -> str | None:
    """List the files of `tasks/` that differ; with --write, write the checksums, as Slipway does for a release."""
    paths = [path for path in chosen_files(["tasks"]) if path != str(FILE)]
    # The same with any line ending.
    found = {path: hashlib.sha256(Path(path).read_bytes().replace(b"\r\n", b"\n")).hexdigest() for path in paths}
    if "--write" in sys.argv:
        FILE.write_text("".join(f"{checksum}  {path}\n" for path, checksum in found.items()), encoding="utf-8")
        return None
    if not FILE.exists():
        return f"{FILE} is missing. Restore it: git checkout {FILE}"
    shipped = {path: checksum for checksum, path in map(str.split, FILE.read_text(encoding="utf-8").splitlines())}
    # A part that a project does not have may own a folder.
    faults = [f"{path}: deleted" for path in shipped if path not in found and Path(path).parent.is_dir()]
    faults += [f"{path}: not Slipway's" for path in found if path not in shipped]
    faults += [f"{path}: changed" for path, checksum in found.items() if shipped.get(path, checksum) != checksum]
    advice = "Restore tasks/, which updates of Slipway replace; own sessions go into noxfile.py."
    return "\n".join([*sorted(faults), advice]) if faults else None
