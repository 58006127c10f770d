"""The definition of a job: its function, arguments, timeout, retries and schedule."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, create_model
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import State


@dataclass(frozen=True)
class Context:
    """What a job has besides its arguments.

    `id` is the same in each run of the job. Changes in the `database` are committed together with the deletion of the
    job, when it returns. `state` has the resources that the lifespan of the worker has opened.
    """

    id: UUID
    database: AsyncSession
    state: State


class Arguments(BaseModel):
    """Base of the models of arguments; errors do not contain values."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True)
class Job:
    """A job: a function of a context and of keyword arguments with types; its name is that of the job.

    A run is cancelled after `timeout` seconds. After `attempts` failed runs, the job is a dead letter. The `schedule`
    is a cron expression in UTC; without a database at its time, the job runs once when that is back. Mail has slots of
    its own, as an SMTP server may be slow.
    """

    function: Callable[..., Awaitable[None]]
    timeout: float = 30
    attempts: int = 10
    schedule: str | None = None
    is_mail: bool = False
    arguments: type[Arguments] = field(init=False)

    def __post_init__(self) -> None:
        _, *parameters = inspect.signature(self.function, eval_str=True).parameters.values()
        fields: dict[str, Any] = {
            each.name: (each.annotation, ... if each.default is each.empty else each.default) for each in parameters
        }
        object.__setattr__(self, "arguments", create_model(self.name, __base__=Arguments, **fields))

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.function.__name__

    async def run(self, context: Context, arguments: Arguments) -> None:
        """Run the function with validated arguments."""
        await self.function(context, **{name: getattr(arguments, name) for name in type(arguments).model_fields})


def by_name(*jobs: Job) -> Mapping[str, Job]:
    """The jobs by name."""
    return {each.name: each for each in jobs}
