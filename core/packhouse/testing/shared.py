"""Finds vendors' descriptions and sample data that are kept beside a checkout and never in it (licences)."""

import os
from pathlib import Path

import pytest


def shared_path(relative: str, *, start: Path | None = None) -> Path:
    """The path of a shared file or folder; the running test is skipped with the reason where it is absent.

    Looks in the folder that PACKHOUSE_SHARED names, else in `shared` beside each parent folder of `start`.
    """
    named = os.environ.get("PACKHOUSE_SHARED")
    here = (start or Path.cwd()).resolve()
    roots = [Path(named)] if named else [parent / "shared" for parent in (here, *here.parents)]
    for root in roots:
        if (root / relative).exists():
            return root / relative
    pytest.skip(f"{relative} is not beside this checkout (set PACKHOUSE_SHARED to the folder that holds it)")
