"""What a server's process needs of its system, before it begins to serve."""

import os
import platform
import sys
from contextlib import suppress

ALLOCATOR = "PYTHONMALLOC"


def use_system_allocator() -> None:
    """Run this process's command anew under the C library's allocator; the process keeps its id.

    Nothing happens where PYTHONMALLOC says which allocator to use, or where the C library is not GNU's, whose allocator
    is as fast as Python's.
    """
    if ALLOCATOR in os.environ or platform.libc_ver()[0] != "glibc":
        return
    os.environ[ALLOCATOR] = "malloc"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  (it is this very command)


def raise_file_limit() -> None:
    """Let this process hold as many sockets as its system lets it: shells and services often begin with 1,024.

    A server that meets the limit takes no connection more, and its clients wait.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415  (not on every system)

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
