"""Keeps messages from being sent into networks that are not the world's: server-side request forgery.

Every address that a name resolves to is looked at when the connection is made, and the connection goes to exactly those:
a name that answers something else the second time gains nothing.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

Network = IPv4Network | IPv6Network

# a prefix whose last 32 bits are an IPv4 address that a gateway would send to
_NAT64 = ip_network("64:ff9b::/96")
# 00-00-5E-FE, with or without the bit for globally unique: the last 32 bits of such an interface are an IPv4 address (RFC 5214)
_ISATAP = {0x00005EFE, 0x02005EFE}
# All of IPv6 that anybody was given: what is outside is site-local, a translator's own, or nobody's.
_GIVEN = ip_network("2000::/3")
# Python's tables differ from one version to the next; these are in none or not in all of them: protocol assignments (with a
# cloud's metadata), relays of 6to4, a cloud's agent on its hosts behind a public number, documentation.
_NOBODYS = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "3fff::/20")))


class ForbiddenAddress(OSError):
    """A name or an address that leads into a private network."""


class Guard:
    """Says which addresses may be reached: public ones, and those in `allowed` networks."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = allowed

    def check_host(self, host: str, *, encrypted: bool) -> None:
        """Refuse a host that is written as a forbidden address; names are checked when they are resolved.

        Raises:
            ForbiddenAddress: it may not be reached, or only encrypted; or it is a number that not everybody reads alike.
        """
        try:
            address = ip_address(host.strip("[]"))
        except ValueError:
            _refuse_number(host)
            return
        self.check(address, encrypted=encrypted)

    def check(self, address: IPv4Address | IPv6Address, *, encrypted: bool) -> None:
        """Refuse an address.

        Raises:
            ForbiddenAddress: it is not public, and in none of the allowed networks.
        """
        real = _inner(address)
        if any(real.version == network.version and real in network for network in self._allowed):
            return
        if not _is_public(real):
            raise ForbiddenAddress(f"{address} is not a public address")
        if not encrypted:
            raise ForbiddenAddress(f"{address} is reached by https only; http is for allowed_networks")


class GuardedResolver(AbstractResolver):
    """A resolver that gives no address which the guard forbids; one forbidden address condemns the name."""

    def __init__(self, guard: Guard, *, encrypted: bool, resolver: AbstractResolver | None = None) -> None:
        self._guard = guard
        self._encrypted = encrypted
        self._resolver = resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name.

        Raises:
            ForbiddenAddress: one of them may not be reached.
        """
        found = await self._resolver.resolve(host, port, family)
        for each in found:
            try:
                self._guard.check(ip_address(each["host"].partition("%")[0]), encrypted=self._encrypted)
            except ForbiddenAddress as error:
                raise ForbiddenAddress(f"{host} leads to {error}") from None
        return found

    async def close(self) -> None:
        """Close the resolver behind it."""
        await self._resolver.close()


def _refuse_number(host: str) -> None:
    """`2130706433`, `0x7f.1` and `0177.0.0.1` are no names: systems take them for 127.0.0.1."""
    try:
        socket.inet_aton(host.rstrip("."))
    except (OSError, UnicodeError):
        return
    raise ForbiddenAddress(f"{host} is a number: write an address in full, as in 192.0.2.1")


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv6Address) and address not in _GIVEN:
        return False
    return not any(address.version == network.version and address in network for network in _NOBODYS)


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address that is reached in the end: IPv6 has several ways to write an IPv4 one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64 or int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address
