"""What a browser would send of an HTML form: its fields as they stand, hidden ones included."""

from collections.abc import Iterable

from bs4 import Tag

Fields = tuple[tuple[str, str], ...]
"""Name and value of each field, in the order in which they stand in the form; a name may occur several times."""

_NOT_SENT = {"submit", "button", "image", "reset", "file"}


def form_fields(form: Tag) -> Fields:
    """The fields that a browser sends when nothing was touched and no button pressed (HTML Standard, form submission).

    Inputs (boxes and radio buttons only where they are checked), selects (what is selected; failing that, the
    first option of a list that takes one) and text areas; none that are disabled or have no name.
    """
    fields: list[tuple[str, str]] = []
    for tag in form.find_all(["input", "select", "textarea"]):
        name = str(tag.get("name") or "")
        if name and not tag.has_attr("disabled") and tag.find_parent("fieldset", disabled=True) is None:
            fields.extend((name, value) for value in _values(tag))
    return tuple(fields)


def filled(fields: Fields, values: Iterable[tuple[str, str]]) -> Fields:
    """The fields with other values, each in the place of its name; names that the form does not have come last."""
    given: dict[str, list[str]] = {}
    for name, value in values:
        given.setdefault(name, []).append(value)
    written: list[tuple[str, str]] = []
    done: set[str] = set()
    for name, value in fields:
        if name not in given:
            written.append((name, value))
        elif name not in done:
            done.add(name)
            written.extend((name, one) for one in given[name])
    written.extend((name, one) for name, ones in given.items() if name not in done for one in ones)
    return tuple(written)


def field_of(fields: Fields, name: str) -> str | None:
    """The value of the first field of this name; None where there is none."""
    return next((value for one, value in fields if one == name), None)


def _values(tag: Tag) -> list[str]:
    if tag.name == "textarea":
        return [tag.get_text().removeprefix("\n")]
    if tag.name == "select":
        return _selected(tag)
    kind = str(tag.get("type") or "text").lower()
    if kind in _NOT_SENT:
        return []
    if kind in ("checkbox", "radio"):
        return [str(tag.get("value", "on"))] if tag.has_attr("checked") else []
    return [str(tag.get("value") or "")]


def _selected(select: Tag) -> list[str]:
    options = select.find_all("option")
    chosen = [option for option in options if option.has_attr("selected")]
    if not select.has_attr("multiple"):
        # Of several that are selected a browser keeps the last; of none, it shows the first.
        chosen = chosen[-1:] or [option for option in options if not option.has_attr("disabled")][:1]
    return [
        str(option.get("value", option.get_text().strip())) for option in chosen if not option.has_attr("disabled")
    ]
