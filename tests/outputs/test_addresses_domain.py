"""Which places and which addresses a video may come from."""

import pytest

from sora_portal.outputs.domain import Gate, Reason, Speed, Trouble, Trust, is_public, looks_like_a_page, may_connect

VENDOR = Gate(hosts=("apixo.ai", " Cdn.Ruxa.AI. ", ""))
SANDBOX = Gate(hosts=("apixo.ai",), sandbox="http://127.0.0.1:8001")
TESTS = Gate(hosts=(), loopback=True)


@pytest.mark.parametrize("host", ["apixo.ai", "r2.apixo.ai", "a.b.apixo.ai", "cdn.ruxa.ai"])
def test_gate_admits_listed_hosts_and_their_subdomains(host: str) -> None:
    assert VENDOR.admit(scheme="https", host=host, port=443) is Trust.PUBLIC


@pytest.mark.parametrize(
    ("scheme", "host", "port"),
    [
        ("https", "evilapixo.ai", 443),
        ("https", "apixo.ai.evil.com", 443),
        ("https", "ruxa.ai", 443),
        ("https", "", 443),
        ("https", "169.254.169.254", 443),
        ("http", "apixo.ai", 80),
        ("http", "apixo.ai", 443),
        ("https", "apixo.ai", 8443),
        ("ftp", "apixo.ai", 443),
        ("https", "127.0.0.1", 443),
        ("http", "localhost", 8001),
    ],
)
def test_gate_refuses_everything_else(scheme: str, host: str, port: int) -> None:
    with pytest.raises(Trouble) as trouble:
        VENDOR.admit(scheme=scheme, host=host, port=port)
    assert trouble.value.reason is Reason.ADDRESS


def test_gate_admits_the_sandbox_at_its_own_origin_only() -> None:
    assert SANDBOX.admit(scheme="http", host="127.0.0.1", port=8001) is Trust.NAMED
    for scheme, host, port in (("http", "127.0.0.1", 8002), ("https", "127.0.0.1", 8001), ("http", "localhost", 8001)):
        with pytest.raises(Trouble):
            SANDBOX.admit(scheme=scheme, host=host, port=port)


def test_gate_admits_an_ipv6_sandbox() -> None:
    assert Gate(hosts=(), sandbox="http://[::1]:8001").admit(scheme="http", host="::1", port=8001) is Trust.NAMED


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "media.localhost"])
def test_gate_admits_any_loopback_host_in_test_mode_alone(host: str) -> None:
    assert TESTS.admit(scheme="http", host=host, port=4242) is Trust.LOOPBACK
    with pytest.raises(Trouble):
        Gate(hosts=()).admit(scheme="http", host=host, port=4242)


def test_gate_in_test_mode_still_refuses_other_hosts() -> None:
    with pytest.raises(Trouble):
        TESTS.admit(scheme="http", host="10.0.0.1", port=80)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "not an address",
        "",
    ],
)
def test_address_that_is_not_global_is_refused(address: str) -> None:
    assert not is_public(address)
    assert not may_connect(address, Trust.PUBLIC)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_address_that_is_global_may_be_connected_to(address: str) -> None:
    assert may_connect(address, Trust.PUBLIC)


def test_address_of_a_loopback_name_must_be_loopback() -> None:
    assert may_connect("127.0.0.1", Trust.LOOPBACK)
    assert not may_connect("10.0.0.1", Trust.LOOPBACK)
    assert not may_connect("8.8.8.8", Trust.LOOPBACK)


def test_speed_is_judged_over_a_whole_window() -> None:
    speed = Speed(floor=100.0, window=30.0, started=0.0)

    assert not speed.too_slow(0, 29.9)
    assert not speed.too_slow(3000, 30.0)  # 100 a second over the first window
    assert not speed.too_slow(1, 59.0)
    assert speed.too_slow(1, 61.0)


@pytest.mark.parametrize("body", [b"<!DOCTYPE html>", b"\xef\xbb\xbf\n <HTML>", b"<script>", b"<?xml version"])
def test_page_is_known_by_its_first_bytes(body: bytes) -> None:
    assert looks_like_a_page(body)


def test_video_does_not_look_like_a_page() -> None:
    assert not looks_like_a_page(b"\x00\x00\x00\x18ftypisom")
