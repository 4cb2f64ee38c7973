"""The ministry's two lists link to notices in forms of their own."""

import re

import pytest

from scrapers.sources.meti import CALLS, TENDERS, Meti

SITE = "https://www.meti.go.jp"


@pytest.mark.parametrize(
    ("address", "on_calls", "on_tenders"),
    [
        (f"{SITE}/information/publicoffer/kobo/2023/k230922001.html", True, False),
        ("https://www.kansai.meti.go.jp/2-7it/smamobi/koboR5/R5fykobo_FS.html", True, False),
        ("https://www.kansai.meti.go.jp/index.html", False, False),
        ("https://www.kansai.meti.go.jp/", False, False),
        (f"{SITE}/information/publicoffer/saitaku/2023/s231107001.html", False, False),
        (f"{SITE}/information_2/publicoffer/bid_0123.html", False, True),
        (f"{SITE}/information_2/downloadfiles/20260601.pdf", False, True),
        (f"{SITE}/information_2/publicoffer/review2025/kokai/0602_3gaiyo.pdf", False, False),
        (f"{SITE}/information_2/publicoffer/jimusyori_manual.html", False, False),
        ("https://www.p-portal.go.jp/pps-web-biz/UAA01/OAA0122?anken=0000000000000344453", False, True),
    ],
)
def test_a_link_is_a_notice_by_the_form_of_its_address(address: str, on_calls: bool, on_tenders: bool) -> None:
    assert bool(re.search(Meti.layout.links, address)) is on_calls
    assert bool(re.search(Meti.layouts[TENDERS].links, address)) is on_tenders


def test_both_lists_are_asked_for() -> None:
    assert Meti.addresses == (CALLS, TENDERS)
