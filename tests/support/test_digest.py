"""Digests: their values are stored and public, so they never change."""

from __future__ import annotations

from feedsvc.support.digest import blake2b, sha256

SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4, example 1


def test_blake2b_has_its_values() -> None:
    assert blake2b("abc", size=64).hex().startswith("ba80a53f981c4d0d6a2797b69f12f6e9")  # RFC 7693, appendix A
    assert blake2b("abc").hex() == blake2b(b"abc").hex() == "cf4ab791c62b8d2b2109c90275287816"
    assert blake2b("abc", size=8).hex() == "d8bb14d833d59559"
    assert blake2b("abc", key=b"key") != blake2b("abc")


def test_sha256_has_its_values() -> None:
    assert sha256("abc").hex() == sha256(b"abc").hex() == SHA256_OF_ABC
    assert sha256(b"abc").hex()[:16] == SHA256_OF_ABC[:16]
