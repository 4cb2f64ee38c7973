"""Small lexicons of a test's own."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from monitor.reading.areas import Lexicon, load_lexicon

COLUMNS = ("term", "english", "weight", "place", "near", "unless", "in_english", "cpv", "idea", "note")

Line = dict[str, str]
Written = Callable[..., Path]
Small = Callable[..., Lexicon]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a folder with an area x (and y, z) for each text: the lines of its file, header included. The last
    ``gives_way`` to the others."""

    def write(*files: str, gives_way: bool = False) -> Path:
        areas = ""
        for name, content in zip("xyz", files, strict=False):
            areas += f'[[area]]\nslug = "{name}"\nname = {{ en = "{name}", ja = "{name}" }}\n'
            areas += f'description = {{ en = "{name}", ja = "{name}" }}\n'
            (tmp_path / f"{name}.tsv").write_text(content, encoding="utf-8")
        if gives_way:
            areas += f"gives_way_to = {list('xyz'[: len(files) - 1])}\n"
        (tmp_path / "areas.toml").write_text(areas, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def small(written: Written) -> Small:
    """A lexicon of one area x of such lines: ``{"term": …, "weight": …}`` and further columns; english is the term.
    The lines of ``beside`` are of a second area y, which may give way to the first."""

    def file_of(lines: Iterable[Line]) -> str:
        rows = ["\t".join(COLUMNS)]
        for line in lines:
            row = {"english": line["term"], "weight": "strong"} | line
            rows.append("\t".join(row.get(column, "") for column in COLUMNS))
        return "\n".join(rows)

    def load(*lines: Line, beside: Iterable[Line] = (), gives_way: bool = False) -> Lexicon:
        files = [file_of(some) for some in (lines, beside) if some]
        return load_lexicon(directory=written(*files, gives_way=gives_way))

    return load
