"""Keeps a process from reaching anything outside of it.

Two walls. Where Linux allows it, the process leaves the network: in its own empty network there is nothing to reach, whatever
it tries and in whatever language. And the interpreter refuses connections, look-ups of names and new processes, and tells what was
tried. Without the first wall, libraries in C that open connections past the interpreter are not held back; loading uvloop and
foreign libraries (ctypes) is refused then.
"""

import ctypes
import sys
from collections.abc import Callable

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_REFUSED = frozenset(
    {
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.sendmsg",
        "socket.sendto",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
    }
)


class NetworkRefused(OSError):
    """Something in shadow mode tried to reach the outside."""


def leave_network() -> bool:
    """Move this process into a network of its own with nothing in it; whether that worked. For processes with one thread."""
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    return any(library.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def refuse_network(tell: Callable[[str], None], *, also_libraries: bool) -> None:
    """Refuse whatever leads out of this process from now on, and `tell` what was tried. There is no way back.

    `also_libraries`: nothing that could open connections past the interpreter is loaded, either.
    """

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if event in _REFUSED:
            what = _what(event, arguments)
            tell(what)
            raise NetworkRefused(f"shadow mode reaches nothing outside: {what}")
        if also_libraries and (event == "ctypes.dlopen" or (event == "import" and arguments[0] == "uvloop")):
            raise ImportError(f"shadow mode loads no library that could reach the network by itself ({arguments[0]})")

    sys.addaudithook(audit)


def _what(event: str, arguments: tuple[object, ...]) -> str:
    shown = [each for each in arguments if isinstance(each, str | int | tuple | list | bytes)]
    return f"{event} {' '.join(map(str, shown))}".strip()
