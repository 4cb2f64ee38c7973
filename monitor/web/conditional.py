"""Answers that a client need not fetch twice: ETag and Last-Modified, and 304 where nothing is new (RFC 9110)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def answer(
    request: Request,
    body: bytes,
    *,
    media_type: str,
    modified: datetime | None,
    headers: Mapping[str, str],
) -> Response:
    """The body, or 304 where the client has it. The tag is weak: a compressed copy is the same to a reader."""
    digest = blake2b(body, digest_size=16).hexdigest()
    validators = {**headers, "ETag": f'W/"{digest}"'}
    if modified is not None:
        validators["Last-Modified"] = format_datetime(modified.astimezone(UTC), usegmt=True)
    if _has(request.headers, digest, modified):
        return Response(status_code=304, headers=validators)
    return Response(body, media_type=media_type, headers=validators)


def _has(headers: Headers, digest: str, modified: datetime | None) -> bool:
    if (tags := headers.get("if-none-match")) is not None:
        return tags.strip() == "*" or digest in _TAG.findall(tags)
    if modified is None or (since := headers.get("if-modified-since")) is None:
        return False
    try:
        known = parsedate_to_datetime(since)
    except (ValueError, OverflowError):
        return False
    if known.tzinfo is None:
        known = known.replace(tzinfo=UTC)
    return modified.replace(microsecond=0) <= known
