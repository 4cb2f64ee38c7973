"""The configuration: what is refused, with file and key, and that the example is true."""

from datetime import time
from pathlib import Path

import pytest

from monitor.config import Config, ConfigError, TableSection, load
from scrapers.feeds import FeedSource
from scrapers.shapes import ListSource

ROOT = Path(__file__).parents[2]


def written(folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return file


def table(**different: str) -> str:
    """A sound ``[[tables]]``, but for what is given."""
    keys = {
        "slug": "'mihon'",
        "name": "'見本市'",
        "address": "'https://www.city.mihon.example.jp/nyusatsu/'",
        "columns": "{ title = '件名', published = '公告日' }",
    } | different
    return "[[tables]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[site]\nbas_url = 'x'", "[site] bas_url: unknown key; did you mean base_url?"),
        ("[sitte]\n", "sitte: unknown key; did you mean site?"),
        (
            "zzz = 1",
            "zzz: unknown key; known here are: areas, currency, data, feeds, mail, network, reading, registers, site, source, sources, storage",
        ),
        ("[source.kkk]\n", "source: there is no source kkk; there are: "),
        ("[currency]\nyen_per_euro = -1", "[currency] yen_per_euro: write a number ≥ 0"),
        ("[currency]\nyen_per_euro = 1e300", "[currency] yen_per_euro: write how many yen one euro is"),
        ('[translation]\naddress = "ftp://x"', "[translation] address: write it as http://127.0.0.1:5000"),
        ("[currency]\nyen_per_euro = 170", "[currency]: a rate holds for a day; write day = "),
        ('[currency]\nday = "soon"', "[currency] day: write a day: 2026-04-01"),
        ('[translation]\nservice = "deepl"', "[translation]: DeepL asks for a key; write it as key"),
        ('[translation]\nservice = "libretranslate"', "[translation]: write the address of the server"),
        ("[source.kkj]\nevery_hour = 1", "[source.kkj] every_hour: unknown key; did you mean every_hours?"),
        (
            "[source.kkj]\nprefectures = ['1']",
            "[source.kkj] prefectures: 1 is no prefecture; write two digits from 01 to 47",
        ),
        ("[mail]\nport = 0", "[mail] port: write a number ≥ 1"),
        ("[mail]\nsecurity = 'ssl'", "write one of 'starttls', 'tls' or 'none'"),
        ("[source.kkj]\nenabled = 3", "[source.kkj] enabled: write true or false"),
        ("[mail]\nport = 'x'\nsecurity = 'ssl'", "(+1)"),
        ("[site]\nbase_url = 'monitor.example.org'", "write it as https://monitor.example.org"),
        ("[[areas]]\nslug = 'A b'", "[[areas]] 1 slug: A b cannot be a name here"),
        ("[[areas]]\nslug = 'all'", "[[areas]] 1 slug: all cannot be a name here"),
        ("[site]\ncontact = '管理者'", "[site] contact: write it in plain letters"),
        ("[site]\ntag_authority = 'localhost'", "[site] tag_authority: write a domain and a year"),
        ("[site]\nbase_url = 'http://x:99999'", "write it as https://monitor.example.org"),
        (f"[site]\nbase_url = 'https://{'x' * 42}'", "[site] base_url: write at most 49 characters"),
        ("[site]\nsecret = 'short'", "[site] secret: write at least 32 letters and digits"),
        ("[mail]\nreturn_path = 'bounces'", "[mail] return_path: write a mail address alone"),
        ("[network]\nstand_in = 'localhost:8100'", "[network] stand_in: write it as http://127.0.0.1:8100"),
        ("[mail]\nsender = 'Foo <a@b.jp>'", "[mail] sender: write a mail address alone"),
        ("[mail]\ndigest_at = 'early'", "[mail] digest_at: write a time of day: 08:00:00"),
        ("[source]\nkkj = 1", "it has another form here; see config.example.toml"),
        ("[site", "is no TOML"),
        (table(slug="'kkj'"), "[[tables]] 1 slug: kkj is a source already; choose another name"),
        (table(slug="'見本市'"), "[[tables]] 1 slug: 見本市 cannot be a name here; write small letters"),
        (table() + table(), "tables: mihon is there twice; every source needs a name of its own"),
        (table() + "[[feeds]]\nslug = 'mihon'\nname = 'x'\naddress = 'https://x.jp'", "feeds: mihon is there twice"),
        (table(address="'city.mihon.lg.jp'"), "[[tables]] 1 address: write it as https://www.city.example.lg.jp/"),
        (table(address="[]"), "[[tables]] 1 address: write it as https://www.city.example.lg.jp/"),
        (table(prefecture="'Tokio'"), "[[tables]] 1 prefecture: Tokio is no prefecture; write e.g. 東京都 or Tokyo"),
        (table(kind="'call'"), "[[tables]] 1 kind: write one of 'planned', 'information-request'"),
        (table(columns="{}"), "[[tables]] 1: write either columns (the table's headings) or items and selectors"),
        (table(columns="{ published = '公告日' }"), "[[tables]] 1: it must say where the title is: title = "),
        (table(key="['number']"), "[[tables]] 1: key: number is none of its columns; there are: title, published"),
        (
            table(columns="{}", items="'a[['", selectors="{ title = '' }"),
            "[[tables]] 1 items: a[[ is no CSS selector",
        ),
        (
            table(columns="{}", items="'li'", selectors="{ titel = 'a' }"),
            "[[tables]] 1: titel is no field; there are: title",
        ),
        (table(encoding="'sjiss'"), "[[tables]] 1 encoding: sjiss is no encoding that is known; write utf-8, cp932"),
        (table(columns="{ title = '' }"), "[[tables]] 1: the column title has no heading; write it as it stands"),
        (table(dates="['申請']"), "[[tables]] 1: dates: 申請 is none of its columns; there are: title, published"),
        (table(dates="['published']"), "[[tables]] 1: dates: published has a meaning of its own"),
        (table(only="['']"), "[[tables]] 1 only: an empty word fits every title; write a word"),
        (table(encoding="'base64'"), "[[tables]] 1 encoding: base64 is no encoding that is known"),
        ("[sources]\nonly = ['kkk']", "sources: there is no source kkk; there are: "),
        (table(colums="{}"), "[[tables]] 1 colums: unknown key; did you mean columns?"),
        (
            "[[feeds]]\nslug = 'x'\nname = 'x'\nadress = 'https://x.jp'",
            "[[feeds]] 1 adress: unknown key; did you mean",
        ),
        ("[[feeds]]\nslug = 'x'\naddress = 'https://x.jp'", "[[feeds]] 1 name: it is missing; write it"),
    ],
)
def test_what_is_unknown_or_wrong_is_refused_with_file_and_key(tmp_path: Path, text: str, complaint: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        load(file)
    said = str(raised.value)
    assert said.startswith(f"{file}: ")
    assert complaint in said
    assert "\n" not in said


def test_a_file_that_is_not_there_says_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file; copy config\.example\.toml"):
        load(tmp_path / "config.toml")


def test_the_example_shows_every_key_with_its_default() -> None:
    example = load(ROOT / "config.example.toml")
    assert example.storage.home == ROOT / "home", "a relative home lies beside the configuration"
    assert example.model_copy(update={"source": {}, "storage": Config().storage}) == Config()
    assert example.storage.database == Config().storage.database
    assert example.source["kkj"].model_dump() == Config().source_section("kkj").model_dump() | {
        "every_hours": 12,
        "look_back_days": 10,
    }
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    for section, model in Config.model_fields.items():
        for key in getattr(model.annotation, "model_fields", {}):
            assert f"\n{key} = " in text, f"[{section}] {key} is not in the example"


def test_the_examples_area_of_ones_own_works(tmp_path: Path) -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    commented = example[example.index("# [[areas]]") :].replace("# ", "")
    (area,) = load(written(tmp_path, commented)).area_definitions()
    assert (area.slug, area.name_ja, area.negative) == ("space", "宇宙", ("衛星放送",))


def uncommented(section: str, before: str) -> str:
    """A part of the example that stands there as comments, as it is when the marks are taken away."""
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    begun = example[example.index(f"# [[{section}]]") :]
    lines = begun[: begun.index(before)].splitlines()
    return "\n".join(line.removeprefix("# ") for line in lines if not line.startswith("#  "))


def test_the_examples_sources_without_code_work_and_show_every_key(tmp_path: Path) -> None:
    tables, feeds = uncommented("tables", "\n# …"), uncommented("feeds", "\n# Focus areas")
    for key in TableSection.model_fields:
        assert f"\n{key} = " in tables, f"[[tables]] {key} is not in the example"
    config = load(written(tmp_path, f"{tables.replace('items = ', '# ').replace('selectors = ', '# ')}\n{feeds}"))
    (city, mext) = (config.all_sources()[slug] for slug in ("mihon_city", "mext"))
    assert issubclass(city, ListSource)
    assert (city.name_en, city.prefecture, city.homepage) == (
        "Mihon City tenders",
        "東京都",
        "https://www.city.mihon.example.jp/",
    )
    assert issubclass(mext, FeedSource)
    assert (mext.addresses, mext.homepage) == (
        ("https://www.mext.go.jp/b_menu/news/index.rdf",),
        "https://www.mext.go.jp/",
    )


def test_a_source_without_code_has_the_options_of_any_other(tmp_path: Path) -> None:
    config = load(written(tmp_path, f"{table()}[source.mihon]\nrobots = 'ignore'\nmax_requests = 7\n"))
    assert config.source_section("mihon").robots == "ignore"
    assert config.all_sources()["mihon"](config.source_section("mihon").options()).request_limit == 7


def test_a_source_described_differently_is_read_by_another_parser(tmp_path: Path) -> None:
    first, second = (load(written(tmp_path, text)) for text in (table(), table(kind="'tender'")))
    assert first.all_sources()["mihon"]().parser != second.all_sources()["mihon"]().parser


def test_without_a_file_the_defaults_are_a_working_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(None)
    assert config == Config()
    assert config.mail_settings(tmp_path).smtp is None
    assert config.mail_settings(tmp_path).digest_at == time(8)
    assert "admin@localhost" in config.network_settings().user_agent


def test_config_toml_comes_before_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.example.toml").write_text("[site]\nname = 'example'", encoding="utf-8")
    assert load(None).site.name == "example"
    (tmp_path / "config.toml").write_text("[site]\nname = 'mine'", encoding="utf-8")
    assert load(None).site.name == "mine"


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    config = load(written(tmp_path, "[mail]\nhost = 'mail.example.org'\nuser = 'u'\npassword = 'geheim'"))
    assert "geheim" not in repr(config)
    smtp = config.mail_settings(tmp_path).smtp
    assert smtp is not None
    assert smtp.password == "geheim"


def test_the_keys_of_registers_are_never_shown(tmp_path: Path) -> None:
    config = load(written(tmp_path, "[registers]\nhoujin_bangou_id = 'Kmihon'\ngbizinfo_token = 'geheim'"))
    settings = config.register_settings()
    assert (settings.houjin_bangou_id, settings.gbizinfo_token) == ("Kmihon", "geheim")
    for shown in (repr(config), repr(settings)):
        assert "Kmihon" not in shown
        assert "geheim" not in shown
