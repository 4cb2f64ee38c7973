"""gBizINFO, the Digital Agency's collection of what the state knows of companies: one company a call, with a token.

``GET /hojin/v2/hojin/NUMBER`` with the header ``X-hojinInfo-api-token``, answered in JSON; 404 where the number is not
known. It gives seats and English names; where a company is registered it does not say.
"""

from collections.abc import Mapping, Sequence

import msgspec

from db.companies import Registered
from db.vocabulary.labels import Prefecture
from scrapers.errors import FetchError, SourceChanged
from scrapers.source import Fetch, Request

ADDRESS = "https://api.info.gbiz.go.jp"


class _Company(msgspec.Struct):
    corporate_number: str
    name_en: str | None = None
    location: str | None = None
    city_name: str | None = None


class _Answer(msgspec.Struct):
    companies: list[_Company] | None = msgspec.field(name="hojin-infos", default=None)


class GBizInfo:
    """The client: ``fetch`` is a polite one."""

    name = "gbizinfo"
    at_once = 1

    def __init__(self, fetch: Fetch, token: str, *, address: str = ADDRESS) -> None:
        self._fetch, self._token, self._address = fetch, token, address

    def look_up(self, numbers: Sequence[str]) -> Mapping[str, Registered | None]:
        return {number: self._one(number) for number in numbers}

    def _one(self, number: str) -> Registered | None:
        headers = (("X-hojinInfo-api-token", self._token), ("accept", "application/json"))
        try:
            page = self._fetch(Request(f"{self._address}/hojin/v2/hojin/{number}", headers=headers))
        except FetchError as error:
            match str(error.saying.values.get("status", "")):
                case "404":
                    return None
                case "401" | "403" as status:
                    raise FetchError(
                        "gbizinfo: the token is not accepted ({status}); correct gbizinfo_token under [registers]",
                        status=status,
                    ) from None
            raise
        with page.body:
            try:
                answer = msgspec.json.decode(page.content, type=_Answer)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise SourceChanged(
                    "gbizinfo: answered with something else than companies ({why}); the next round asks again",
                    why=error,
                ) from None
        said = next((one for one in answer.companies or () if one.corporate_number == number), None)
        if said is None:
            return None
        location = said.location or ""
        return Registered(
            prefecture=next((prefecture for prefecture in Prefecture if location.startswith(prefecture)), None),
            city=said.city_name or None,
            name_en=said.name_en or None,
        )
