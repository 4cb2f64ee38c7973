"""Every file in ``scrapers/sources`` is a source, and a file that is none is a mistake that is told at once."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import scrapers.sources
from scrapers.registry import sources
from scrapers.source import Source

Put = Callable[[str, str], None]
SOURCE = "from scrapers.source import Source\nclass One(Source):\n    slug = {slug!r}\n"


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Puts a file into a folder that stands in the place of ``scrapers/sources``."""
    monkeypatch.setattr(scrapers.sources, "__path__", [str(tmp_path)])

    def put(name: str, code: str) -> None:
        (tmp_path / f"{name}.py").write_text(code, "utf-8")
        monkeypatch.delitem(sys.modules, f"scrapers.sources.{name}", raising=False)

    return put


def test_every_file_of_the_folder_is_registered_under_its_name() -> None:
    files = {path.stem for path in Path(scrapers.sources.__path__[0]).glob("*.py")} - {"__init__"}
    assert set(sources()) == files
    assert all(issubclass(source, Source) and source.slug == slug for slug, source in sources().items())


def test_sources_come_in_the_order_of_their_slugs(put: Put) -> None:
    for slug in ("zebra", "ape", "mole_2"):
        put(slug, SOURCE.format(slug=slug))
    assert list(sources.__wrapped__()) == ["ape", "mole_2", "zebra"]


def test_a_source_that_a_file_imports_is_not_its_own(put: Put) -> None:
    put("first", SOURCE.format(slug="first"))
    put("second", "from scrapers.sources.first import One as Other\n" + SOURCE.format(slug="second"))
    assert [source.__module__.rpartition(".")[2] for source in sources.__wrapped__().values()] == ["first", "second"]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="empty"),
        pytest.param(SOURCE.format(slug="another"), id="another slug"),
        pytest.param("from scrapers.source import Source\nclass One(Source): pass\n", id="no slug"),
        pytest.param(SOURCE.format(slug="bad") + "class Two(Source): pass\n", id="two sources"),
        pytest.param("from scrapers.source import Source\nOne = Source()\n", id="no class"),
    ],
)
def test_a_file_without_its_one_source_is_a_mistake(put: Put, code: str) -> None:
    put("bad", code)
    with pytest.raises(TypeError, match=r"scrapers/sources/bad\.py must define one Source with slug = 'bad'"):
        sources.__wrapped__()
