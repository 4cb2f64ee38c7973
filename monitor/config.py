"""The configuration: one TOML file, read once, refused where it says anything unknown or wrong."""

import difflib
import re
import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from alerts.settings import MailSettings, SmtpSettings
from alerts.site import Site
from db.vocabulary.messages import Saying, Told
from db.vocabulary.notice import Category, NoticeKind
from monitor.reading.areas import AreaDefinition
from scrapers.fetch import NetworkSettings
from scrapers.registry import sources
from scrapers.source import SourceOptions

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

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        plain = (
            not (parts.query or parts.fragment or parts.username) and value.isascii() and not re.search(r"\s", value)
        )
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain or not _port_of(parts):
            raise WrongValue("write it as https://monitor.example.org")
        return value.rstrip("/")

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

    @field_validator("sender")
    @classmethod
    def _is_address(cls, value: str) -> str:
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

    @field_validator("prefectures")
    @classmethod
    def _are_prefectures(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for code in value:
            if not re.fullmatch(r"0[1-9]|[1-3][0-9]|4[0-7]", code):
                raise WrongValue("{code} is no prefecture; write two digits from 01 to 47", code=code)
        return value

    def options(self) -> SourceOptions:
        return SourceOptions(look_back_days=self.look_back_days, prefectures=self.prefectures)


class AreaSection(_Section):
    """``[[areas]]``"""

    slug: str
    name: str = ""
    name_ja: str = ""
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()

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
    source: dict[str, SourceSection] = {}
    areas: tuple[AreaSection, ...] = ()

    @field_validator("source")
    @classmethod
    def _are_sources(cls, value: dict[str, SourceSection]) -> dict[str, SourceSection]:
        for slug in value:
            if slug not in sources():
                raise WrongValue(
                    "there is no source {slug}; there are: {slugs}", slug=slug, slugs=", ".join(sources())
                )
        return value

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
        return Site(site.name, site.base_url, site.tag_authority, site.contact, site.illustrative)

    def mail_settings(self, home: Path) -> MailSettings:
        mail = self.mail
        smtp = None
        if mail.host:
            password = mail.password.get_secret_value() or None
            smtp = SmtpSettings(mail.host, mail.port, mail.security, mail.user or None, password)
        return MailSettings(sender=mail.sender, maildir=home / "mail", smtp=smtp, digest_at=mail.digest_at)

    def area_definitions(self) -> list[AreaDefinition]:
        return [
            AreaDefinition(
                slug=area.slug,
                name=area.name,
                name_ja=area.name_ja,
                strong=area.strong,
                weak=area.weak,
                negative=area.negative,
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
        # A home is where its configuration says, wherever the command is called from.
        home = path.parent / config.storage.home
        return config.model_copy(update={"storage": config.storage.model_copy(update={"home": home})})
    except ValidationError as error:
        first, *others = error.errors()
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
        case "literal_error":
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
        case "tuple_type" | "model_type" | "dict_type" | "list_type":
            return Saying("it has another form here; see config.example.toml")
        case kind:
            return Saying("this value cannot be used ({kind})", {"kind": kind})


def _shown(where: list[str]) -> str:
    """``[site] base_url``, ``[source.kkj] enabled``, ``[[areas]] 2 slug``."""
    match where:
        case [section]:
            return section
        case ["source", slug, *rest]:
            return " ".join([f"[source.{slug}]", *rest])
        case ["areas", number, *rest]:
            return " ".join([f"[[areas]] {int(number) + 1}", *rest])
        case [section, *rest]:
            return " ".join([f"[{section}]", *rest])
        case _:
            return ""


def _known_keys(where: list[str]) -> list[str]:
    model: Any = Config
    for part in where:
        if model is Config:
            model = {"source": SourceSection, "areas": AreaSection}.get(
                part, model.model_fields[part].annotation if part in model.model_fields else Config
            )
    return sorted(model.model_fields)
