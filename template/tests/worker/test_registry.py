import ast
from datetime import UTC, datetime
from uuid import UUID

import pytest
from taskiq.cli.scheduler.run import is_cron_task_now

from tests.support.processes import BACKEND
from worker.jobs import JOBS
from worker.registry import Context, Job


def enqueued() -> dict[str, tuple[str, set[str]]]:
    """The name and arguments of each job that the services add, by place."""
    found = {}
    for path in BACKEND.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "enqueue":
                names = {each.arg or "" for each in node.keywords} - {"run_at"}
                found[f"{path.relative_to(BACKEND)}:{node.lineno}"] = (ast.literal_eval(node.args[1]), names)
    return found


def test_jobs_that_services_add_exist_and_have_these_arguments() -> None:
    found = enqueued()
    assert found
    for place, (name, arguments) in found.items():
        assert name in JOBS, f"{place}: worker/jobs/__init__.py has no job {name}"
        fields = JOBS[name].arguments.model_fields
        required = {field for field, info in fields.items() if info.is_required()}
        assert required <= arguments <= fields.keys(), f"{place}: {name} has the arguments {', '.join(fields)}"


@pytest.mark.parametrize("job", [each for each in JOBS.values() if each.schedule], ids=lambda job: job.name)
def test_scheduled_jobs_need_no_arguments_and_have_a_valid_time(job: Job) -> None:
    job.arguments()
    is_cron_task_now(job.schedule or "", datetime.now(UTC))


async def example(_context: Context, subject: UUID, number: int = 1) -> None:
    """A job with arguments."""


def test_arguments_have_the_types_and_defaults_of_the_function() -> None:
    arguments = Job(example).arguments.model_validate({"subject": str(UUID(int=1))})
    assert arguments.model_dump() == {"subject": UUID(int=1), "number": 1}
