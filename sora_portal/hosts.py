"""Hosts in addresses: how they are written, and whether they are of the public Internet. Pure: nothing is looked up."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import idna

NAT64 = IPv6Network("64:ff9b::/96")
# All that is given out for use on the Internet; what lies beside it is special, though Python calls some of it global.
UNICAST = IPv6Network("2000::/3")
TEREDO = IPv6Network("2001::/32")

# RFC 1123, and the underscore that some stores have in the names of their hosts.
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Browsers and many clients read a name that ends like this as an IPv4 address: 127.1, 0x7f.1, 2130706433.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# RFC 6762 and its appendix G, RFC 6761, RFC 8375, ICANN's "internal", and what clouds and clusters use.
_INTERNAL = {
    *("localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "arpa"),
    *("test", "invalid", "onion", "svc"),
}


def of(address: str) -> str:
    """Return the host of an http or https address in small ASCII letters, or "" where it has none that can be.

    A name in other letters is written as IDNA says; an IPv6 address comes without its brackets.
    """
    if re.search(r"[\x00-\x20\x7f\\]", address):
        return ""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises for what is no port
        host = parts.hostname or ""
        if "[" in parts.netloc:
            return str(IPv6Address(host.partition("%")[0]))
        return name(host) if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def name(host: str) -> str:
    """Return the name of a host in small ASCII letters, without a last dot, or "" where it cannot be one."""
    try:
        # Letters are mapped also where all of them are ASCII afterwards, such as wide digits.
        plain = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()
        plain = plain.removesuffix(".")
        labels = plain.split(".")
        for label in labels:
            if label.startswith("xn--"):
                idna.ulabel(label)
    except (idna.IDNAError, UnicodeError):
        return ""
    return plain if len(plain) <= 253 and all(map(_LABEL.fullmatch, labels)) else ""


def is_number(host: str) -> bool:
    """Return whether `host` is an IP address, in any of the ways in which it can be written."""
    return ":" in host or bool(_NUMBER.fullmatch(host.rpartition(".")[2]))


def is_internal(host: str) -> bool:
    """Return whether `host` is a name for use in one network only: without a dot, or in such a domain."""
    return not is_number(host) and ("." not in host or host.rpartition(".")[2] in _INTERNAL)


def is_named(host: str) -> bool:
    """Return whether `host`, as a person writes it, is a name with a dot, and no number."""
    plain = name(host)
    return "." in plain and not is_number(plain)


def is_for_vendors(address: str) -> bool:
    """Return whether a vendor may be given `address`: https, a public host by its name, no password."""
    host = of(address)
    if not host or is_number(host) or is_internal(host):
        return False
    parts = urlsplit(address)
    return parts.scheme == "https" and "@" not in parts.netloc


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the global Internet; IPv4 wrapped into IPv6 is judged itself."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in NAT64:
            inner = IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
        elif found not in UNICAST or found in TEREDO:
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)
