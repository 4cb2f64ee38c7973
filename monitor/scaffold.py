"""Begins a new source: its file from a template and a page of it, and its first recorded example.

What the page shows is guessed at (a feed, a table with telling headings, links that look alike); the source is
right only when a person has read what its test says it found.
"""

import json
import keyword
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from string import Template
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

import scrapers
from db.vocabulary.japanese import decode
from db.vocabulary.messages import Told
from scrapers.html import words
from scrapers.registry import sources
from scrapers.shapes import FIELDS
from scrapers.source import Fetch, Page, Request

LOOK_BACK = timedelta(days=30)

HEADINGS = (
    ("number", "整理番号|契約番号|案件番号|公告番号|番号"),
    ("title", "件名|案件名|調達件名|工事名|業務名|事業名|名称|案件"),
    ("published", "公告日|公示日|公表日|公開日|掲載日|掲示日|更新日|日付"),
    ("deadline", "入札締切|提出期限|締切|期限"),
    ("buyer", "発注機関|調達機関|発注者"),
    ("method", "契約方法|入札方式|調達方式|契約方式|方式"),
    ("category", "分類|区分|種別|種類"),
    ("place", "履行場所|納入場所|工事場所|場所"),
)
"""Our name of a column, and how its heading begins, the more telling first."""
LONGEST_HEADING = 20
"""Characters."""
DAYS = re.compile("期限|期間|日時|締切|開札")
"""In headings of columns that hold days of another meaning."""


class CannotBegin(Told):
    """A new source cannot be begun so."""


CHECKOUT = Path(scrapers.__file__).parents[1]
"""Where the project's files lie."""


def record(slug: str, url: str, fetch: Fetch, *, now: datetime, root: Path = CHECKOUT) -> list[Path]:
    """Fetch a page once and write the source and its first example; the files written.

    Raises CannotBegin, or a ScrapeError where the page cannot be had.
    """
    source = root / "scrapers" / "sources" / f"{slug}.py"
    example = root / "tests" / "scrapers" / "examples" / slug / "list"
    _check(slug, root, source)
    page = fetch(Request(url))
    text, case = _sheet(slug, url, page), _case(url, page, now)
    example.mkdir(parents=True, exist_ok=True)
    written = {
        source: text.encode(),
        example / "case.json": case.encode(),
        example / _file(page): page.content,
    }
    for path, content in written.items():
        path.write_bytes(content)
    return list(written)


def _check(slug: str, root: Path, source: Path) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug) or keyword.iskeyword(slug):
        raise CannotBegin("{slug} cannot be a name; write small letters, digits and underscores", slug=slug)
    if slug in sources() or source.exists():
        raise CannotBegin("there is a source {slug} already: {file}", slug=slug, file=source)
    if not (root / "tests" / "scrapers" / "examples").is_dir():
        raise CannotBegin(
            "a source is begun in a checkout of the project, and this is an installed copy: {root}", root=root
        )


def _is_feed(page: Page) -> bool:
    return re.search(rb"<(?:rss|feed|rdf:RDF)[\s>]", page.content[:2000]) is not None


def _file(page: Page) -> str:
    return "feed.xml" if _is_feed(page) else "list.html"


def _case(url: str, page: Page, now: datetime) -> str:
    recorded: dict[str, object] = {"url": url, "file": _file(page)}
    if page.content_type:
        recorded["headers"] = {"content-type": page.content_type}
    case = {
        "since": (now.date() - LOOK_BACK).isoformat(),
        "until": None,
        "now": now.isoformat(timespec="seconds"),
        "pages": [recorded],
    }
    return json.dumps(case, ensure_ascii=False, indent=1) + "\n"


def _sheet(slug: str, url: str, page: Page) -> str:
    parts = urlsplit(url)
    if _is_feed(page):
        name = re.search(r"<title[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]+)", decode(page.content, page.content_type))
        shape, layout = "FeedSource", ""
        title = name[1].strip() if name else slug
    else:
        document = BeautifulSoup(decode(page.content, page.content_type), "lxml")
        shape, layout = "ListSource", f"    layout: ClassVar[ListLayout] = ListLayout({_layout(document, url)})\n"
        title = words(document.title) or slug
    return SHEET.substitute(
        imports="feeds import FeedSource" if shape == "FeedSource" else "shapes import ListLayout, ListSource",
        Class="".join(part.capitalize() for part in slug.split("_")),
        shape=shape,
        slug=slug,
        name=title.replace('"', "”").replace("\\", "＼")[:80],
        name_en=slug.replace("_", " ").capitalize(),
        homepage=f"https://{parts.netloc}/",
        url=url.replace('"', "%22").replace("\\", "%5C"),
        layout=layout,
    )


def _layout(document: BeautifulSoup, url: str) -> str:
    best: dict[str, str] = {}
    for row in document.find_all("tr"):
        columns = _columns(row)
        if "title" in columns and len(columns) > len(best):
            best = columns
    if not best:
        return f'items="{_links(document, url)}", selectors={{"title": ""}}, beside=True'
    listed = "".join(f'            "{name}": "{heading}",\n' for name, heading in best.items())
    more = f"        columns={{\n{listed}        }},\n"
    if dates := [name for name in best if name not in FIELDS and DAYS.search(name)]:
        more += f"        dates=({', '.join(f'{chr(34)}{name}{chr(34)}' for name in dates)},),\n"
    if "number" in best:
        more += '        key=("number",),\n'
    return f"\n{more}    "


def _columns(row: Tag) -> dict[str, str]:
    """What the cells of a row would stand for if they were headings; what is not recognised is called by its heading."""
    headings = [words(cell).replace('"', "”").replace("\\", "＼") for cell in row.find_all(["th", "td"])]
    headings = [heading for heading in headings if 0 < len(heading) < LONGEST_HEADING]
    found: dict[str, str] = {}
    for name, beginnings in HEADINGS:
        for beginning in beginnings.split("|"):
            heading = next((one for one in headings if one.startswith(beginning)), None)
            if heading is not None and heading not in found.values() and name not in found:
                found[name] = heading
    return found | {heading: heading for heading in headings if heading not in found.values()}


def _links(document: BeautifulSoup, url: str) -> str:
    """A selector of the links that look alike most: those into the same folder of the same host."""
    folders: Counter[str] = Counter()
    for anchor in document.select("a[href]"):
        try:
            target = urlsplit(urljoin(url, str(anchor["href"])))
        except ValueError:
            continue
        if target.netloc == urlsplit(url).netloc and len(words(anchor)) > 8:
            folders[str(anchor["href"]).rpartition("/")[0]] += 1
    best = next((folder for folder, _ in folders.most_common() if folder and not set(folder) & set("\"'\\")), None)
    if best is None:
        raise CannotBegin(
            "{url}: neither a table with a column 件名 nor a list of links was recognised (a maintenance page?); "
            "begin from the page that lists the notices",
            url=url,
        )
    return f"a[href*='{best}/']"


SHEET = Template('''"""$name: say in a line what is published there."""

from typing import ClassVar

from scrapers.$imports


class $Class($shape):
    """$name: say what it publishes.

    Owner:
    Covers:
    Terms:
    Caveats:
    """

    slug: ClassVar[str] = "$slug"
    name: ClassVar[str] = "$name"
    name_en: ClassVar[str] = "$name_en"
    homepage: ClassVar[str] = "$homepage"
    jurisdiction: ClassVar[str] = "local"
    every_hours: ClassVar[int] = 24
    addresses: ClassVar[tuple[str, ...]] = ("$url",)
    buyer: ClassVar[str | None] = None
    prefecture: ClassVar[str | None] = None
$layout''')
