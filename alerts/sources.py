"""What readers are told of a source."""

from dataclasses import dataclass

from alerts.language import Language


@dataclass(frozen=True, slots=True)
class SourceNames:
    """A source's own name, its English name, and the address that its terms ask us to link."""

    name: str
    name_en: str
    homepage: str

    def shown(self, language: Language) -> str:
        return self.name if language.code == "ja" else f"{self.name_en} ({self.name})"
