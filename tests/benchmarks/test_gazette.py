"""How fast an issue of 80 pages is read, and how much memory it takes; run with -s to see the figures."""

import gc
import io
import tracemalloc
from datetime import date
from time import perf_counter

from monitor.standins.gazette_pdf import Section, draw
from scrapers.gazette.notices import Issue, notices
from scrapers.gazette.text import lines_of

ISSUE = Issue("20260612c00107")
PAGES = 80
NOTICE = (
    "次のとおり一般競争入札に付します。",
    "令和８年６月12日",
    "支出負担行為担当官",
    "例示省大臣官房会計課長　見本　太郎",
    "◎調達機関番号　999　◎所在地番号　13",
    "１　調達内容",
    "⑴　品目分類番号　71、27",
    "⑵　購入等件名及び数量　見本システムの設計、開発及び保守　一式",
    *(f"⑶　第{number}項　入札書に記載された金額に当該金額の10パーセントに相当する額を加算した金額をもって落札価格とする。" for number in range(40)),
    "５　Summary",
    "⑶　Nature and quantity of the services to be required : Design, development and maintenance, 1 set",
    *("⑹　Qualification for participating in the tendering procedures : Suppliers eligible for participating." for _ in range(12)),
)  # fmt: skip


def test_an_issue_of_eighty_pages() -> None:
    content = draw("号外政府調達第107号", ISSUE.day, [Section("入札公告", NOTICE)] * 76).content
    begun = perf_counter()
    lines = list(lines_of(io.BytesIO(content), ISSUE.id, pages=PAGES))
    read = perf_counter()
    found = list(notices(lines, ISSUE, "kanpo"))
    cut = perf_counter()
    characters = sum(len(line.text) for line in lines)
    print(f"\n{PAGES} pages, {characters:,} characters, {len(found)} notices: ", end="")
    print(f"text {read - begun:.1f} s, notices {cut - read:.2f} s, {PAGES / (cut - begun):.0f} pages a second")
    assert len(found) == 76


def test_pages_are_not_held_in_memory() -> None:
    def peak(sections: int) -> tuple[int, int]:
        drawn = draw("号外政府調達第107号", date(2026, 6, 12), [Section("入札公告", NOTICE)] * sections)
        gc.collect()
        tracemalloc.start()
        pages = sum(1 for _ in lines_of(io.BytesIO(drawn.content), ISSUE.id, pages=drawn.pages))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return pages, most - len(drawn.content)

    few, many = peak(2), peak(12)
    print(f"\npeak while {few[0]:,} and {many[0]:,} lines passed: {few[1] / 1e6:.1f} and {many[1] / 1e6:.1f} MB")
    assert many[1] < 2 * few[1] + 1_000_000
