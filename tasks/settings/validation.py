"""What is missing or wrong in an environment, in the words of the application's own classes."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from tasks.settings.contract import Contract, name_of
from tasks.settings.sources import Value

# The setting that says which environment it is.
ITSELF = "ENVIRONMENT"


def complaints(contract: Contract, environment: str, values: Mapping[str, Value]) -> dict[str, str]:
    """Each setting that is missing or wrong, with the reason."""
    texts = {name: value.text for name, value in values.items()}
    found: dict[str, str] = {}
    for kind in contract.readers.values():
        found = {**refusals(kind, texts), **found}
    given = values.get(ITSELF)
    if given and given.text != environment:
        found[ITSELF] = f"{given.source} says {given.text}, and this is {environment}"
    return found


def refusals(kind: type[BaseSettings], texts: Mapping[str, str]) -> dict[str, str]:
    """What a start with these settings and no others would refuse."""
    with _only(texts):
        try:
            kind()
        except ValidationError as error:
            return {_setting(each["loc"]): _reason(each["type"], each["msg"]) for each in error.errors()}
        except SettingsError as error:
            return {kind.__name__: str(error)}
    return {}


def _setting(location: tuple[int | str, ...]) -> str:
    return name_of(str(location[0])) if location else "settings"


def _reason(kind: str, message: str) -> str:
    return "missing" if kind == "missing" else message.removeprefix("Value error, ")


@contextmanager
def _only(texts: Mapping[str, str]) -> Iterator[None]:
    """Have the process's environment hold these settings alone."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(texts)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
