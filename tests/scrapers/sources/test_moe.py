"""The ministry's lists say what their notices are; its regional offices are buyers of their own."""

import re

import pytest

from scrapers.sources.moe import NOTICES, Moe


@pytest.mark.parametrize(
    "address",
    [
        "https://www.env.go.jp/kanbo/chotatsu/chotatsu_00887.html",
        "https://www.env.go.jp/kanbo/chotatsu/20180323_100669.html",
        "https://www.env.go.jp/kanbo/chotatsu/20230301_120626_00004.html",
        "http://www.env.go.jp/kanbo/chotatsu/021003264.html",
        "http://www.env.go.jp/kanbo/chotatsu/sanka/h220514b.html",
        "https://chushikoku.env.go.jp/procure/procure_00222.html",
    ],
)
def test_every_form_of_address_that_was_seen_is_one_of_a_notice(address: str) -> None:
    assert re.search(NOTICES, address)


@pytest.mark.parametrize(
    "address",
    [
        "https://www.env.go.jp/kanbo/chotatsu/index_ekimu.html",
        "https://www.env.go.jp/kanbo/chotatsu/tetsuzuki/index.html",
        "https://www.env.go.jp/press/press_02470.html",
        "https://chushikoku.env.go.jp/procure/index.html",
        "https://chushikoku.env.go.jp/procure/page_68.html",
    ],
)
def test_a_page_without_a_notices_number_is_none(address: str) -> None:
    assert not re.search(NOTICES, address)


def test_every_list_has_its_layout_and_every_region_its_buyer() -> None:
    assert set(Moe.layouts) < set(Moe.addresses)
    assert Moe.hosts["chushikoku.env.go.jp"] == "環境省中国四国地方環境事務所"
