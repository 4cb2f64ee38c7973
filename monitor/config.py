"""The configuration: one TOML file, read once, refused where it says anything unknown or wrong."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

import soupsieve
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from alerts.settings import MailSettings, SmtpSettings
from alerts.site import UNREGISTERED, Site
from db.vocabulary.labels import prefecture_named
from db.vocabulary.messages import Saying, Told
from db.vocabulary.notice import Category, NoticeKind
from monitor.currency import Rate, load_rate
from monitor.reading.areas import AreaDefinition
from monitor.registers import RegisterSettings
from monitor.translation import TranslationSettings
from scrapers.configured import FeedDefinition, TableDefinition, configured
from scrapers.fetch import NetworkSettings
from scrapers.registry import sources
from scrapers.shapes import FIELDS, ListLayout
from scrapers.source import Source, SourceOptions

LONGEST_BASE_URL = 49
"""With /u/ and the 22 characters of a token the link to unsubscribe then has less than 75, and is folded nowhere."""
SHORTEST_SECRET = 32
"""Letters of the secret that signs links."""
DEFAULT_FILES = ("config.toml", "config.example.toml")


class ConfigError(Told):
    """The configuration cannot be used; the message names file, key and remedy."""


class WrongValue(Told, ValueError):
    """A value that has the right type and is wrong all the same."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _header(value: str) -> str:
    """What portals are told in a header of every request."""
    if not value.isascii() or not value.isprintable():
        raise WrongValue("write it in plain letters: an address that portals can write to")
    return value


def _port_of(parts: SplitResult) -> bool:
    """Whether the port of an address, if any, is one."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


class SiteSection(_Section):
    """``[site]``"""

    name: str = "Japan Tender Monitor"
    base_url: str = "http://127.0.0.1:8000"
    tag_authority: str = "localhost,2026"
    contact: str = "admin@localhost"
    language: Literal["en", "ja"] = "en"
    illustrative: bool = False
    secret: SecretStr = SecretStr("")
    ocid_prefix: str = UNREGISTERED

    @field_validator("ocid_prefix")
    @classmethod
    def _is_prefix(cls, value: str) -> str:
        if not re.fullmatch(r"ocds-[a-z0-9]{6}", value):
            raise WrongValue("write it as ocds-a1b2c3, the prefix that you have registered")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        plain = (
            not (parts.query or parts.fragment or parts.username) and value.isascii() and not re.search(r"\s", value)
        )
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain or not _port_of(parts):
            raise WrongValue("write it as https://monitor.example.org")
        value = value.rstrip("/")
        if len(value) > LONGEST_BASE_URL:
            raise WrongValue(
                "write at most {count} characters: mail programs break longer unsubscribe links",
                count=LONGEST_BASE_URL,
            )
        return value

    @field_validator("tag_authority")
    @classmethod
    def _is_authority(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?,\d{4}(-\d{2}(-\d{2})?)?", value):
            raise WrongValue("write a domain and a year in which it is yours: example.org,2026")
        return value

    @field_validator("contact")
    @classmethod
    def _is_contact(cls, value: str) -> str:
        return _header(value)

    @field_validator("secret")
    @classmethod
    def _is_secret(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < SHORTEST_SECRET:
            raise WrongValue("write at least {count} letters and digits by chance", count=SHORTEST_SECRET)
        return value


class StorageSection(_Section):
    """``[storage]``"""

    home: Path = Path("home")
    database: str = ""


class WebSection(_Section):
    """``[web]``"""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000


class NetworkSection(_Section):
    """``[network]``"""

    contact: str = ""
    stand_in: str = ""
    allow_loopback: bool = False
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    connect_seconds: Annotated[float, Field(gt=0)] = 15
    read_seconds: Annotated[float, Field(gt=0)] = 60
    total_seconds: Annotated[float, Field(gt=0)] = 300
    legacy_tls_hosts: tuple[str, ...] = ()

    @field_validator("contact")
    @classmethod
    def _is_contact(cls, value: str) -> str:
        return _header(value)

    @field_validator("stand_in")
    @classmethod
    def _is_stand_in(cls, value: str) -> str:
        if value and not re.fullmatch(r"http://(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}", value.rstrip("/")):
            raise WrongValue("write it as http://127.0.0.1:8100")
        return value.rstrip("/")


class MailSection(_Section):
    """``[mail]``"""

    sender: str = "monitor@localhost"
    digest_at: time = time(8)
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    return_path: str = ""
    inbox: str = ""
    per_minute: Annotated[int, Field(ge=0)] = 0

    @field_validator("sender", "return_path")
    @classmethod
    def _is_address(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.field_name == "return_path":
            return value
        if not re.fullmatch(r"[^\s@<>,;]+@[^\s@<>,;]+", value):
            raise WrongValue("write a mail address alone: monitor@example.org")
        return value


class SourceSection(_Section):
    """``[source.<slug>]``"""

    enabled: bool = True
    every_hours: Annotated[int, Field(ge=1, le=168)] | None = None
    look_back_days: Annotated[int, Field(ge=0, le=3660)] | None = None
    robots: Literal["obey", "ignore"] = "obey"
    prefectures: tuple[str, ...] = ()
    max_requests: Annotated[int, Field(ge=1)] | None = None
    max_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None

    @field_validator("prefectures")
    @classmethod
    def _are_prefectures(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for code in value:
            if not re.fullmatch(r"0[1-9]|[1-3][0-9]|4[0-7]", code):
                raise WrongValue("{code} is no prefecture; write two digits from 01 to 47", code=code)
        return value

    def options(self) -> SourceOptions:
        return SourceOptions(
            look_back_days=self.look_back_days,
            prefectures=self.prefectures,
            max_requests=self.max_requests,
            max_minutes=self.max_minutes,
        )


def _web_addresses(value: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses that can be fetched: at least one, each with a host."""
    for address in value or ("",):
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or not _port_of(parts):
            raise WrongValue("write it as https://www.city.example.lg.jp/nyusatsu/index.html")
    return value


def _selector(value: str) -> str:
    try:
        soupsieve.compile(value)
    except soupsieve.SelectorSyntaxError as error:
        raise WrongValue(
            "{selector} is no CSS selector ({why})", selector=value, why=str(error).split("\n")[0]
        ) from None
    return value


class _ConfiguredSection(_Section):
    """What ``[[tables]]`` and ``[[feeds]]`` have in common."""

    slug: str
    name: str
    name_en: str = ""
    homepage: str = ""
    address: tuple[str, ...]
    """One or several."""
    buyer: str = ""
    buyer_en: str = ""
    prefecture: str = ""
    kind: NoticeKind | None = None
    kinds: dict[str, NoticeKind] = {}
    only: tuple[str, ...] = ()

    @field_validator("slug")
    @classmethod
    def _is_slug(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
            raise WrongValue("{slug} cannot be a name here; write small letters, digits and underscores", slug=value)
        if value in sources():
            raise WrongValue(
                "{slug} is a source already; choose another name, or remove this block if the program now has it",
                slug=value,
            )
        return value

    @field_validator("address", mode="before")
    @classmethod
    def _is_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("address")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _web_addresses(value)

    @field_validator("only", "kinds")
    @classmethod
    def _are_words(cls, value: Any) -> Any:
        if any(not word.strip() for word in value):
            raise WrongValue("an empty word fits every title; write a word")
        return value

    @field_validator("homepage")
    @classmethod
    def _is_homepage(cls, value: str) -> str:
        return _web_addresses((value,))[0] if value else value

    @field_validator("prefecture")
    @classmethod
    def _is_prefecture(cls, value: str) -> str:
        named = prefecture_named(value) if value else ""
        if named is None:
            raise WrongValue("{name} is no prefecture; write e.g. 東京都 or Tokyo", name=value)
        return named

    def common(self) -> dict[str, Any]:
        """What a definition of either shape is made with."""
        return {
            name: getattr(self, name)
            for name in (
                "slug",
                "name",
                "name_en",
                "homepage",
                "buyer",
                "buyer_en",
                "prefecture",
                "kind",
                "kinds",
                "only",
            )
        } | {"addresses": self.address}


class TableSection(_ConfiguredSection):
    """``[[tables]]``"""

    columns: dict[str, str] = {}
    optional: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    items: str = ""
    selectors: dict[str, str] = {}
    key: tuple[str, ...] = ("link",)
    date_format: str = ""
    empty: str = ""
    next_page: str = ""
    encoding: str = ""
    text: str = ""

    @field_validator("items", "next_page", "text")
    @classmethod
    def _is_selector(cls, value: str) -> str:
        return _selector(value) if value else value

    @field_validator("selectors")
    @classmethod
    def _are_selectors(cls, value: dict[str, str]) -> dict[str, str]:
        for selector in value.values():
            if selector:
                _selector(selector)
        return value

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, value: str) -> str:
        try:
            " ".encode(value or "utf-8")
        except LookupError:
            raise WrongValue(
                "{name} is no encoding that is known; write utf-8, cp932 or euc_jp", name=value
            ) from None
        return value

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        if bool(self.columns) == bool(self.items):
            raise WrongValue("write either columns (the table's headings) or items and selectors")
        where = self.columns or self.selectors
        if unread := [name for name in self.selectors if name not in (*FIELDS, *self.dates)]:
            raise WrongValue("{name} is no field; there are: {fields}", name=unread[0], fields=", ".join(FIELDS))
        if "title" not in where:
            raise WrongValue('it must say where the title is: title = "件名"')
        if empty := [name for name, heading in self.columns.items() if not heading.strip()]:
            raise WrongValue("the column {name} has no heading; write it as it stands on the page", name=empty[0])
        for key, names in (("key", self.key), ("optional", self.optional), ("dates", self.dates)):
            if unknown := [name for name in names if name not in where and (key, name) != ("key", "link")]:
                raise WrongValue(
                    "{key}: {name} is none of its columns; there are: {names}",
                    key=key,
                    name=unknown[0],
                    names=", ".join(where),
                )
        if known := [name for name in self.dates if name in FIELDS]:
            raise WrongValue("dates: {name} has a meaning of its own; call the column by its heading", name=known[0])
        return self

    def definition(self) -> TableDefinition:
        layout = ListLayout(
            columns=self.columns,
            optional=frozenset(self.optional),
            dates=self.dates,
            items=self.items,
            selectors=self.selectors,
            key=self.key,
            date_format=self.date_format,
            empty="".join(self.empty.split()),
            next_page=self.next_page,
            encoding=self.encoding or None,
        )
        return TableDefinition(**self.common(), layout=layout, text=self.text)


class FeedSection(_ConfiguredSection):
    """``[[feeds]]``"""

    def definition(self) -> FeedDefinition:
        return FeedDefinition(**self.common())


class SourcesSection(_Section):
    """``[sources]``"""

    only: tuple[str, ...] = ()


class ReadingSection(_Section):
    """``[reading]``"""

    second_opinion: str = ""


class CurrencySection(_Section):
    """``[currency]``"""

    yen_per_euro: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    day: str = ""
    file: str = ""

    @field_validator("yen_per_euro")
    @classmethod
    def _is_a_rate(cls, value: Decimal) -> Decimal:
        if value and not 1 <= value <= 10_000:
            raise WrongValue("write how many yen one euro is: 172.5; or 0 for none")
        return value

    @field_validator("day")
    @classmethod
    def _is_day(cls, value: str) -> str:
        try:
            return date.fromisoformat(value).isoformat() if value else value
        except ValueError:
            raise WrongValue("write a day: 2026-04-01") from None

    @model_validator(mode="after")
    def _has_a_day(self) -> Self:
        if self.yen_per_euro and not self.day:
            raise WrongValue('a rate holds for a day; write day = "2026-04-01" beside it')
        if self.yen_per_euro and self.file:
            raise WrongValue("write either yen_per_euro or file")
        return self


class TranslationSection(_Section):
    """``[translation]``"""

    service: Literal["", "deepl", "libretranslate"] = ""
    address: str = ""
    key: SecretStr = SecretStr("")
    characters_per_month: Annotated[int, Field(ge=0)] = 500_000
    only_areas: bool = True

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or not _port_of(parts)):
            raise WrongValue("write it as http://127.0.0.1:5000")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.service == "deepl" and not self.key.get_secret_value():
            raise WrongValue("DeepL asks for a key; write it as key")
        if self.service == "libretranslate" and not self.address:
            raise WrongValue("write the address of the server: http://127.0.0.1:5000")
        return self


class DataSection(_Section):
    """``[data]``"""

    publish: bool = True
    hour: Annotated[int, Field(ge=0, le=23)] = 4


class RegistersSection(_Section):
    """``[registers]``"""

    houjin_bangou_id: SecretStr = SecretStr("")
    gbizinfo_token: SecretStr = SecretStr("")

    @field_validator("houjin_bangou_id", "gbizinfo_token")
    @classmethod
    def _is_plain(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[!-~]*", value.get_secret_value()):
            raise WrongValue("write it as it was given: letters, digits and signs without spaces")
        return value


class AreaSection(_Section):
    """``[[areas]]``"""

    slug: str
    name: str = ""
    name_ja: str = ""
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    venue: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    file: Path | None = None
    cpv: tuple[str, ...] = ()

    @field_validator("slug")
    @classmethod
    def _is_slug(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value) or value in ("all", *NoticeKind, *Category):
            raise WrongValue("{slug} cannot be a name here; write small letters, digits and hyphens", slug=value)
        return value


class Config(_Section):
    """The whole file. Every key has a default: an empty file is a working configuration."""

    site: SiteSection = SiteSection()
    storage: StorageSection = StorageSection()
    web: WebSection = WebSection()
    network: NetworkSection = NetworkSection()
    mail: MailSection = MailSection()
    tables: tuple[TableSection, ...] = ()
    feeds: tuple[FeedSection, ...] = ()
    sources: SourcesSection = SourcesSection()
    source: dict[str, SourceSection] = {}
    reading: ReadingSection = ReadingSection()
    currency: CurrencySection = CurrencySection()
    translation: TranslationSection = TranslationSection()
    registers: RegistersSection = RegistersSection()
    data: DataSection = DataSection()
    areas: tuple[AreaSection, ...] = ()

    @field_validator("tables", "feeds")
    @classmethod
    def _differ(cls, value: tuple[_ConfiguredSection, ...], info: ValidationInfo) -> tuple[_ConfiguredSection, ...]:
        slugs = [one.slug for one in (*info.data.get("tables", ()), *value)]
        if twice := [slug for slug in slugs if slugs.count(slug) > 1]:
            raise WrongValue("{slug} is there twice; every source needs a name of its own", slug=twice[0])
        return value

    @field_validator("source", "sources")
    @classmethod
    def _are_sources(cls, value: Any, info: ValidationInfo) -> Any:
        own = [one.slug for name in ("tables", "feeds") for one in info.data.get(name, ())]
        known = [*sources(), *own]
        for slug in value.only if isinstance(value, SourcesSection) else value:
            if slug not in known:
                raise WrongValue("there is no source {slug}; there are: {slugs}", slug=slug, slugs=", ".join(known))
        return value

    def all_sources(self) -> Mapping[str, type[Source]]:
        """Those with code, and those that are described here."""
        tables = [one.definition() for one in self.tables]
        feeds = [one.definition() for one in self.feeds]
        return {**sources(), **configured([*tables, *feeds])}

    def source_section(self, slug: str) -> SourceSection:
        return self.source.get(slug, SourceSection())

    def network_settings(self) -> NetworkSettings:
        contact = self.network.contact or self.site.contact
        return NetworkSettings(
            user_agent=f"japan-tender-monitor/0.1 (+{self.site.base_url}; {contact})",
            retries=self.network.retries,
            connect_seconds=self.network.connect_seconds,
            read_seconds=self.network.read_seconds,
            total_seconds=self.network.total_seconds,
            stand_in=self.network.stand_in or None,
            allow_loopback=self.network.allow_loopback,
            legacy_tls_hosts=frozenset(self.network.legacy_tls_hosts),
        )

    def site_settings(self) -> Site:
        site = self.site
        return Site(site.name, site.base_url, site.tag_authority, site.contact, site.illustrative, site.ocid_prefix)

    def secret(self) -> bytes:
        """The configured secret; empty where the home's own is to be used."""
        return self.site.secret.get_secret_value().encode()

    def mail_settings(self, home: Path) -> MailSettings:
        mail = self.mail
        smtp = None
        if mail.host:
            password = mail.password.get_secret_value() or None
            smtp = SmtpSettings(mail.host, mail.port, mail.security, mail.user or None, password)
        return MailSettings(
            sender=mail.sender,
            maildir=home / "mail",
            smtp=smtp,
            digest_at=mail.digest_at,
            return_path=mail.return_path,
            inbox=Path(mail.inbox) if mail.inbox else None,
            per_minute=mail.per_minute,
        )

    def translation_settings(self) -> TranslationSettings:
        section = self.translation
        return TranslationSettings(
            service=section.service,
            address=section.address,
            key=section.key.get_secret_value(),
            characters_per_month=section.characters_per_month,
            only_areas=section.only_areas,
        )

    def register_settings(self) -> RegisterSettings:
        section = self.registers
        return RegisterSettings(
            houjin_bangou_id=section.houjin_bangou_id.get_secret_value(),
            gbizinfo_token=section.gbizinfo_token.get_secret_value(),
        )

    def second_opinion(self) -> Path | None:
        """The file of a second opinion on titles; None where the lexicon alone decides."""
        return Path(self.reading.second_opinion) if self.reading.second_opinion else None

    def rate(self) -> Rate | None:
        """The rate at which values are shown in euro, too. Raises RateError for a file that cannot be used."""
        if self.currency.file:
            return load_rate(Path(self.currency.file))
        if self.currency.yen_per_euro:
            return Rate(self.currency.yen_per_euro, date.fromisoformat(self.currency.day), "config")
        return None

    def area_definitions(self) -> list[AreaDefinition]:
        return [
            AreaDefinition(
                slug=area.slug,
                name=area.name,
                name_ja=area.name_ja,
                strong=area.strong,
                weak=area.weak,
                venue=area.venue,
                negative=area.negative,
                file=area.file,
                cpv=area.cpv,
            )
            for area in self.areas
        ]


def load(path: Path | None) -> Config:
    """The configuration in a file; without one, config.toml or config.example.toml here, or the defaults.

    Raises ConfigError, whose one line names the file, the key and what to write.
    """
    if path is None:
        path = next((Path(name) for name in DEFAULT_FILES if Path(name).exists()), None)
        if path is None:
            return Config()
    try:
        with path.open("rb") as file:
            raw = tomllib.load(file)
    except FileNotFoundError:
        raise ConfigError("{file}: there is no such file; copy config.example.toml to it", file=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("{file}: cannot be read ({why})", file=path, why=error) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("{file}: is no TOML: {why}", file=path, why=error) from None
    try:
        config = Config.model_validate(raw)
        # Homes and files are where the configuration says, wherever the command is called from.
        home = path.parent / config.storage.home
        areas = tuple(
            area.model_copy(update={"file": path.parent / area.file}) if area.file else area for area in config.areas
        )
        opinion, rates = config.reading.second_opinion, config.currency.file
        reading = ReadingSection(second_opinion=str(path.parent / opinion) if opinion else "")
        return config.model_copy(
            update={
                "storage": config.storage.model_copy(update={"home": home}),
                "reading": reading,
                "currency": config.currency.model_copy(update={"file": rates and str(path.parent / rates)}),
                "areas": areas,
            }
        )
    except ValidationError as error:
        # A misspelt key says more than that the right one is missing.
        first, *others = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        raise _plain(path, first, len(others)) from None


def _plain(path: Path, problem: Any, others: int) -> ConfigError:
    where = [str(part) for part in problem["loc"]]
    key = _shown(where)
    more = f" (+{others})" if others else ""
    if problem["type"] == "extra_forbidden":
        known = _known_keys(where[:-1])
        close = difflib.get_close_matches(where[-1], known, n=1)
        if close:
            return ConfigError(
                "{file}: {key}: unknown key; did you mean {close}?{more}",
                file=path,
                key=key,
                close=close[0],
                more=more,
            )
        return ConfigError(
            "{file}: {key}: unknown key; known here are: {known}{more}",
            file=path,
            key=key,
            known=", ".join(known),
            more=more,
        )
    return ConfigError("{file}: {key}: {why}{more}", file=path, key=key, why=_why(problem), more=more)


def _why(problem: Any) -> Saying:
    """What is wrong with a value, in words; problem is an error of pydantic's."""
    limits = problem.get("ctx", {})
    match problem["type"]:
        case "value_error" if isinstance(limits.get("error"), Told):
            return Saying("{why}", {"why": limits["error"].saying})
        case "missing":
            return Saying("it is missing; write it")
        case "literal_error" | "enum":
            return Saying("write one of {allowed}", {"allowed": str(limits["expected"])})
        case "greater_than_equal" | "greater_than" | "less_than_equal" | "less_than":
            sign, limit = next(iter(limits.items()))
            signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
            return Saying("write a number {sign} {limit}", {"sign": signs[sign], "limit": str(limit)})
        case "string_pattern_mismatch":
            return Saying("write it in the form {form}", {"form": str(limits["pattern"])})
        case "int_parsing" | "int_type" | "float_parsing" | "float_type" | "int_from_float":
            return Saying("write a number")
        case "bool_parsing" | "bool_type":
            return Saying("write true or false")
        case "string_type":
            return Saying("write it in quotation marks")
        case "time_parsing" | "time_type":
            return Saying("write a time of day: 08:00:00")
        case "decimal_parsing" | "decimal_type":
            return Saying("write a number")
        case "tuple_type" | "model_type" | "dict_type" | "list_type":
            return Saying("it has another form here; see config.example.toml")
        case kind:
            return Saying("this value cannot be used ({kind})", {"kind": kind})


def _shown(where: list[str]) -> str:
    """``[site] base_url``, ``[source.kkj] enabled``, ``[[areas]] 2 slug``."""
    match where:
        case ["currency" | "translation" as section]:
            return f"[{section}]"
        case [section]:
            return section
        case ["source", slug, *rest]:
            return " ".join([f"[source.{slug}]", *rest])
        case [("areas" | "tables" | "feeds") as section, number, *rest]:
            return " ".join([f"[[{section}]] {int(number) + 1}", *rest])
        case [section, *rest]:
            return " ".join([f"[{section}]", *rest])
        case _:
            return ""


def _known_keys(where: list[str]) -> list[str]:
    model: Any = Config
    for part in where:
        if model is Config:
            model = {
                "source": SourceSection,
                "areas": AreaSection,
                "tables": TableSection,
                "feeds": FeedSection,
            }.get(part, model.model_fields[part].annotation if part in model.model_fields else Config)
    return sorted(model.model_fields)
