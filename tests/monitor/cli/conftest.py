"""Running a command as a person does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.cli import status

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in the test's own folder; gives exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, language: str = "C") -> tuple[int, str, str]:
        monkeypatch.setenv("LC_ALL", language)
        ended = status(list(arguments))
        out, err = capfdbinary.readouterr()
        return ended, out.decode(), err.decode()

    return command
