"""What a video that was meant for one model is for another. Pure: specs and choices in, choices and a price out."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sora_portal.catalog.spec.domain import Field, InvalidChoices, Spec


@dataclass(frozen=True)
class Compatibility:
    """What a video would be with another model: its choices there and its price. `dropped`: settings it would lose."""

    choices: Mapping[str, str]
    price: int
    dropped: tuple[str, ...] = ()


def compatibility(old: Spec, new: Spec, choices: Mapping[str, str], prompt: str) -> Compatibility | str:
    """Return what a video with these `choices` for `old` is for `new`, or a sentence that says why it cannot be one.

    A setting that its author has changed from the default has to be possible in `new` too; where a default does not
    exist there, the default of `new` takes its place. Choices are the same by value, or by what members call them.
    """
    carried = new.carry(choices, earlier=old)
    chosen_by_author: dict[str, str] = {}
    defaults: dict[str, str] = {}
    for key, value in choices.items():
        before, after = old.field(key), new.field(key)
        if before is not None and not old.applies(before, choices):
            continue
        same = _same(after, carried[key], old.label(key, choices))
        if before is not None and value == before.default:
            defaults |= {key: same} if same is not None else {}
        elif after is not None:
            chosen_by_author[key] = value if same is None else same
        elif value:
            return f"it has no setting “{before.label if before else key}”."
    try:
        chosen = _resolved(new, (defaults | chosen_by_author, chosen_by_author), prompt)
    except InvalidChoices as problem:
        return " ".join(problem.errors.values())
    return Compatibility(chosen, new.price(chosen), tuple(_dropped(old, new, choices, chosen)))


def _resolved(new: Spec, wishes: tuple[Mapping[str, str], ...], prompt: str) -> dict[str, str]:
    """Return the choices for the first of these wishes that is possible; raises InvalidChoices for the last."""
    *first, last = wishes
    for wish in first:
        with contextlib.suppress(InvalidChoices):
            return new.resolve(wish, prompt=prompt)
    return new.resolve(last, prompt=prompt)


def _dropped(old: Spec, new: Spec, choices: Mapping[str, str], chosen: Mapping[str, str]) -> Iterator[str]:
    """Yield the settings that a video loses, as members know them: "Length 10 s"."""
    for key, value in old.standing(choices).items():
        entry, label = old.field(key), old.label(key, choices)
        kept = new.label(key, chosen) == label or new.carry({key: value}, earlier=old)[key] == chosen.get(key)
        if entry is not None and label and not kept:
            yield f"{entry.label} {label}"


def _same(entry: Field | None, value: str, label: str) -> str | None:
    """Return what `value`, which another model calls `label`, is in the field `entry`; None for nothing."""
    if entry is None or entry.kind == "derived":
        return None
    if entry.kind != "choice" or value == "" or entry.choice(value) is not None:
        return value
    return next((choice.value for choice in entry.choices if choice.label == label), None)
