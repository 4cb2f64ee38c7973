"""The Tokyo SME Support Center's table of its contracts."""

from typing import ClassVar

from scrapers.tokyo_tables import ContractTable


class TokyoKosha(ContractTable):
    """東京都中小企業振興公社 契約情報: commissions of the Tokyo SME Support Center (fairs, consulting, systems).

    Owner: Tokyo Metropolitan Small and Medium Enterprise Support Center (公益財団法人東京都中小企業振興公社).
    Covers: all commissions of the fiscal year on one page, the closed ones too; some 60 a year.
    Terms: none stated for the table; title, days and link are shown.
    Caveats: the table states the period in which bidders ask to be invited (希望申出期間), never a deadline for
        tenders; specifications and applications are on another site (ビジネスチャンス・ナビ) behind a login.
        Whether applications are open (受付中, 終了) is not kept: it follows from the period, and would change every
        notice once. Numbers begin anew in April. The page was described by others, its markup was never seen.
    """

    slug: ClassVar[str] = "tokyo_kosha"
    name: ClassVar[str] = "東京都中小企業振興公社 契約情報"
    name_en: ClassVar[str] = "Tokyo SME Support Center contracts"
    homepage: ClassVar[str] = "https://www.tokyo-kosha.or.jp/kosha/keiyaku/"
    jurisdiction: ClassVar[str] = "local"
    look_back_days: ClassVar[int] = 30

    addresses: ClassVar[tuple[str, ...]] = ("https://www.tokyo-kosha.or.jp/kosha/keiyaku/",)
    buyer: ClassVar[str | None] = "公益財団法人東京都中小企業振興公社"
    buyer_en: ClassVar[str | None] = "Tokyo Metropolitan Small and Medium Enterprise Support Center"
