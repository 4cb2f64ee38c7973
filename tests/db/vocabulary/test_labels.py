"""Every value of the vocabulary has a name that people read."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from db.tenders import MATERIAL
from db.vocabulary.labels import (
    AGREEMENTS,
    CATEGORIES,
    DATES,
    EVENTS,
    FIELDS,
    KINDS,
    MONEY,
    ORIGINS,
    PLACES,
    PREFECTURES_EN,
    READ_FROM,
    REQUIREMENTS,
    RUN_STATES,
    TAXES,
    VERDICTS,
    prefecture_named,
)
from db.vocabulary.notice import NOTICE_FIELDS, Category, NoticeKind
from db.vocabulary.reading import (
    AccessVerdict,
    Agreement,
    DateKind,
    EnglishOrigin,
    MoneyKind,
    Origin,
    Place,
    RequirementKind,
    Tax,
)
from db.vocabulary.run import RunState
from db.vocabulary.tender import EventKind


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (KINDS, NoticeKind),
        (CATEGORIES, Category),
        (EVENTS, EventKind),
        (RUN_STATES, RunState),
        (PLACES, Place),
        (DATES, DateKind),
        (MONEY, MoneyKind),
        (TAXES, Tax),
        (AGREEMENTS, Agreement),
        (VERDICTS, AccessVerdict),
        (REQUIREMENTS, RequirementKind),
        (ORIGINS, EnglishOrigin),
        (READ_FROM, Origin),
    ],
)
def test_every_value_has_a_name_of_its_own(labels: Mapping[Any, str], values: type[StrEnum]) -> None:
    assert set(labels) == set(values)
    assert len(set(labels.values())) == len(labels)


def test_every_field_whose_change_readers_are_told_of_has_a_name() -> None:
    assert set(MATERIAL) <= set(FIELDS) <= set(NOTICE_FIELDS)


def test_there_are_47_prefectures() -> None:
    assert len(PREFECTURES_EN) == 47
    assert PREFECTURES_EN["東京都"] == "Tokyo"
    assert {name[-1] for name in PREFECTURES_EN} == set("都道府県")


@pytest.mark.parametrize(
    ("name", "japanese"),
    [
        ("東京都", "東京都"),
        ("東京", "東京都"),
        ("Tokyo", "東京都"),
        (" tokyo-to ", "東京都"),
        ("OSAKA-FU", "大阪府"),
        ("京都", "京都府"),
        ("kyoto", "京都府"),
        ("Aichi-ken", "愛知県"),
        ("北海道", "北海道"),
        ("Hokkaido", "北海道"),
        ("", None),
        ("都", None),
        ("Bavaria", None),
    ],
)
def test_a_prefecture_is_known_in_either_spelling(name: str, japanese: str | None) -> None:
    assert prefecture_named(name) == japanese


@pytest.mark.parametrize("japanese", PREFECTURES_EN)
def test_every_prefecture_is_known_by_all_its_names(japanese: str) -> None:
    english = PREFECTURES_EN[japanese]
    assert prefecture_named(japanese) == prefecture_named(english) == prefecture_named(english.upper()) == japanese
