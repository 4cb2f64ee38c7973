"""Structured logs: one JSON object a line, in the home, rotated."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pythonjsonlogger.json import JsonFormatter

MOST_BYTES = 10 << 20
KEPT = 5


def log_to(folder: Path) -> None:
    """Send what the program logs to ``folder``/monitor.log; a second call moves it elsewhere."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / "monitor.log", maxBytes=MOST_BYTES, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(
        JsonFormatter(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "at", "levelname": "level", "name": "room"},
            json_ensure_ascii=False,
        )
    )
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, RotatingFileHandler)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # They log whole addresses, queries and tokens included.
    for talkative in ("httpx", "httpcore", "apscheduler", "alembic", "uvicorn.access"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
