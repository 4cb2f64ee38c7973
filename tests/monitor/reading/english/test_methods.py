"""The English names of procedures: the sources' own methods and the codes of the award data."""

import json
from pathlib import Path

import pytest

from monitor.reading.english import method_english

CODES = Path(__file__).parents[5] / "shared" / "samples" / "pportal" / "code_tables.json"


@pytest.mark.parametrize(
    ("method", "english"),
    [
        ("一般競争入札", "Open competitive tender"),
        ("随意契約", "Negotiated contract"),
        ("希望制指名競争入札(長期継続契約)", "Selective tender among applicants, multi-year contract"),
        ("一般競争入札（同時提出型）", "Open competitive tender, documents and bid together"),
        ("入札公告（制限付一般競争入札）", "Open competitive tender with conditions"),
        ("特命随意契約(企画提案方式)", "Negotiated contract with a named supplier, call for proposals"),
        ("一般競争入札・総合評価", "Open competitive tender, best value"),
        ("随意契約方式・オープンカウンタ・少額", "Negotiated contract, open counter (open request for quotations)"),
        ("工事・設計", "Works and design"),
    ],
)
def test_a_procedure_has_an_english_name(method: str, english: str) -> None:
    assert (method_english(method) or "").startswith(english)


@pytest.mark.parametrize("method", ["", "一般競争入札その他", "くじ引き", "()", "一般競争入札(未定)"])
def test_a_procedure_that_is_not_wholly_known_has_none(method: str) -> None:
    assert method_english(method) is None


@pytest.mark.skipif(not CODES.is_file(), reason="the samples of the procurement portal are not here")
def test_every_code_of_the_award_data_has_an_english_name() -> None:
    names = json.loads(CODES.read_text(encoding="utf-8"))["award_bid_method_codes"].values()
    assert len(names) == 16
    assert all(method_english(name) for name in names)
