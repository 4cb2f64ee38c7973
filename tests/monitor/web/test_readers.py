"""Readers without names: the same browser at the same address is the same reader, and that is all that is known."""

import re
import stat
from pathlib import Path

import pytest
from starlette.requests import Request

from db.errors import RecordError
from monitor.secret import kept_secret
from monitor.web.readers import network_of, reader_of

SECRET = b"s" * 32


def request(host: str | None = "192.0.2.7", agent: str = "Browser/1") -> Request:
    headers = [(b"user-agent", agent.encode("latin-1"))]
    return Request({"type": "http", "headers": headers, "client": (host, 1234) if host else None})


def test_a_reader_is_16_hex_digits_that_stay_the_same() -> None:
    reader = reader_of(request(), SECRET)
    assert re.fullmatch("[0-9a-f]{16}", reader)
    assert reader == reader_of(request(), SECRET)


def test_another_address_browser_or_secret_is_another_reader() -> None:
    readers = {
        reader_of(request(), SECRET),
        reader_of(request(host="192.0.2.8"), SECRET),
        reader_of(request(agent="Browser/2"), SECRET),
        reader_of(request(), b"another"),
    }
    assert len(readers) == 4


def test_browsers_at_one_address_are_readers_of_one_network() -> None:
    readers = {reader_of(request(agent=f"Browser/{number}"), SECRET) for number in range(20)}
    assert len(readers) == 20
    assert len({network_of(reader) for reader in readers}) == 1
    assert network_of(reader_of(request(host="192.0.2.8"), SECRET)) != network_of(reader_of(request(), SECRET))


def test_an_address_that_changes_by_itself_within_its_network_is_one_reader() -> None:
    assert reader_of(request("2001:db8::1"), SECRET) == reader_of(request("2001:db8::ffff:1"), SECRET)
    assert reader_of(request("2001:db8::1"), SECRET) != reader_of(request("2001:db8:0:1::1"), SECRET)
    assert reader_of(request("::ffff:192.0.2.7"), SECRET) == reader_of(request("192.0.2.7"), SECRET)


@pytest.mark.parametrize("host", [None, "", "testclient", "fe80::1%eth0"])
def test_whoever_has_no_plain_address_is_a_reader_too(host: str | None) -> None:
    assert len(reader_of(request(host, "é\xff"), SECRET)) == 16


def test_the_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    made = kept_secret(file)
    assert len(made) == 64
    assert kept_secret(file) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_secret_that_cannot_be_used_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="check the owner of the file and of its folder"):
        kept_secret(tmp_path / "missing" / "secret")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(RecordError, match="is empty; remove it"):
        kept_secret(tmp_path / "empty")
