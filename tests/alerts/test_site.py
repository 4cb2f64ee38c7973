"""The addresses in letters and feeds: each made in one place, and fit for where it stands."""

import secrets
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from alerts.site import Site

SITE = Site("Tender Monitor", "https://tenders.example.org", "example.org,2026", "desk@example.org")
ID = UUID(int=7)


def test_every_address_is_below_the_base() -> None:
    for address in (
        SITE.home_url(),
        SITE.list_url(),
        SITE.list_url(area="renewables"),
        SITE.tender_url(ID),
        SITE.feeds_url(),
        SITE.feed_url("all", "rss"),
        SITE.opml_url(),
        SITE.buyer_feed_url("例示県/環境課", "atom"),
        SITE.search_feed_url("token", "json"),
        SITE.unsubscribe_url("token"),
    ):
        assert address.startswith("https://tenders.example.org/")
        assert "//" not in urlsplit(address).path


def test_a_base_with_a_path_keeps_it() -> None:
    below = Site("Tender Monitor", "https://example.org/tenders", "example.org,2026", "desk@example.org")
    assert below.home_url() == "https://example.org/tenders/"
    assert below.unsubscribe_url("t") == "https://example.org/tenders/u/t"


@pytest.mark.parametrize("query", ["水素 OR 太陽光", "R&D #1 100% a=b", '"燃料 電池" -kind:award', "<script>"])
def test_a_query_comes_back_whole_out_of_the_address_of_its_list(query: str) -> None:
    address = SITE.list_url(q=query)
    assert address.isascii()
    assert not set(address) & set('<>" ')
    assert parse_qs(urlsplit(address).query) == {"q": [query]}


def test_the_way_out_is_short_enough_for_every_mail_server_on_the_way() -> None:
    assert len(SITE.unsubscribe_url(secrets.token_urlsafe(16))) < 75


def test_all_spellings_of_a_buyer_have_one_address_that_any_program_understands() -> None:
    address = SITE.buyer_feed_url("例示県　ＩＣＴ課/係?", "atom", "ja")
    assert address == SITE.buyer_feed_url("例示県 ICT課/係?", "atom", "ja")
    assert address.isascii()
    assert urlsplit(address).path.count("/") == 3
    assert urlsplit(address).query == "lang=ja"


def test_a_tag_does_not_move_with_the_site() -> None:
    moved = Site("New name", "https://elsewhere.example.com", SITE.tag_authority, "desk@example.com")
    assert SITE.tender_tag(ID) == moved.tender_tag(ID) == f"tag:example.org,2026:tender/{ID}"
    assert SITE.tag("feed/all") == "tag:example.org,2026:feed/all"
