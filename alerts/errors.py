"""What can go wrong on a letter's way."""

from db.vocabulary.messages import Told


class MailError(Told):
    """A letter was not taken. ``temporary``: it may be tried again later.

    ``doubtful``: it was handed over and no answer came, so it may have arrived. ``everyone``: no other letter would be
    taken either, because of the server or of our own settings. ``status``: what a refusal says of the reader's
    mailbox (RFC 3463); empty where it says nothing of it.
    """

    def __init__(
        self,
        text: str,
        *,
        temporary: bool,
        doubtful: bool = False,
        everyone: bool = False,
        status: str = "",
        **values: object,
    ) -> None:
        super().__init__(text, **values)
        self.temporary = temporary
        self.doubtful = doubtful
        self.everyone = everyone
        self.status = status
