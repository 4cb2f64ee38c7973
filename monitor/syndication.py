"""What the household publishes: the pages, and feeds for whoever publishes files."""

from dataclasses import replace
from functools import partial
from urllib.parse import urljoin

from fastapi import FastAPI

from alerts.feeds import FeedForm
from monitor.calling import check_url
from monitor.exports import dump
from monitor.household import Household
from monitor.web.app import create_app, feed_document
from monitor.web.context import WebContext
from monitor.web.feed import stylesheet_address


def context_of(house: Household) -> WebContext:
    return WebContext(
        database=house.database,
        site=house.site,
        areas=house.areas,
        sources=house.source_names(),
        turns=house.turns(),
        clock=house.clock,
        secret=house.secret,
        digest_at=house.config.mail.digest_at,
        check_webhook=partial(check_url, allow_loopback=house.config.network_settings().allow_loopback),
        try_webhook=house.try_webhook,
        data=dump.folder_of(house.home) if house.config.data.publish else None,
    )


def web_app(house: Household) -> FastAPI:
    """The pages over a home. Raises RateError for a file of exchange rates that cannot be used."""
    return create_app(replace(context_of(house), rate=house.config.rate()))


def feed_bytes(house: Household, name: str, form: FeedForm, code: str) -> bytes:
    """A feed as the page serves it: of an area's slug, of ``buyer:`` and a name, or of ``all``.

    It may be published anywhere, so its style sheet is told by its whole address. Raises KeyError for another name.
    """
    context = context_of(house)
    sheet = urljoin(house.site.home_url(), stylesheet_address(context))
    return feed_document(context, name, form=form, code=code, stylesheet=sheet)
