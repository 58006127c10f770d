from pathlib import Path

from tasks.project import env_file
from tasks.settings import contract
from tests.support import agreement


def test_files_that_set_settings_agree_with_the_classes_that_read_them() -> None:
    project = Path.cwd()
    faults = agreement.faults(project, contract.read(project))
    assert not faults, "\n".join(faults)


def test_the_examples_list_the_settings_of_services_and_parts_with_their_defaults() -> None:
    project = Path.cwd()
    read = contract.read(project).settings
    shown = env_file.required(project) | env_file.defaults(project)
    wrong = [name for name, setting in read.items() if setting.default and shown.get(name) != setting.default]
    # A container of the team may have a secret that no service reads.
    assert {*read} - {*shown} == set()
    assert wrong == []
