from pathlib import Path

from tasks.settings import contract
from tests.support import agreement


def test_files_that_set_settings_agree_with_the_classes_that_read_them() -> None:
    project = Path.cwd()
    faults = agreement.faults(project, contract.read(project))
    assert not faults, "\n".join(faults)
