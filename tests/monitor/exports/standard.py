"""The standard's own check of packages, offline: the libraries of the Open Contracting Partnership with its schema.

The schema lies beside the project, in a zip that the standard's publisher offers; where it is absent, the tests that need
it are skipped. What the libraries would fetch from the standard's site is answered out of the zip.
"""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
import requests
from libcoveocds.api import ocds_json_output
from libcoveocds.config import LibCoveOCDSConfig

ZIP = Path(__file__).parents[4] / "shared" / "ocds" / "standard-1__1__5.zip"
SCHEMA = "standard-1__1__5/schema/"
needs_the_standard = pytest.mark.skipif(not ZIP.exists(), reason=f"the standard is not beside the project: {ZIP}")
Json = dict[str, Any]


@contextmanager
def _offline() -> Iterator[None]:
    with zipfile.ZipFile(ZIP) as standard:

        def get(url: str, *args: object, **more: object) -> requests.Response:
            parts = urlsplit(url)
            if parts.hostname != "standard.open-contracting.org":
                raise AssertionError(f"asked for {url}")
            answer = requests.Response()
            answer.status_code = 200
            answer.raw = io.BytesIO(standard.read(SCHEMA + parts.path.rpartition("/")[2]))
            return answer

        with mock.patch("requests.get", get):
            yield


def checked(package: Path) -> Json:
    """What the check says of a file with one package of releases or records."""
    config = LibCoveOCDSConfig()
    config.config.update(context="api", standard_zip=ZIP.as_uri())
    with _offline():
        found: Json = ocds_json_output(file=str(package), lib_cove_ocds_config=config)
    return found


def assert_sound(package: Path) -> Json:
    """No error, no code that a closed codelist does not have, no field that the standard does not know."""
    found = checked(package)
    assert found["validation_errors"] == []
    assert found["additional_closed_codelist_values"] == {}
    assert not found["deprecated_fields"]
    assert not found["additional_checks"]
    # Names in another language are the standard's, by a pattern that the check does not follow.
    assert [one["field"] for one in found["additional_fields"] if not one["field"].endswith("_en")] == []
    return found


def compiled_elsewhere(releases: Path, folder: Path) -> dict[str, Json]:
    """The compiled releases that ``ocdskit compile`` makes of packages of releases, by ocid."""
    schema = folder / "release-schema.json"
    with zipfile.ZipFile(ZIP) as standard:
        schema.write_bytes(standard.read(SCHEMA + "dereferenced-release-schema.json"))
    command = [str(Path(sys.executable).with_name("ocdskit")), "compile", "--schema", str(schema)]
    with releases.open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, timeout=120, check=True)
    found = map(json.loads, done.stdout.splitlines())
    return {one["ocid"]: one for one in found}


def assert_compiled_alike(releases: Path, records: Path, folder: Path) -> int:
    """The records' compiled releases are those that the standard's tool makes; returns how many."""
    elsewhere = compiled_elsewhere(releases, folder)
    ours = {one["ocid"]: one["compiledRelease"] for one in json.loads(records.read_bytes())["records"]}
    assert ours == elsewhere
    return len(ours)
