"""What can go wrong on a letter's way."""

from db.vocabulary.messages import Told


class MailError(Told):
    """A letter was not taken. ``temporary``: it may be tried again later.

    ``doubtful``: it was handed over and no answer came, so it may have arrived.
    """

    def __init__(self, text: str, *, temporary: bool, doubtful: bool = False, **values: object) -> None:
        super().__init__(text, **values)
        self.temporary = temporary
        self.doubtful = doubtful
