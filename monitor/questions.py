"""Questions that analysts ask, and the SQL that answers them: to be run as they are, and to begin from.

They ask the views of ``db.views`` in words that SQLite, PostgreSQL and a published copy understand alike. What depends
on the day stands in braces: ``{today}``, ``{monday}`` and ``{sunday}`` of the week to come, and ``{quarter_ago}`` and
``{year_ago}``, so many days before today. All days are Tokyo's.

The views have what the state sells, too (最高価格: the highest price wins). Where contracts are counted it is left out, as
in ``db.statistics``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from db.vocabulary.messages import N_, Told

QUARTER, YEAR = timedelta(days=91), timedelta(days=365)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Example:
    """A question by its name. ``note`` is what one has to know to read the answer."""

    name: str
    question: str
    sql: str
    note: str = ""

    def on(self, today: date) -> str:
        """The SQL as it is asked on a day."""
        return self.sql.format_map(days(today)).strip()


def days(today: date) -> Mapping[str, str]:
    """The days that a question may name."""
    monday = today + WEEK - timedelta(days=today.weekday())
    named = {
        "today": today,
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "quarter_ago": today - QUARTER,
        "year_ago": today - YEAR,
    }
    return {name: f"'{day.isoformat()}'" for name, day in named.items()}


def example(name: str) -> Example:
    """The question of a name. Raises Told."""
    found = next((one for one in EXAMPLES if one.name == name), None)
    if found is None:
        raise Told(
            "there is no example {name}; there are: {names}", name=name, names=", ".join(one.name for one in EXAMPLES)
        )
    return found


EXAMPLES: Sequence[Example] = (
    Example(
        "hydrogen-winners",
        N_("Who wins hydrogen contracts?"),
        """
SELECT supplier, corporate_number, count(*) AS wins, sum(amount_jpy) AS yen, max(date) AS last_win
FROM v_awards
WHERE title LIKE '%水素%'
  AND title NOT LIKE '%過酸化水素%' AND title NOT LIKE '%炭化水素%' AND title NOT LIKE '%硫化水素%'
  AND title NOT LIKE '%塩化水素%' AND title NOT LIKE '%フッ化水素%' AND title NOT LIKE '%ふっ化水素%'
  AND title NOT LIKE '%シアン化水素%' AND title NOT LIKE '%炭酸水素%' AND title NOT LIKE '%リン酸水素%'
  AND title NOT LIKE '%重水素%' AND title NOT LIKE '%水素イオン%' AND title NOT LIKE '%水素化%'
GROUP BY supplier, corporate_number
ORDER BY wins DESC, yen DESC NULLS LAST, supplier
LIMIT 50
""",
        N_("Hydrogen peroxide and other compounds are left out."),
    ),
    Example(
        "digital-health-open-to-eu",
        N_("Which buyers publish most digital-health tenders that are open to companies from the EU?"),
        """
SELECT t.buyer, max(t.buyer_en) AS buyer_en, count(*) AS tenders,
       sum(t.open_to_eu) AS open_to_eu, max(t.published) AS newest
FROM v_areas AS a
JOIN v_tenders AS t ON t.id = a.tender_id
WHERE a.area = 'digital-health' AND a.venue = 0 AND t.buyer IS NOT NULL
GROUP BY t.buyer
HAVING sum(t.open_to_eu) > 0
ORDER BY open_to_eu DESC, tenders DESC, t.buyer
LIMIT 50
""",
        N_("Open: covered, or likely covered, by the GPA or by the agreement between the EU and Japan."),
    ),
    Example(
        "notice-periods",
        N_("How long are notice periods, by kind of notice and by whether the EU may bid?"),
        """
WITH ranked AS (
  SELECT kind, open_to_eu, notice_period_days AS days,
         row_number() OVER (PARTITION BY kind, open_to_eu ORDER BY notice_period_days) AS place,
         count(*) OVER (PARTITION BY kind, open_to_eu) AS tenders
  FROM v_tenders
  WHERE notice_period_days >= 0
)
SELECT kind, open_to_eu, tenders, avg(days) AS median_days
FROM ranked
WHERE place IN ((tenders + 1) / 2, (tenders + 2) / 2)
GROUP BY kind, open_to_eu, tenders
ORDER BY kind, open_to_eu
""",
        N_("The median of the days from the publication to the deadline; tenders without a deadline are left out."),
    ),
    Example(
        "notice-periods-by-year",
        N_("Do notice periods become longer or shorter from year to year?"),
        """
WITH ranked AS (
  SELECT substr(published, 1, 4) AS year, notice_period_days AS days,
         row_number() OVER (PARTITION BY substr(published, 1, 4) ORDER BY notice_period_days) AS place,
         count(*) OVER (PARTITION BY substr(published, 1, 4)) AS tenders
  FROM v_tenders
  WHERE notice_period_days >= 0
)
SELECT year, tenders, avg(days) AS median_days
FROM ranked
WHERE place IN ((tenders + 1) / 2, (tenders + 2) / 2)
GROUP BY year, tenders
ORDER BY year
""",
    ),
    Example(
        "notice-periods-by-buyer",
        N_("Which buyers give the least time?"),
        """
WITH ranked AS (
  SELECT buyer, notice_period_days AS days,
         row_number() OVER (PARTITION BY buyer ORDER BY notice_period_days) AS place,
         count(*) OVER (PARTITION BY buyer) AS tenders
  FROM v_tenders
  WHERE notice_period_days >= 0 AND buyer IS NOT NULL
)
SELECT buyer, tenders, avg(days) AS median_days
FROM ranked
WHERE tenders >= 5 AND place IN ((tenders + 1) / 2, (tenders + 2) / 2)
GROUP BY buyer, tenders
ORDER BY median_days, tenders DESC, buyer
LIMIT 50
""",
        N_("Only buyers with five tenders or more that have a deadline."),
    ),
    Example(
        "closing-next-week-tokyo",
        N_("Which tenders close next week in Tokyo?"),
        """
SELECT deadline_day, deadline, title, buyer, category, open_to_eu, notice_url, id
FROM v_tenders
WHERE prefecture = '東京都' AND kind NOT IN ('award', 'cancellation')
  AND deadline_day BETWEEN {monday} AND {sunday}
ORDER BY deadline_day, title, id
LIMIT 200
""",
        N_("Monday to Sunday of the week to come; of a tender whose time of day is not known the deadline is empty."),
    ),
    Example(
        "open-now-by-prefecture",
        N_("How many tenders are open in each prefecture?"),
        """
SELECT prefecture, count(*) AS open_tenders, sum(open_to_eu) AS open_to_eu, min(deadline_day) AS first_deadline
FROM v_tenders
WHERE deadline_day >= {today} AND kind NOT IN ('award', 'cancellation') AND prefecture IS NOT NULL
GROUP BY prefecture
ORDER BY open_tenders DESC, prefecture
""",
        N_("Tenders without a known deadline are left out."),
    ),
    Example(
        "single-method-by-buyer",
        N_("What share of its contracts does each buyer give without a competition?"),
        """
SELECT buyer, count(*) AS contracts, sum(single_method) AS negotiated,
       round(100.0 * sum(single_method) / count(*), 1) AS percent,
       sum(CASE WHEN procedure = 'direct' THEN 1 ELSE 0 END) AS single_supplier
FROM v_awards
WHERE single_method IS NOT NULL AND buyer IS NOT NULL AND coalesce(method, '') NOT LIKE '%最高価格%'
GROUP BY buyer
ORDER BY contracts DESC, buyer
LIMIT 50
""",
        N_("Negotiated contracts (随意契約); of some of them several companies could compete for the contract."),
    ),
    Example(
        "awards-by-area-and-year",
        N_("How many contracts were won in each focus area and fiscal year, and for how much?"),
        """
WITH won AS (
  SELECT areas, fiscal_year, count(*) AS contracts, sum(amount_jpy) AS yen
  FROM v_awards
  WHERE areas <> '' AND coalesce(method, '') NOT LIKE '%最高価格%'
  GROUP BY areas, fiscal_year
), known AS (
  SELECT area FROM v_areas
  UNION
  SELECT areas FROM won WHERE areas NOT LIKE '%,%'
)
SELECT known.area, won.fiscal_year, sum(won.contracts) AS contracts, sum(won.yen) AS yen
FROM known
JOIN won ON ',' || won.areas || ',' LIKE '%,' || known.area || ',%'
GROUP BY known.area, won.fiscal_year
ORDER BY known.area, won.fiscal_year
""",
        N_("A contract of two areas counts in both."),
    ),
    Example(
        "biggest-contracts",
        N_("Which were the biggest contracts of the last twelve months?"),
        """
SELECT date, amount_jpy, title, buyer, supplier, procedure, areas
FROM v_awards
WHERE date BETWEEN {year_ago} AND {today} AND amount_jpy IS NOT NULL
  AND coalesce(method, '') NOT LIKE '%最高価格%'
ORDER BY amount_jpy DESC, date DESC, id
LIMIT 50
""",
    ),
    Example(
        "price-against-planned",
        N_("How near do prices come to the planned price?"),
        """
WITH ranked AS (
  SELECT procedure, 100.0 * amount_jpy / planned_jpy AS percent,
         row_number() OVER (PARTITION BY procedure ORDER BY amount_jpy / planned_jpy) AS place,
         count(*) OVER (PARTITION BY procedure) AS contracts
  FROM v_awards
  WHERE planned_jpy > 0 AND amount_jpy > 0 AND procedure IS NOT NULL
    AND coalesce(method, '') NOT LIKE '%最高価格%'
)
SELECT procedure, contracts, avg(percent) AS median_percent
FROM ranked
WHERE place IN ((contracts + 1) / 2, (contracts + 2) / 2)
GROUP BY procedure, contracts
ORDER BY procedure
""",
        N_("Only contracts of which both prices are known; few awards state the planned price."),
    ),
    Example(
        "suppliers-from-abroad",
        N_("What share of the contracts goes to companies that are registered abroad?"),
        """
SELECT fiscal_year, count(*) AS contracts, sum(CASE WHEN abroad = 1 THEN 1 ELSE 0 END) AS abroad,
       sum(CASE WHEN abroad = 0 THEN 1 ELSE 0 END) AS in_japan,
       sum(CASE WHEN abroad IS NULL THEN 1 ELSE 0 END) AS unknown
FROM v_awards
WHERE coalesce(method, '') NOT LIKE '%最高価格%'
GROUP BY fiscal_year
ORDER BY fiscal_year
""",
        N_("Unknown until a register of companies was asked."),
    ),
    Example(
        "new-buyers",
        N_("Which buyers have published their first tender within a quarter of a year?"),
        """
SELECT buyer, max(buyer_en) AS buyer_en, max(prefecture) AS prefecture,
       min(published) AS first_published, count(*) AS tenders
FROM v_tenders
WHERE buyer IS NOT NULL
GROUP BY buyer
HAVING min(published) >= {quarter_ago}
ORDER BY first_published DESC, tenders DESC, buyer
LIMIT 50
""",
        N_("The first that is known here: a source that was read later makes many buyers new."),
    ),
    Example(
        "without-english",
        N_("Which tenders open to the EU have no English title but a gist, or none at all?"),
        """
SELECT published, deadline_day, title, title_en, buyer, areas, notice_url, id
FROM v_tenders
WHERE open_to_eu = 1 AND (title_en IS NULL OR title_en_origin = 'gist')
  AND kind NOT IN ('award', 'cancellation') AND deadline_day >= {today}
ORDER BY published DESC, id
LIMIT 50
""",
    ),
    Example(
        "published-twice",
        N_("How many tenders were published at more than one source?"),
        """
SELECT sources, count(*) AS tenders, max(published) AS newest
FROM v_tenders
WHERE source_count > 1
GROUP BY sources
ORDER BY tenders DESC, sources
""",
    ),
    Example(
        "results-that-are-linked",
        N_("Of how many contracts is the call known that they are the result of?"),
        """
SELECT fiscal_year, source, count(*) AS contracts, count(tender_id) AS with_call,
       round(100.0 * count(tender_id) / count(*), 1) AS percent
FROM v_awards
GROUP BY fiscal_year, source
ORDER BY fiscal_year, source
""",
    ),
)
"""In the order in which a page shows them."""
