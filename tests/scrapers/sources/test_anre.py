"""The agency's notices lie in a folder for each fiscal year."""

import re

import pytest

from scrapers.sources.anre import CALLS, Anre


@pytest.mark.parametrize(
    ("path", "is_notice"),
    [
        ("2021/20210423_001.html", True),
        ("2021/20220121_001.html", True),
        ("2024/0529_01.html", True),
        ("2024/index.html", False),
        ("2024/", False),
        ("index.html", False),
    ],
)
def test_a_page_in_the_folder_of_a_year_is_a_notice(path: str, is_notice: bool) -> None:
    assert bool(re.search(Anre.layout.links, f"{CALLS}{path}")) is is_notice
