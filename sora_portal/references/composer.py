"""The composer's fields for pictures and for a character, built for one person and one connection."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms import BoundField
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.html import format_html

from sora_portal import clock, hosts
from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.catalog.spec.domain import Field
from sora_portal.references import actions, using
from sora_portal.references.decoding import Busy
from sora_portal.references.domain import PICTURE, character_id, lines, picture_ids
from sora_portal.references.models import Character, ReferenceImage
from sora_portal.references.pictures import NotAPicture, too_large
from sora_portal.web import uploads
from sora_portal.web.forms import TextField

# Beside the field itself, for a browser without scripts: the files go with the form.
FILES = "__files"
# No model takes as many; a forged form with a million lines must not become a page with a million pictures.
SHOWN_MOST = 50


@dataclass(frozen=True)
class Entry:
    """One picture in the field: `line` is how the choices name it; `thumb` is empty for a given address."""

    line: str
    text: str
    thumb: str


class PicturesField(TextField):
    """Pictures: uploaded ones and addresses, one on each line; with a script it is thumbnails and a place to drop."""

    widget = forms.Textarea

    def __init__(self, entry: Field, *, user: User, connection: Connection, required: bool) -> None:
        """`required` is whether it must be filled beside the other settings; the catalog is who refuses."""
        super().__init__(label=entry.label, required=False, help_text=entry.help)
        self.template_name = "references/pictures_field.html"
        self.widget.attrs |= {"rows": 2, "spellcheck": "false", "placeholder": "https://"}
        self.user = user
        self.most = entry.most_count
        self.may_be_empty = not required
        self.away = using.unreachable(connection)

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        """Return the field with what its template shows."""
        return PicturesBound(form, self, field_name)


class PicturesBound(BoundField):
    """The pictures that are in the field now, as far as this person may see them."""

    field: PicturesField

    @property
    def entries(self) -> list[Entry]:
        """Return what is in the field, in order; asks once, for all of them."""
        shown = lines(str(self.value() or ""))[:SHOWN_MOST]
        ids = picture_ids("\n".join(shown))
        rows = ReferenceImage.objects.visible_to(self.field.user).filter(public_id__in=ids) if ids else ()
        known = {row.choice: row for row in rows}
        return [_entry(line, known.get(line)) for line in shown]

    @property
    def files_name(self) -> str:
        """Return the name of the file input."""
        return f"{self.html_name}{FILES}"


def _entry(line: str, row: ReferenceImage | None) -> Entry:
    if row is not None:
        return Entry(line, f"{row.width} × {row.height}", reverse("references:thumb", args=[row.public_id]))
    if line.startswith(PICTURE):
        return Entry(line, "Gone", "")
    return Entry(line, hosts.of(line) or line[:60], "")


class CharacterField(forms.ChoiceField):
    """A list of characters; whatever comes in is judged by the catalog and the register, which give the reason."""

    def valid_value(self, value: Any) -> bool:
        """Leave it to them."""
        return True


def character_field(entry: Field, *, user: User, connection: Connection, current: str) -> CharacterField:
    """Return a list of the characters that `user` may pick here; one that is picked and cannot be used is named so."""
    rows = using.usable_characters(by=user, field=entry, connection=connection)
    choices = [("", "No character"), *((row.choice, row.name) for row in rows)]
    if current and current not in dict(choices):
        other = Character.objects.visible_to(user).filter(public_id=character_id(current)).first()
        choices += [(current, f"{other.name} (cannot be used here)")] if other else []
    link = format_html('<a href="{}">Characters</a>', reverse("references:characters"))
    hint = format_html("{} Add one under {}.", entry.help, link) if not rows else entry.help
    return CharacterField(label=entry.label, required=False, choices=choices, help_text=hint)


def with_files(request: HttpRequest, *, by: User) -> tuple[QueryDict, dict[str, str]]:
    """Return the posted form with each file that came with it stored and named in its field, and what went wrong.

    A browser with scripts has sent its pictures before, so there is nothing to do here. The second value is a
    sentence for each field whose file could not be used.
    """
    problems: dict[str, str] = {}
    names = {name for name in request.FILES if name.endswith(FILES)}
    names |= {name for name in getattr(request, "dropped_files", []) if name.endswith(FILES)}
    if not names:
        return request.POST, problems
    posted: QueryDict = request.POST.copy()
    for name in sorted(names):
        key = name.removesuffix(FILES)
        try:
            if uploads.too_large(request, name):
                raise NotAPicture(too_large())
            added = [_stored(file, by) for file in request.FILES.getlist(name)]
            posted[key] = "\n".join([*lines(str(posted.get(key, ""))), *added])
        except (NotAPicture, Busy) as problem:
            problems[key] = str(problem)
    return posted, problems


def _stored(file: UploadedFile[Any], by: User) -> str:
    return actions.upload(by=by, file=file, now=clock.now()).choice
