"""Japanese spellings read as values: numerals, dates, clock times, fiscal years, yen, encodings.

The readers take the first spelling they know in a text and return None where there is none; they do not guess.
They match on a folded copy of the text in which every character keeps its offset. (NFKC would not do: it also
turns the item mark of `⑦1,234円` into a digit.)
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")

# One character for one character: full-width forms, the radicals and compatibility kanji that PDFs are full
# of, dashes, marks that stand for zero, and the kanji numerals of deeds (大字).
_FOLD = {
    code: folded
    for block in (range(0x2F00, 0x2FD6), range(0xF900, 0xFAFF), range(0xFF01, 0xFF5F), (0x3000, 0xFFE5))
    for code in block
    if len(folded := unicodedata.normalize("NFKC", chr(code))) == 1
} | str.maketrans("‐‑–—―−零○◯壱弐参拾萬", "------〇〇〇一二三十万")

# --- Numbers --------------------------------------------------------------------------------------

_BIG = {"兆": 10**12, "億": 10**8, "万": 10**4, "": 1}
_SMALL = {"千": 1000, "百": 100, "十": 10, "": 1}
_KANJI_DIGITS = str.maketrans("〇一二三四五六七八九", "0123456789")
_ARABIC = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,6}|[0-9]{1,20})(?:\.[0-9]{1,6})?"  # no more than Decimal's 28 digits
_COUNT = rf"(?:(?:{_ARABIC}|[一二三四五六七八九])\s?)?"
_DIGIT_AHEAD = "(?=[0-9〇一二三四五六七八九十百千])"
_SECTION = (
    rf"{_DIGIT_AHEAD}(?:{_COUNT}千)?(?:{_COUNT}百)?(?:{_COUNT}十)?"
    rf"(?:{_ARABIC}|[〇一二三四五六七八九]{{1,20}})?"
)
_NUMBER = rf"{_DIGIT_AHEAD}(?:{_SECTION}\s?兆\s?)?(?:{_SECTION}\s?億\s?)?(?:{_SECTION}\s?万\s?)?(?:{_SECTION})?"
_WHOLE_NUMBER = re.compile(_NUMBER)
_SECTIONS = re.compile("([^兆億万]+)([兆億万]?)")
_DIGITS = re.compile("([^千百十]*)([千百十]?)")


def numeral(text: str) -> int | None:
    """The whole text as a number: 1,234, １２３, 千二百, 二〇二六, 3億5千万, 3.5億; 元 (of 元年) is 1.

    None for anything else: a sign, a fraction that remains, commas out of place, other words beside it.
    """
    folded = text.translate(_FOLD).strip()
    value = Decimal(1) if folded == "元" else _value(folded)
    return int(value) if value is not None and value == int(value) else None


def _value(folded: str) -> Decimal | None:
    if not folded or not _WHOLE_NUMBER.fullmatch(folded):
        return None
    return sum((_section(part) * _BIG[unit] for part, unit in _SECTIONS.findall(folded)), Decimal(0))


def _section(part: str) -> Decimal:
    total = Decimal(0)
    for count, unit in _DIGITS.findall("".join(part.split()).translate(_KANJI_DIGITS).replace(",", "")):
        if count or unit:
            total += Decimal(count or 1) * _SMALL[unit]
    return total


# --- Dates ----------------------------------------------------------------------------------------

# By the first character of the era's name, its letter and its single sign.
_YEAR_ZERO = {
    sign: year
    for signs, year in (("明M㍾", 1867), ("大T㍽", 1911), ("昭S㍼", 1925), ("平H㍻", 1988), ("令R㋿", 2018))
    for sign in signs
}
_YEARS = range(1868, 2200)
# Lines break within the name too: 令\n和8年.
_ERA = r"(?:明\s?治|大\s?正|昭\s?和|平\s?成|令\s?和|[㍾㍽㍼㍻㋿]|(?<![A-Za-z0-9])[MTSHR](?=\s?[0-9元]))"
_N = r"(?:[0-9]{1,4}|[〇一二三四五六七八九十百千元]{1,7})"
_ASIDE = r"(?:\s*\([^()\n]{1,9}\))?"  # 令和8年（2026年）4月1日, 令和8（2026）年度
_DATE = re.compile(
    rf"(?:(?:(?P<era>{_ERA}|令)\s*|(?<![0-9]))(?:(?P<year>{_N}){_ASIDE}\s*)?(?P<nen>年){_ASIDE}\s*)?"
    rf"(?<![0-9])(?P<month>{_N})\s*月\s*(?P<day>{_N})\s*日(?!間)"
    rf"|(?:(?P<era2>{_ERA})\s*(?P<year2>[0-9]{{1,2}}|元)"
    r"|(?<![A-Za-z0-9第])(?<![A-Za-z0-9][-./])(?P<year3>[12][0-9]{3}))"
    r"\s?(?P<dot>[-./])\s?(?P<month2>[0-9]{1,2})\s?(?P=dot)\s?(?P<day2>[0-9]{1,2})"
    r"(?!(?P=dot)?[0-9]|\s*(?:年度|号))"
    r"|\A\s*(?P<year4>[12][0-9]{3})(?P<month4>[0-9]{2})(?P<day4>[0-9]{2})\s*\Z"
)


def parse_date(text: str, *, reference: date | None = None) -> date | None:
    """The first date spelled in a text; None where there is none, or where the first is impossible.

    Reads 令和8年4月1日 (元年, kanji numerals, full width, spaces and line breaks between the parts), R8.4.1,
    2026年4月1日, 2026/4/1, 2026-04-01, 2026.4.1, and 20260401 where the text is nothing else. The years of an
    era count on beyond its end (平成33年 is 2021) and back before its first day. Dates are taken as Gregorian,
    which Japan has written since 1873 (太政官布告 337 of 1872). 4月1日 without a year needs a `reference`: it
    is the nearest such day within half a year. No dates: 2月30日, 8.4.1, 8年4月1日 (no era), 同年4月1日.
    """
    return next((day for _, _, day in _spelled(text, reference)), None)


def find_dates(text: str, *, reference: date | None = None) -> Iterator[tuple[int, int, date]]:
    """Every date in a text as (start, end, date), by the rules of `parse_date`, without the impossible."""
    return ((start, end, day) for start, end, day in _spelled(text, reference) if day is not None)


def _spelled(text: str, reference: date | None) -> Iterator[tuple[int, int, date | None]]:
    """Spellings of dates; the date is None where the calendar has no such day."""
    for match in _DATE.finditer(text.translate(_FOLD)):
        get = match.groupdict()
        month = numeral(get["month"] or get["month2"] or get["month4"])
        day = numeral(get["day"] or get["day2"] or get["day4"])
        written_year = get["year"] or get["year2"] or get["year3"] or get["year4"]
        if not month or not day:  # 〇月〇日: a form to be filled in
            continue
        if written_year:
            year = _year(get["era"] or get["era2"], written_year)
            if year is not None:
                yield match.start(), match.end(), _day(year, month, day)
        elif reference and not get["nen"]:
            yield match.start(), match.end(), _nearest(reference, month, day)


def _year(era: str | None, written: str) -> int | None:
    number = numeral(written)
    year = _YEAR_ZERO[era[0]] + number if era and number else number
    return year if year in _YEARS else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _nearest(reference: date, month: int, day: int) -> date | None:
    days = [_day(year, month, day) for year in range(reference.year - 1, reference.year + 2)]
    distances = [(abs((day - reference).days), day) for day in days if day]
    return next((day for distance, day in sorted(distances) if distance <= 183), None)


_FISCAL_YEAR = re.compile(
    rf"(?:(?P<era>{_ERA})\s*(?P<year>{_N})|(?<![0-9])(?P<west>[12][0-9]{{3}}|[一二][〇一二三四五六七八九]{{3}}))"
    rf"{_ASIDE}(?:(?:\s*年)?\s*[・･,、~〜-]\s*{_ERA}?\s*{_N}){{0,9}}(?:\s*(?:会計|事業))?\s*年{_ASIDE}\s*度"
)


def fiscal_year(text: str) -> int | None:
    """The first fiscal year in a text, as the year in which it begins: 令和8年度, R8年度, 2026年度.

    Of several (令和7・8・9年度) the first. A year without its era (8年度) is None.
    """
    match = _FISCAL_YEAR.search(text.translate(_FOLD))
    return _year(match["era"], match["year"] or match["west"]) if match else None


def fiscal_year_of(day: date) -> int:
    """The fiscal year of a day: it begins on 1 April (財政法 article 11, 地方自治法 article 208)."""
    return day.year - (day.month < 4)


# --- Clock times ----------------------------------------------------------------------------------

_HOUR_OR_MINUTE = r"(?:[0-9]{1,2}|[〇一二三四五六七八九十]{1,3})"
_TIME = re.compile(
    r"(?P<noon>正午)"
    r"|(?<![0-9〇一二三四五六七八九十:+])(?:(?P<half>午\s?[前後]|(?<![A-Z])[AP]\.?M\.?)\s*)?"
    rf"(?:(?P<hour>{_HOUR_OR_MINUTE})\s*時(?![間点期代刻給価限])"
    rf"(?:\s*(?P<minute>{_HOUR_OR_MINUTE})\s*分|\s*(?P<thirty>半))?"
    r"|(?P<hour2>[0-9]{1,2})\s*:\s?(?P<minute2>[0-5][0-9])(?::[0-5][0-9])?(?![0-9:])"
    r"(?:\s*(?P<half2>[AP])\.?M\b)?)",
    re.IGNORECASE,
)


def parse_time(text: str) -> time | None:
    """The first clock time in a text: 午後5時, 17時00分, 17時半, 17:00, 5:00 PM, 正午.

    午前12時 is noon (太政官布告 337 of 1872). None for 24時, which `time` cannot hold, and for 午後12時 sharp,
    which is midnight by that law and noon to many who write it.
    """
    for match in _TIME.finditer(text.translate(_FOLD)):
        if match["noon"]:
            return time(12)
        get = match.groupdict()
        half = "".join((get["half"] or get["half2"] or "").upper().split())
        written = get["hour"] or get["hour2"]
        if not written.isdecimal() and not (half or get["minute"] or get["thirty"]):  # 一時的, 同一時
            continue
        hour = numeral(written) or 0
        minute = 30 if get["thirty"] else numeral(get["minute"] or get["minute2"] or "0") or 0
        if half == "午後" and (hour, minute) == (12, 0):
            return None
        if half.startswith("A"):
            hour %= 12
        elif half.startswith(("午後", "P")) and hour < 12:
            hour += 12
        return time(hour, minute) if hour < 24 and minute < 60 else None
    return None


def to_tokyo(moment: datetime) -> datetime:
    """The same moment by the clock of Tokyo. Raises ValueError for a naive one, whose zone is not known here."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no UTC offset: attach the zone it was written in")
    return moment.astimezone(TOKYO)


def tokyo_iso(moment: datetime) -> str:
    """ISO 8601 to the second, with +09:00. Raises ValueError for a naive datetime."""
    return to_tokyo(moment).isoformat(timespec="seconds")


# --- Yen ------------------------------------------------------------------------------------------

LARGEST_YEN = Decimal(10**13)
"""No contract comes near: a tenth of a year's budget of the state. One misprint must not drown the sums of all."""
SMALLEST_YEN = Decimal("0.0001")
"""毛, the smallest part of a yen that has a name and that a price per unit is told in."""

_YEN = re.compile(
    r"(?P<minus>[△▲]|(?<![^\s(:])-(?!\s))?\s?金?\s?"
    rf"(?:(?<![A-Za-z0-9:])[¥\\]\s?(?P<minus2>[-△▲])?(?P<marked>{_NUMBER})(?![.,]?[0-9])"
    # not the torn-off end of a number: 1,00 0円, 12, 345円
    rf"|(?<![0-9])(?<![0-9][.,])(?<![0-9],\s)(?<!,[0-9]\s)(?<!,[0-9][0-9]\s)(?P<named>{_NUMBER})\s*円"
    r"(?![滑形周筒城]|\s*未\s*満\s*(?:の\s*端|切))(?:(?P<sen>[0-9]{1,2})銭)?)"
)
# 千円 is a unit, 〇〇円 a blank to be filled in, and 市内一円 a whole district.
_SAYS_A_NUMBER = re.compile(r"[1-9二三四五六七八九]|一.|\A0\Z")


def yen(text: str) -> Decimal | None:
    """The first amount in a text, in yen: 12,345円, 金12,345円也, ¥12,345-, 1,234千円, 3億5千万円, 37.2円.

    △, ▲ or a minus make it negative. Tax words (税込, 税抜) are the caller's to read. The rounding rule of
    every notice (1円未満の端数) is no amount; a limit (250万円未満) is. Nor is what no price can be: ``LARGEST_YEN``
    and more, or parts of a yen that have no name.
    """
    return next((amount for _, _, amount in find_yen(text)), None)


def find_yen(text: str) -> Iterator[tuple[int, int, Decimal]]:
    """Every amount in a text as (start, end, yen), by the rules of `yen`; the signs and 金 before it belong to it."""
    for match in _YEN.finditer(text.translate(_FOLD)):
        written = match["marked"] or match["named"] or ""
        if not _SAYS_A_NUMBER.search(written):
            continue
        amount = _value(written)
        if amount is not None:
            amount += Decimal(match["sen"] or 0) / 100
            if amount >= LARGEST_YEN or amount % SMALLEST_YEN:
                continue
            yield match.start(), match.end(), -amount if match["minus"] or match["minus2"] else amount


# --- Bytes ----------------------------------------------------------------------------------------

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s\"';,]+)", re.I)
_DECLARED = re.compile(
    rb"\A\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)|<meta[^>]*?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I
)
_JIS_ESCAPE = re.compile(rb"\x1b\$[@B(]")
# What another encoding's bytes look like as Windows-31J: half-width katakana and private characters.
_MOJIBAKE = re.compile("[\uff61-\uff9f\ue000-\uf8ff]")
_ISO_2022_JP = ("iso2022_jp_2004", "iso2022_jp_ext")
_WESTERN = "cp1252"
# What a label means in Japan; spelled without hyphens, underscores and a leading x. Others are not believed.
_CODECS = {
    label: codecs_
    for labels, codecs_ in (
        ("utf8", ("utf-8",)),
        ("shiftjis sjis csshiftjis mskanji windows31j windows932 cp932 ms932", ("cp932",)),
        ("eucjp cseucpkdfmtjapanese eucjpms cp51932", ("euc_jp", "euc_jis_2004")),
        ("iso2022jp csiso2022jp cp50220 cp50221", _ISO_2022_JP),
        ("iso88591 latin1 windows1252 cp1252 ascii usascii", (_WESTERN,)),
    )
    for label in labels.split()
}


def decode(data: bytes, content_type: str = "") -> str:
    """The text of a page, feed or CSV file; never raises. `content_type` is the header's value.

    A byte order mark wins; then what the header or else the document (meta, XML) declares, if the bytes are
    valid in it, Shift_JIS always meaning Windows-31J (WHATWG Encoding Standard); then ISO-2022-JP by its
    escapes; then UTF-8, EUC-JIS-2004, Windows-31J, strictly. When nothing fits: the declared encoding (or
    UTF-8) with U+FFFD. Western labels are servers' defaults, valid for any bytes: they are tried last.
    """
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(codec, "replace")
    declared = list(_declared(data, content_type))
    believed = [codec for codec in declared if codec != _WESTERN]
    if _JIS_ESCAPE.search(data):
        believed += _ISO_2022_JP
    for codec in (*believed, "utf-8", "euc_jis_2004", "cp932"):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\x1b$" in text:  # ISO-2022-JP is ASCII to every other codec
            continue
        if codec in believed or not believed or len(_MOJIBAKE.findall(text)) * 20 <= len(data):
            return text
    mended = (data.decode(codec, "replace") for codec in believed or declared or ["utf-8"])
    return min(mended, key=lambda text: text.count("\ufffd"))


def _declared(data: bytes, content_type: str) -> Iterator[str]:
    labels = _HEADER_CHARSET.findall(content_type)[:1]
    if inside := _DECLARED.search(data[:4096]):
        labels.append((inside[1] or inside[2]).decode("ascii"))
    for label in labels:
        yield from _CODECS.get(re.sub("[^a-z0-9]", "", label.lower()).removeprefix("x"), ())
