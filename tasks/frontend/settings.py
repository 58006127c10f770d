"""The settings of the frontend, as its own schema in `src/env.ts` has them."""

import re
from pathlib import Path
from typing import Any

from pydantic import create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.frontend.node import FOLDER

NAME = "frontend"
SCHEMA = FOLDER / "src/env.ts"
# The beginning of a property of the schema, such as NAME: z.string().
PROPERTY = re.compile(r"^\s+([A-Z][A-Z0-9_]*): z\b", re.MULTILINE)
DEFAULT = re.compile(r"\.default\(\"?([^\")]*)\"?\)")
USUAL_PORT = 3000


class Settings(BaseSettings):
    """What the sessions and Compose read, and settings that the frontend itself checks."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    frontend_port: int = USUAL_PORT


def read(project: Path) -> type[BaseSettings]:
    """The class of settings with the names, and the defaults, of the schema's properties."""
    [_, *parts] = PROPERTY.split((project / SCHEMA).read_text(encoding="utf-8"))
    fields: dict[str, Any] = {}
    for name, rule in zip(parts[::2], parts[1::2], strict=True):
        default = DEFAULT.search(rule)
        optional = (str | None, None) if ".optional()" in rule else (str, ...)
        fields[name.lower()] = (str, default[1]) if default else optional
    return create_model("FrontendSettings", __base__=Settings, **fields)


def names(project: Path) -> list[str]:
    """The settings that the frontend reads."""
    return [name.upper() for name in read(project).model_fields if name not in Settings.model_fields]
