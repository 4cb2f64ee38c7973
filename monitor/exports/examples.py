"""How to fetch, check and read the files of a dump: shown on the page and in the docs, and run by tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from db.vocabulary.messages import N_

_FETCH = """\
wget -O SHA256SUMS {base}/data/SHA256SUMS
sed 's|.*  |{base}/data/|' SHA256SUMS | wget -x -nH -N{cut} -i -
cd data && sha256sum -c --quiet ../SHA256SUMS
"""
_DUCKDB = """\
import duckdb

duckdb.sql(\"\"\"
    SELECT month, count(*) AS tenders, count(DISTINCT buyer) AS buyers
    FROM read_parquet('data/tenders/*/*.parquet', hive_partitioning = true)
    WHERE list_contains(areas, 'mobility')
    GROUP BY month ORDER BY month
\"\"\").show()
"""
_PANDAS = """\
import pandas

tenders = pandas.read_parquet("data/tenders", columns=["title", "buyer", "deadline_day", "areas", "month"])
mobility = tenders[[("mobility" in areas) for areas in tenders["areas"]]]
print(mobility.sort_values("deadline_day"))
"""
_SITE = """\
import pandas

awards = pandas.read_csv(
    "{base}/data/awards.csv.gz", dtype={{"corporate_number": str}}, parse_dates=["date"]
)
print(awards.groupby("supplier")["amount_jpy"].agg(["count", "sum"]).nlargest(20, "sum"))
"""


@dataclass(frozen=True, slots=True)
class Example:
    """``language`` is what it is written in: sh or python."""

    title: str
    language: str
    code: str


def examples(base_url: str) -> Sequence[Example]:
    """They work on the files of a site; ``base_url`` has no slash at its end."""
    above = len([part for part in urlsplit(base_url).path.split("/") if part])
    cut = f" --cut-dirs={above}" if above else ""
    return (
        Example(
            N_("Fetch everything, and what is new the next time, and check it"),
            "sh",
            _FETCH.format(base=base_url, cut=cut),
        ),
        Example(N_("Ask with DuckDB"), "python", _DUCKDB),
        Example(N_("Read with pandas"), "python", _PANDAS),
        Example(N_("Read from the site at once"), "python", _SITE.format(base=base_url)),
    )
