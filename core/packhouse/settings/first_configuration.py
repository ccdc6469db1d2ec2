"""The packhouse.toml that `packhouse init` writes."""

import os
import secrets
from pathlib import Path

from packhouse.settings.errors import SettingsError
from packhouse.settings.sections import DatabaseSettings

_TEMPLATE = """\
# Settings of this Packhouse. They lie over the built-in defaults and the profile; environment variables
# (PACKHOUSE_DATABASE__URL) lie over them. `packhouse settings` shows what is in force and where it came from;
# config/default.toml of the source explains every key.
# This file holds a secret: keep it readable by you alone, and out of version control.

[database]
# One file in the working directory, or for several processes: postgresql://user:password@host/database
url = "{url}"

[security]
# Signs the links that customers get. A new one makes every link already sent invalid.
secret_key = "{secret_key}"

# One table for each plugin, described in its README:
# [plugins.settings.shopify]
# webhook_secret = "..."
"""


def write_first_configuration(path: Path) -> None:
    """Write a commented packhouse.toml with a fresh secret key, readable by its owner alone (mode 0600).

    Raises:
        SettingsError: There is something at `path` already (it stays untouched), or it cannot be written.
    """
    text = _TEMPLATE.format(url=DatabaseSettings().url, secret_key=secrets.token_urlsafe(48))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise SettingsError(
            [f"{path}: exists already and is not overwritten; move it away to write a new one"]
        ) from None
    except OSError as error:
        raise SettingsError([f"{path}: cannot be written: {error.strerror}"]) from None
