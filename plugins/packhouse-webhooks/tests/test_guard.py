"""No message into a private network, in whatever way its address is written."""

import socket
from ipaddress import ip_address, ip_network

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from packhouse_webhooks.guard import ForbiddenAddress, Guard, GuardedResolver

FORBIDDEN = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104  (refused, not bound)
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::80ff:fffe",
    "::7f00:1",
    "::ffff:0:7f00:1",
    "64:ff9b:1::a9fe:a9fe",
    "2606:4700::5efe:a00:1",
    "2606:4700::200:5efe:a00:1",
    "fec0::1",
    "3fff::1",
    "5f00::1",
    "192.0.0.192",
    "192.88.99.1",
    "168.63.129.16",
    "240.0.0.1",
]

# what libraries and systems read as 127.0.0.1, or as 0.0.0.0
NUMBERS = ["2130706433", "017700000001", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.1", "127.0.1", "0", "127.0.0.1."]


class Names(AbstractResolver):
    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0)
            for each in self.answers.pop(0)
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("address", FORBIDDEN)
def test_what_is_not_public_is_forbidden(address: str) -> None:
    with pytest.raises(ForbiddenAddress):
        Guard().check(ip_address(address), encrypted=True)
    with pytest.raises(ForbiddenAddress):
        Guard().check_host(f"[{address}]" if ":" in address else address, encrypted=True)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_no_name(number: str) -> None:
    with pytest.raises(ForbiddenAddress, match="write an address in full"):
        Guard([ip_network("127.0.0.0/8")]).check_host(number, encrypted=True)


@pytest.mark.parametrize("name", ["shop.example.com", "1and1.example", "127.0.0.1.example.com", "münchen.example"])
def test_a_name_is_checked_when_it_is_resolved(name: str) -> None:
    Guard().check_host(name, encrypted=True)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_public_addresses_are_reached_by_https_only(address: str) -> None:
    Guard().check(ip_address(address), encrypted=True)
    with pytest.raises(ForbiddenAddress, match="https"):
        Guard().check(ip_address(address), encrypted=False)


def test_networks_of_ones_own_may_be_allowed() -> None:
    guard = Guard([ip_network("10.1.0.0/16")])
    guard.check(ip_address("10.1.2.3"), encrypted=False)
    guard.check(ip_address("::ffff:10.1.2.3"), encrypted=True)
    with pytest.raises(ForbiddenAddress):
        guard.check(ip_address("10.2.0.1"), encrypted=True)


async def test_one_private_address_condemns_a_name() -> None:
    resolver = GuardedResolver(Guard(), encrypted=True, resolver=Names(["1.1.1.1"], ["1.1.1.1", "10.0.0.1"]))
    assert [each["host"] for each in await resolver.resolve("shop.example.com")] == ["1.1.1.1"]
    with pytest.raises(ForbiddenAddress, match=r"shop\.example\.com leads to 10\.0\.0\.1"):
        await resolver.resolve("shop.example.com")
