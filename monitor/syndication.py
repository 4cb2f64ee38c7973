"""What the household publishes: the pages, and feeds for whoever publishes files."""

from dataclasses import replace

from fastapi import FastAPI

from alerts.feeds import FeedForm
from monitor.household import Household
from monitor.web.app import create_app, feed_document
from monitor.web.context import WebContext


def context_of(house: Household) -> WebContext:
    return WebContext(
        database=house.database,
        site=house.site,
        areas=house.areas,
        sources=house.source_names(),
        turns=house.turns(),
        clock=house.clock,
        secret=house.secret,
    )


def web_app(house: Household) -> FastAPI:
    """The pages over a home. Raises RateError for a file of exchange rates that cannot be used."""
    return create_app(replace(context_of(house), rate=house.config.rate()))


def feed_bytes(house: Household, name: str, form: FeedForm, code: str) -> bytes:
    """A feed as the page serves it: of an area's slug, or of ``all``."""
    return feed_document(context_of(house), name, form=form, code=code)
