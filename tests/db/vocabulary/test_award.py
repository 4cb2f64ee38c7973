"""The identities of awards and suppliers: they must never change, or everything that refers to them breaks."""

from uuid import UUID

import pytest

from db.vocabulary.award import award_id, fold_supplier, supplier_id
from db.vocabulary.notice import notice_id


def test_ids_are_what_they_were() -> None:
    assert award_id("pportal_awards", "1|2026-04-01||見本") == UUID("dfc2381f-0e9b-503d-b5e6-b7a0e588e17d")
    assert supplier_id("見本電機", "7011003005763") == UUID("0f069627-e10d-5ce0-ae85-24f6d6ed315e")
    assert supplier_id("見本電機") == UUID("0f56db9e-8b90-5f11-b3e7-888e0773c4ac")


def test_an_award_is_told_apart_by_source_key_and_number_and_is_no_notice() -> None:
    ids = {award_id("a", "k"), award_id("b", "k"), award_id("a", "l"), award_id("a", "k", 2), notice_id("a", "k")}
    assert len(ids) == 5
    assert award_id("a", "k", 1) == award_id("a", "k")


def test_a_corporate_number_is_the_identity_whatever_the_name() -> None:
    assert supplier_id("見本", "7011003005763") == supplier_id("例示", "7011003005763")
    assert supplier_id("見本", "7011003005763") != supplier_id("見本")


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("㈱見本", "株式会社見本"),
        ("（株）見　本", "株式会社見本"),
        ("例示(有)", "例示有限会社"),
        ("（一財）例示ｾﾝﾀｰ", "一般財団法人例示センター"),
        ("Ｅｘａｍｐｌｅ　＆　Ｃｏ．", "example&co."),
        ("例示法律事務所（見本）", "例示法律事務所(見本)"),
    ],
)
def test_names_are_compared_in_one_spelling(name: str, folded: str) -> None:
    assert fold_supplier(name) == folded
    assert fold_supplier(folded) == folded
