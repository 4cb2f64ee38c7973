"""chrF, the measure by which a gist is held against an official title: character n-grams, no words."""

from collections import Counter

LONGEST = 6
BETA = 2


def _grams(text: str, length: int) -> Counter[str]:
    return Counter(text[at : at + length] for at in range(len(text) - length + 1))


def chrf(said: str, official: str) -> float:
    """0 to 100: the mean over n-grams of 1 to 6 characters of the F score that values recall double.

    White space does not count (Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation").
    """
    said, official = "".join(said.split()), "".join(official.split())
    precisions: list[float] = []
    recalls: list[float] = []
    for length in range(1, LONGEST + 1):
        ours, theirs = _grams(said, length), _grams(official, length)
        if not ours or not theirs:
            continue
        both = (ours & theirs).total()
        precisions.append(both / ours.total())
        recalls.append(both / theirs.total())
    if not precisions:
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    if not precision + recall:
        return 0.0
    return 100 * (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)
