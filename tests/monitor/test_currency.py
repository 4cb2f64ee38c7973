"""Yen in euro: the files of the European Central Bank, rounding, and rates that are too old."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.currency import ECB, Rate, RateError, in_euro, load_rate

DAILY_CSV = "Date, USD, JPY, BGN, \n01 July 2026, 1.1000, 163.40, 1.9558, \n"
HISTORY_CSV = (
    "Date,USD,JPY,BGN,\n"
    "2026-07-02,1.1010,N/A,1.9558,\n"
    "2026-07-01,1.1000,163.40,1.9558,\n"
    "2026-06-30,1.0990,162.95,1.9558,\n"
)
DAILY_XML = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<Cube><Cube time="2026-06-30"><Cube currency="JPY" rate="162.95"/></Cube>
<Cube time="2026-07-01"><Cube currency="USD" rate="1.1"/><Cube currency="JPY" rate="163.40"/></Cube></Cube>
</gesmes:Envelope>"""
RATE = Rate(Decimal("160"), date(2026, 7, 1), ECB)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("eurofxref.csv", DAILY_CSV),
        ("eurofxref-hist.csv", HISTORY_CSV),
        ("eurofxref-daily.xml", DAILY_XML),
        ("rates.txt", "\ufeff" + DAILY_CSV),
    ],
)
def test_every_file_of_the_bank_gives_the_newest_day_with_a_rate_for_the_yen(
    tmp_path: Path, name: str, text: str
) -> None:
    assert load_rate(written(tmp_path, name, text)) == Rate(Decimal("163.40"), date(2026, 7, 1), ECB)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no columns Date and JPY"),
        ("Date,USD\n2026-07-01,1.1\n", "no columns Date and JPY"),
        ("<html><body>not found</body></html>", "no day has a rate for JPY"),
        ("Date,JPY\n", "no day has a rate for JPY"),
        ("Date,JPY\n2026-07-01,N/A\n", "no day has a rate for JPY"),
        ("Date,JPY\n2026-07-01,many\n", "'many' on '2026-07-01' is no rate"),
        ("Date,JPY\n2026-07-01,-3\n", "'-3' on '2026-07-01' is no rate"),
        ("Date,JPY\n2026-07-01,NaN\n", "'NaN' on '2026-07-01' is no rate"),
        ("Date,JPY\nyesterday,163\n", "'163' on 'yesterday' is no rate"),
        ("<Cube", "is not XML"),
    ],
)
def test_a_file_that_is_wrong_is_told_in_one_line_with_its_name_and_the_remedy(
    tmp_path: Path, text: str, says: str
) -> None:
    path = written(tmp_path, "rates", text)
    with pytest.raises(RateError) as told:
        load_rate(path)
    line = str(told.value)
    assert line.startswith(f"{path}: ")
    assert says in line
    assert "European Central Bank" in line
    assert "\n" not in line


def test_a_file_that_is_missing_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(RateError, match=r"nowhere\.csv: cannot be read \(No such file or directory\); download"):
        load_rate(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("yen", "euro"),
    [
        ("97900000", "612000"),
        ("160", "1"),
        ("1000000", "6250"),
        ("45607761", "285000"),
        ("15999999", "100000"),
        ("100", "0.63"),
        ("99.92", "0.62"),
        ("0", "0"),
        ("-97900000", "-612000"),
    ],
)
def test_an_amount_in_euro_has_three_digits_and_no_parts_of_a_cent(yen: str, euro: str) -> None:
    assert str(in_euro(Decimal(yen), RATE)) == euro


def test_a_rate_is_stale_after_ten_days() -> None:
    assert not RATE.stale(date(2026, 7, 1))
    assert not RATE.stale(date(2026, 7, 11))
    assert RATE.stale(date(2026, 7, 12))
