"""Whether only those may bid who came to the explanatory meeting: one rule for the dates and the requirements."""

import re

_SAID = re.compile(
    r"説明会[^。]{0,70}?(?:"
    r"(?P<must>必須|義務)(?!項目|事項|書類|機能|科目|要件)"
    r"|(?P<absent>(?:参加|出席)し(?:てい)?な(?:い|かった)(?:者|場合|事業者)|欠席し|不参加)"
    r"|(?:参加|出席)した(?:者|事業者)(?:のみ|に限|でな|であること)|参加者(?:のみ|に限)"
    r"|(?:参加|出席)すること[をが](?:応募|提案|入札)?(?:参加)?の?(?:条件|要件)(?!と(?:は)?しな|ではな)"
    r"|(?:参加|出席)[をが](?:応募|提案|入札)?(?:参加)?の?(?:条件|要件)と(?:する|し(?!な)|な[るり])"
    r"|必ず(?:参加|出席)(?!する必要は)"
    r")"
    r"|(?:必須|必ず)[^。]{0,20}?説明会(?:に|へ)の?(?:参加|出席)"
)
_NOT_A_MUST = re.compile(
    r"(?:付け|づけ)?(?:で(?:は)?(?:な|あり|ござい)|と(?:は)?し(?:な|ま(?!す))|な[いし]|ら?れ?ていな)"
)
_SHUT_OUT = re.compile(
    r"[^。]{0,40}?(?:できな|できま|出来な|認め(?:な|ま)|無効|受け?付け?(?:な|ま)|受理し(?:な|ま)|失格|有しな|資格[はが]?な|対象外"
    r"|除[くき]|参加を希望しな|とみなす|辞退)"
)


def attendance_demanded(text: str) -> re.Match[str] | None:
    """The words that demand it; None where the meeting is open, or where those who stay away may bid all the same."""
    for said in _SAID.finditer(text):
        if said["must"] and _NOT_A_MUST.match(text, said.end()):
            continue
        if said["absent"] and not _SHUT_OUT.match(text, said.end()):
            continue
        return said
    return None
