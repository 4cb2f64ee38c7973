"""Opening a home: what is there at once, and what only when it is asked for."""

from pathlib import Path

import pytest

from monitor import household as house_of
from monitor.config import Config
from monitor.household import household
from monitor.reading.areas import LexiconError, load_lexicon

AREA = {"slug": "space", "name": "Space", "strong": ["人工衛星"]}


def test_the_lexicon_is_read_when_something_is_to_be_read_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []

    def reading(extra: object) -> object:
        read.append(extra)
        return load_lexicon()

    monkeypatch.setattr(house_of, "load_lexicon", reading)
    with household(Config(), home=tmp_path) as house:
        names = [area.slug for area in house.areas]
        assert read == []
        flow = house.flow
        assert flow is house.flow
        assert [area.slug for area in flow.reader.areas.lexicon.areas] == names  # type: ignore[attr-defined]
    assert len(read) == 1


def test_an_area_of_the_configuration_is_among_the_areas(tmp_path: Path) -> None:
    with household(Config.model_validate({"areas": [AREA]}), home=tmp_path) as house:
        assert house.area_names("en")["space"] == "Space"


def test_a_mistake_in_the_areas_of_the_configuration_is_told_before_anything_is_made(tmp_path: Path) -> None:
    wrong = Config.model_validate({"areas": [AREA | {"cpv": ["99999999"]}]})
    with pytest.raises(LexiconError, match="space"), household(wrong, home=tmp_path / "home"):
        pass
    assert not (tmp_path / "home").exists()
