"""The files of an image, without running anything of it."""

import tarfile
import tempfile

from docker import DockerClient


def files(client: DockerClient, image: str) -> list[str]:
    """The paths of the image's files as a container sees them, without the leading slash."""
    # Never started; an image without an entry point needs a command to be accepted.
    container: str = client.api.create_container(image, command=["none"])["Id"]
    try:
        with tempfile.TemporaryFile() as file:
            for chunk in client.api.export(container):
                file.write(chunk)
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                return [member.name.removeprefix("./") for member in archive if not member.isdir()]
    finally:
        client.api.remove_container(container, v=True, force=True)
