"""The jobs of a workflow, as far as they can be run without GitHub: the sessions that they call, in order."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from tasks.trouble import Trouble
from tasks.workflows.call import Call, read_call
from tasks.workflows.shape import ALWAYS, WHATEVER_HAPPENED

NEEDS = "${{ toJSON(needs) }}"


@dataclass(frozen=True)
class Step:
    """A step that runs a command; `always` even after one that failed."""

    name: str
    command: str
    call: Call
    environment: dict[str, str]
    always: bool


@dataclass(frozen=True)
class Job:
    """A job, or that part of it which is for one `python` of its matrix; without a matrix, for any."""

    id: str
    needs: tuple[str, ...]
    steps: tuple[Step, ...]
    python: str = ""

    @property
    def title(self) -> str:
        """What people see."""
        return f"{self.id} ({self.python})" if self.python else self.id


def read_jobs(path: Path) -> list[Job]:
    """The workflow's jobs, each after those that it needs, one for every Python of a matrix."""
    try:
        written: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        order = TopologicalSorter({name: _listed(job.get("needs")) for name, job in written.items()}).static_order()
        return [part for name in order for part in _parts(name, written[name])]
    except FileNotFoundError:
        raise Trouble(f"{path} is not there; it says what CI runs.") from None
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise Trouble(f"{path} is no workflow that can be read: {' '.join(str(error).split())}") from None
    except CycleError as error:
        raise Trouble(f"{path}: jobs that need each other: {', '.join(error.args[1])}") from None


def _parts(name: str, written: dict[str, Any]) -> Iterator[Job]:
    matrix = written.get("strategy", {}).get("matrix", {})
    if not all(isinstance(values, list) for values in matrix.values()) or {"include", "exclude"} & {*matrix}:
        raise Trouble(f"Job {name}: a matrix can be run here if it is made of lists, without include and exclude.")
    # The last job is always run on GitHub, to judge the others; here the table does, and it waits for them all.
    if str(written.get("if", ALWAYS)) != ALWAYS:
        raise Trouble(f"Job {name}: only GitHub knows whether to run a job {written['if']!r}.")
    if any("continue-on-error" in part for part in (written, *written["steps"])):
        raise Trouble(f"Job {name}: its failure would pass, by continue-on-error; see nox -s lint -- --only workflows")
    steps = tuple(_steps(name, written, {**_texts(written.get("env", {}))}))
    job = Job(name, tuple(_listed(written.get("needs"))), steps)
    pythons = [str(dict(zip(matrix, values, strict=True)).get("python", "")) for values in product(*matrix.values())]
    yield from (replace(job, python=python) for python in pythons)


def _steps(job: str, written: dict[str, Any], environment: dict[str, str]) -> Iterator[Step]:
    for step in written["steps"]:
        if "run" not in step:
            continue
        call, condition = read_call(step["run"]), str(step.get("if", ""))
        if call is None:
            raise Trouble(f"Job {job} runs what is no session: {step['run']!r}; see nox -s lint -- --only workflows")
        if condition and condition not in WHATEVER_HAPPENED:
            raise Trouble(f"Job {job}: only GitHub knows whether to run a step {condition!r}.")
        variables = environment | _texts(step.get("env", {}))
        yield Step(str(step.get("name", step["run"])), step["run"], call, variables, always=bool(condition))


def _texts(environment: dict[str, Any]) -> dict[str, str]:
    texts = {name: str(value) for name, value in environment.items()}
    if unknown := [f"{name}: {value}" for name, value in texts.items() if "${{" in value and value != NEEDS]:
        raise Trouble(f"Only GitHub knows the value of {', '.join(unknown)}.")
    return texts


def _listed(needs: str | list[str] | None) -> list[str]:
    return [needs] if isinstance(needs, str) else needs or []
