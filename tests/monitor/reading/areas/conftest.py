"""Small lexicons of a test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.reading.areas import Lexicon, load_lexicon

COLUMNS = ("term", "english", "weight", "place", "near", "unless", "in_english", "cpv", "idea", "note")

Written = Callable[..., Path]
Small = Callable[..., Lexicon]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a folder with one area x for each positional text: the lines of its file, header included."""

    def write(*files: str) -> Path:
        areas = ""
        for name, content in zip("xyz", files, strict=False):
            areas += f'[[area]]\nslug = "{name}"\nname = {{ en = "{name}", ja = "{name}" }}\n'
            areas += f'description = {{ en = "{name}", ja = "{name}" }}\n'
            (tmp_path / f"{name}.tsv").write_text(content, encoding="utf-8")
        (tmp_path / "areas.toml").write_text(areas, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def small(written: Written) -> Small:
    """A lexicon of one area x of such lines: ``{"term": …, "weight": …}`` and further columns; english is the term."""

    def load(*lines: dict[str, str]) -> Lexicon:
        rows = ["\t".join(COLUMNS)]
        for line in lines:
            row = {"english": line["term"], "weight": "strong"} | line
            rows.append("\t".join(row.get(column, "") for column in COLUMNS))
        return load_lexicon(directory=written("\n".join(rows)))

    return load
