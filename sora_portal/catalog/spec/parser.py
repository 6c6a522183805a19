"""From a JSON document to the parts of a spec: every key known, every value of its type, or SpecError says where."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

from sora_portal.catalog.spec.documents import Json, SpecError, entries, flag, mapping, number, text, texts, whole
from sora_portal.catalog.spec.fields import Choice, Condition, Field

MILLI = 1000
CHOICE_KEYS = ("value", "label", "wire", "needs", "reason", "offered", "means")
RANGE_KEYS = ("from", "to", "label")
RANGE_MAX = 100
_FLAGS = ("required", "more", "whole")
_CONDITIONS = ("required_when", "only")


@dataclass(frozen=True)
class Price:
    """A price in milli-credits, for choices that match `when` (empty: any), times what is in the field `per`."""

    milli: int
    when: Mapping[str, str] = field(default_factory=dict)
    per: str = ""


def read_field(entry: Json) -> Field:
    """Return the field in `entry`."""
    where = f"field {entry['key']}" if isinstance(entry, Mapping) and entry.get("key") else "a field without a key"
    known = {column.name for column in fields(Field)}
    entry = mapping(entry, where, known=known)
    for name in ("key", "label", "wire"):
        text(entry.get(name), f"{where}: {name}", may_be_empty=False)
    values = dict(entry)
    for name in set(entry):
        values[name] = _value(name, entry[name], f"{where}: {name}", where)
    return Field(**values)


def _value(name: str, value: Json, here: str, where: str) -> Json:
    if name in _FLAGS:
        return flag(value, here)
    if name in _CONDITIONS:
        return _condition(value, here)
    if name == "choices":
        return tuple(choice for one in entries(value, here) for choice in _choices(one, where))
    if name == "max_length":
        return whole(value, here)
    if name in ("least", "most"):
        return number(value, here, least=float("-inf"))
    return text(value, here)


def _condition(value: Json, where: str) -> Condition:
    return {key: texts(words, where) for key, words in mapping(value, where).items()}


def _choices(entry: Json, where: str) -> Iterator[Choice]:
    """Yield the choice in `entry`; a text alone is a value, and a range is one choice for each whole number in it."""
    if isinstance(entry, str):
        entry = {"value": entry}
    if isinstance(entry, Mapping) and "from" in entry:
        yield from _range(mapping(entry, f"{where}: a range of choices", known=RANGE_KEYS), f"{where}: a range")
    else:
        yield _choice(entry, where)


def _range(entry: Mapping[str, Json], where: str) -> Iterator[Choice]:
    first, last = whole(entry.get("from"), f"{where}: from"), whole(entry.get("to"), f"{where}: to")
    label = text(entry.get("label", "{}"), f"{where}: label")
    if not first < last < first + RANGE_MAX or label.count("{}") != 1:
        raise SpecError(f"{where} goes up, has at most {RANGE_MAX} numbers, and its label has one {{}} for them")
    yield from (Choice(str(count), label.replace("{}", str(count))) for count in range(first, last + 1))


def _choice(entry: Json, where: str) -> Choice:
    entry = mapping(entry, f"{where}: a choice", known=CHOICE_KEYS)
    value = text(entry.get("value"), f"{where}: a choice's value", may_be_empty=False)
    return Choice(
        value=value,
        label=text(entry.get("label", value), f"{where}: label of {value}", may_be_empty=False),
        wire=entry.get("wire"),
        needs=_condition(entry.get("needs", {}), f"{where}: needs of {value}"),
        reason=text(entry.get("reason", ""), f"{where}: reason of {value}"),
        offered=flag(entry.get("offered", True), f"{where}: offered of {value}"),
        means=text(entry.get("means", ""), f"{where}: means of {value}"),
    )


def read_price(entry: Json) -> Price:
    """Return the price rule in `entry`."""
    where = f"price {entry!r}"
    entry = mapping(entry, where, known=("credits", "when", "per"))
    credits = number(entry.get("credits"), f"{where}: credits")
    when = mapping(entry.get("when", {}), f"{where}: when")
    return Price(
        milli=round(credits * MILLI),
        when={key: text(value, f"{where}: {key}") for key, value in when.items()},
        per=text(entry.get("per", ""), f"{where}: per"),
    )
