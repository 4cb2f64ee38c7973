"""The secret of a home: what signs links and hides readers. It is made once and kept."""

import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

from db.errors import RecordError


def kept_secret(file: Path) -> bytes:
    """The secret in a file that only its owner may read; it is made where it is missing. Raises RecordError."""
    try:
        if not file.exists():
            with NamedTemporaryFile("w", dir=file.parent, prefix=".secret-") as new:  # for its owner only (0600)
                new.write(secrets.token_hex(32))
                new.flush()
                try:
                    os.link(new.name, file)
                except FileExistsError:
                    return kept_secret(file)  # another process was quicker
        found = file.read_bytes().strip()
    except OSError as error:
        raise RecordError(
            "{file}: cannot be used ({why}); check the owner of the file and of its folder",
            file=file,
            why=error.strerror,
        ) from None
    if not found:
        raise RecordError("{file}: is empty; remove it, and a new one is made", file=file)
    return found
