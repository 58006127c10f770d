from pathlib import Path

from tasks.settings import agreement, contract


def test_what_gives_settings_agrees_with_the_classes_that_read_them() -> None:
    project = Path.cwd()
    faults = agreement.faults(project, contract.read(project))
    assert not faults, "\n".join(faults)
