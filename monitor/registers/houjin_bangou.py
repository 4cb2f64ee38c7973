"""The register of corporate numbers of the National Tax Agency (国税庁 法人番号公表サイト), by its Web-API, version 4.

``GET /4/num?id=…&number=A,B&type=12&history=0``: up to ten numbers a call, answered in XML with an element for each
that is known. A mistake is answered with a line of code and message (``030,…``), or with a status alone: 400 for a
number that cannot be one, 403 and 404 for an id that is not known. The id is given on application and takes about a
month (https://www.houjin-bangou.nta.go.jp/webapi/).

``kind`` 401 is a company from abroad (外国会社等), and the address code 99 an address abroad. A company of Japan that
belongs to one abroad is neither: of owners the register says nothing.
"""

import re
from collections.abc import Mapping, Sequence

from lxml import etree

from db.companies import Registered
from db.vocabulary.labels import Prefecture
from scrapers.errors import FetchError, SourceChanged
from scrapers.source import Fetch, Page, Request

ADDRESS = "https://api.houjin-bangou.nta.go.jp"
XML = "12"
"""The form of the answer: XML in UTF-8."""
FROM_ABROAD = "401"
ADDRESS_ABROAD = "99"
_MISTAKE = re.compile(r"\s*\"?([0-9]{3})\"?\s*,\s*\"?([^\r\n]*?)\"?\s*$", re.M)
LONGEST_MISTAKE = 200


class HoujinBangou:
    """The client: ``fetch`` is a polite one, ``id`` the application's."""

    name = "houjin_bangou"
    at_once = 10

    def __init__(self, fetch: Fetch, id: str, *, address: str = ADDRESS) -> None:
        self._fetch, self._id, self._address = fetch, id, address

    def look_up(self, numbers: Sequence[str]) -> Mapping[str, Registered | None]:
        try:
            page = self._fetch(
                Request(
                    f"{self._address}/4/num",
                    params=(("id", self._id), ("number", ",".join(numbers)), ("type", XML), ("history", "0")),
                )
            )
        except FetchError as error:
            match str(error.saying.values.get("status", "")):
                case "400" if len(numbers) > 1:
                    return self._one_by_one(numbers)
                case "400":
                    return {numbers[0]: None}
                case "401" | "403" | "404" as status:
                    raise FetchError(
                        "houjin_bangou: the application id is not accepted ({status}); correct houjin_bangou_id under "
                        "[registers]",
                        status=status,
                    ) from None
            raise
        with page.body:
            found = _read(page)
        return {number: found.get(number) for number in numbers}

    def _one_by_one(self, numbers: Sequence[str]) -> Mapping[str, Registered | None]:
        """One number that the register takes for none must not hold up the others."""
        return {number: said for one in numbers for number, said in self.look_up([one]).items()}


def _read(page: Page) -> dict[str, Registered]:
    content = page.content
    if not content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        said = _MISTAKE.match(content.decode("utf-8-sig", "replace"))
        if said is None:
            raise SourceChanged("houjin_bangou: answered with neither XML nor an error; the next round asks again")
        raise FetchError(
            "houjin_bangou: refused with error {code} ({said}); see the codes in the register's own manual",
            code=said[1],
            said=said[2][:LONGEST_MISTAKE],
        )
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as error:
        raise SourceChanged("houjin_bangou: its XML cannot be read ({why})", why=error.msg) from None
    if root.tag != "corporations":
        raise SourceChanged(
            "houjin_bangou: answered with something else than corporations ({tag}: a page for people?); "
            "the next round asks again",
            tag=str(root.tag)[:40],
        )
    found: dict[str, Registered] = {}
    for one in root.iter("corporation"):
        if one.findtext("latest") != "0":
            found[one.findtext("corporateNumber") or ""] = _company(one)
    return found


def _company(one: etree._Element) -> Registered:
    def said(name: str) -> str | None:
        return (one.findtext(name) or "").strip() or None

    abroad = said("kind") == FROM_ABROAD or said("prefectureCode") == ADDRESS_ABROAD
    prefecture = said("prefectureName")
    return Registered(
        abroad=abroad,
        prefecture=prefecture if prefecture in [*Prefecture] else None,
        city=None if said("prefectureCode") == ADDRESS_ABROAD else said("cityName"),
        name_en=said("enName"),
    )
