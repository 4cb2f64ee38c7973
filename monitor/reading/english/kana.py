"""Kana in Latin letters (Hepburn, long vowels simply as they sound: ー is not written), for words no table knows."""

_ROWS = {
    "": "アa イi ウu エe オo ァa ィi ゥu ェe ォo ヴvu ンn ヶga ヵka ヮwa ゎwa",
    "k": "カa キi クu ケe コo",
    "g": "ガa ギi グu ゲe ゴo",
    "s": "サa スu セe ソo",
    "sh": "シi",
    "z": "ザa ズu ゼe ゾo ヅu",
    "j": "ジi ヂi",
    "t": "タa テe トo",
    "ch": "チi",
    "ts": "ツu",
    "d": "ダa デe ドo",
    "n": "ナa ニi ヌu ネe ノo",
    "h": "ハa ヒi ヘe ホo",
    "f": "フu",
    "b": "バa ビi ブu ベe ボo",
    "p": "パa ピi プu ペe ポo",
    "m": "マa ミi ムu メe モo",
    "y": "ヤa ユu ヨo ャa ュu ョo",
    "r": "ラa リi ルu レe ロo",
    "w": "ワa ヰi ヱe ヲo",
}
_SOUNDS = {pair[0]: row + pair[1:] for row, pairs in _ROWS.items() for pair in pairs.split()}
_SMALL = dict(zip("ャュョァィゥェォ", ("ya", "yu", "yo", "a", "i", "u", "e", "o"), strict=True))
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def romanise(kana: str) -> str:
    """A word in kana as Latin letters, the first one a capital: フィールドマップ is Firudomappu."""
    written: list[str] = []
    doubled = False
    for sign in kana.translate(_HIRAGANA):
        if sign == "ッ":
            doubled = True
            continue
        if sign in _SMALL and written and written[-1][-1:] in "iueo":
            written[-1] = _melt(written[-1], _SMALL[sign])
            continue
        sound = _SOUNDS.get(sign, "")
        if doubled and sound:
            sound = ("t" if sound.startswith("ch") else sound[0]) + sound
        doubled = False
        if sound:
            written.append(sound)
    return "".join(written).capitalize()


def _melt(sound: str, small: str) -> str:
    """A sound with the small sign after it: ki + ya is kya, shi + ya is sha, fu + i is fi, te + i is ti."""
    stem = sound[:-1]
    if small.startswith("y"):
        return stem + (small[1:] if stem.endswith(("sh", "ch", "j")) else small)
    return (stem or "w") + small
