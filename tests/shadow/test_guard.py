"""Shadow mode reaches nothing: whatever a plugin tries is written down, and a listener on this machine hears of none of it."""

import socket
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from tests.shadow.conftest import AT, Write, order

from packhouse.hooks.tables import PluginTable
from packhouse.sdk import Event, EventType
from packhouse.shadow.version import Outcome, Side, Source, Version


class Listener:
    """A port of this machine that counts who comes."""

    def __init__(self) -> None:
        self.came = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            self.came += 1
            visitor.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    opened = Listener()
    yield opened
    opened.close()


TRIES = {
    "the host's session": "await self.send(context, '/events', {})",
    "a session of its own": """
        async with aiohttp.ClientSession() as own, own.post("URL/events", json={}) as answer:
            assert await answer.json() == {}
""",
    "a connector of its own": """
        connector = aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver())
        async with aiohttp.ClientSession(connector=connector) as own, own.post("URL/events", json={}) as answer:
            assert await answer.json() == {}
""",
    "a connection of asyncio": """
        import asyncio
        await asyncio.open_connection("127.0.0.1", PORT)
""",
    "a socket": """
        import socket
        socket.create_connection(("127.0.0.1", PORT), timeout=5)
""",
    "a socket in a thread": """
        import asyncio, socket
        await asyncio.to_thread(socket.create_connection, ("127.0.0.1", PORT), 5)
""",
    "urllib": """
        import urllib.request
        urllib.request.urlopen("URL/events", timeout=5)
""",
    "a datagram": """
        import socket
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", PORT))
""",
    "another process": """
        import subprocess, sys
        code = "import socket; socket.create_connection(('127.0.0.1', PORT), timeout=5)"
        subprocess.run([sys.executable, "-c", code], check=True)
""",
    "a look-up": """
        import socket
        socket.getaddrinfo("example.com", 443)
""",
}
RECORDED = {"the host's session", "a session of its own", "a connector of its own"}


EVENT = Event(UUID(int=1), EventType.ORDER_PLACED, 1, AT, order_id=order(1).id)
TRY = """
        try:
            CODE
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        else:
            said = ""
        await self.send(context, "/said", {"try": NAME, "said": said})
"""


async def nothing(_: Any) -> None:
    """Nobody asks."""


async def outcome(source: Source, settings: Any = None, **options: Any) -> tuple[Outcome, bool]:
    """What a plugin does about an order, and whether it had a network of its own to do it in."""
    async with await Version.start(Side(source, PluginTable(settings or {})), nothing, **options) as version:
        return await version.deliver(EVENT, "", order(1), None), version.is_alone


def tried(name: str, code: str) -> str:
    indented = "\n    ".join(code.strip("\n").splitlines()) if code.startswith("\n") else f"        {code}"
    return TRY.replace("            CODE", f"    {indented}").replace("NAME", repr(name))


@pytest.mark.parametrize("isolate", [True, False], ids=["in a network of its own", "by the interpreter alone"])
async def test_nothing_reaches_anybody(write: Write, listener: Listener, isolate: Any) -> None:
    url = f"http://127.0.0.1:{listener.port}"
    code = "".join(tried(*each) for each in TRIES.items()).replace("URL", url).replace("PORT", str(listener.port))
    found, alone = await outcome(write("plugin", code), {"url": url}, isolate=isolate)
    assert found.error == ""
    assert isolate or not alone
    said = {call.body["try"]: call.body["said"] for call in found.calls if call.url == f"{url}/said"}
    assert list(said) == list(TRIES)
    for name, text in said.items():
        if name in RECORDED:
            assert text == "", name
        else:
            assert "shadow mode reaches nothing outside" in text, name
    sent = [call for call in found.calls if call.url == f"{url}/events"]
    assert [call.method for call in sent] == ["POST"] * len(RECORDED)
    refused = [call for call in found.calls if call.answered == "refused: there is no network"]
    assert len(refused) >= len(TRIES) - len(RECORDED)
    assert listener.came == 0


async def test_foreign_libraries_are_refused_where_the_kernel_does_not_help(write: Write) -> None:
    found, alone = await outcome(write("plugin", "import ctypes; ctypes.CDLL(None)"), isolate=False)
    assert not alone
    assert found.error.startswith("ImportError: shadow mode loads no library")


async def test_a_network_of_its_own_has_nothing_in_it(write: Write, listener: Listener) -> None:
    """Even a library that connects past the interpreter finds nobody, where the kernel lets us leave the network."""
    connects = f"""
        import ctypes, socket, struct
        library = ctypes.CDLL(None, use_errno=True)
        number = library.socket(2, 1, 0)
        address = struct.pack("=HH4s8x", 2, socket.htons({listener.port}), bytes([127, 0, 0, 1]))
        await self.send(context, "/connected", {{"result": library.connect(number, address, len(address))}})
"""
    found, alone = await outcome(write("plugin", connects))
    if alone:
        assert found.calls[0].body == {"result": -1}
    else:
        assert found.error.startswith("ImportError: shadow mode loads no library")
    assert listener.came == 0
