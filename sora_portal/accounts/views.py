"""A person's own settings, and the people page for admins."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sora_portal.accounts import actions
from sora_portal.accounts.forms import AddressForm, PersonForm, RoleForm
from sora_portal.accounts.http import Request
from sora_portal.accounts.models import Role, Theme, User
from sora_portal.accounts.policies import require_admin
from sora_portal.web.forms import focus_first_mistake
from sora_portal.web.http import with_toast

PEOPLE = "accounts/people.html"


@login_required
@require_POST
def theme(request: Request) -> HttpResponse:
    """Keep a person's choice of colours; a word that is none means "as my system"."""
    wanted = request.POST.get("theme", "")
    User.objects.filter(pk=request.user.pk).update(theme=wanted if wanted in Theme.values else Theme.SYSTEM.value)
    if request.headers.get("Accept", "").startswith("text/html"):
        return redirect("generations:studio")
    return HttpResponse(status=204)


@login_required
@require_http_methods(["GET", "POST"])
def address(request: Request) -> HttpResponse:
    """The e-mail address that a person signs in with, and another one for their password."""
    form = AddressForm(request.POST if request.method == "POST" else None, by=request.user)
    if form.is_valid():
        try:
            actions.change_address(by=request.user, person=request.user, email=form.cleaned_data["email"])
        except actions.NameTaken as taken:
            form.add_error(taken.field, str(taken))
        else:
            messages.success(request, f"You sign in with {request.user.email} now")
            return redirect("accounts:address")
    focus_first_mistake(form)
    return render(request, "accounts/address.html", {"form": form}, status=422 if form.errors else 200)


@dataclass(frozen=True)
class Slip:
    """A password to hand over: shown in the one answer that follows its making, and never again."""

    person: User
    password: str
    is_new: bool


def _page(
    request: Request,
    *,
    form: PersonForm | None = None,
    slip: Slip | None = None,
    touched: User | None = None,
    status: int = 200,
) -> HttpResponse:
    """Return the people page, or for htmx its changing part with the focus on the line of `touched`."""
    context = {
        "people": User.objects.order_by("-is_active", "name", "username"),
        "form": form or PersonForm(),
        "slip": slip,
        "touched": touched,
        "roles": Role.choices,
    }
    response = render(request, f"{PEOPLE}#page" if request.htmx else PEOPLE, context, status=status)
    if slip is not None:
        response["Cache-Control"] = "no-store"
    return response


def _done(request: Request, person: User, text: str) -> HttpResponse:
    if not request.htmx:
        messages.success(request, text)
        return redirect("accounts:people")
    return with_toast(_page(request, touched=person), text)


@login_required
@require_GET
def people(request: Request) -> HttpResponse:
    """Everybody who has an account here."""
    require_admin(request.user)
    return _page(request)


@login_required
@require_POST
def add(request: Request) -> HttpResponse:
    """Make an account and show its first password, this once."""
    require_admin(request.user)
    form = PersonForm(request.POST)
    if form.is_valid():
        try:
            person, password = actions.add_person(by=request.user, **form.cleaned_data)
            return _page(request, slip=Slip(person, password, is_new=True))
        except actions.NameTaken as taken:  # somebody was faster than the form's own check
            form.add_error(taken.field, str(taken))
    form.fields[next(iter(form.errors))].widget.attrs["autofocus"] = True
    return _page(request, form=form, status=422)


def _person(request: Request, pk: int) -> User:
    """Return the person whose account an admin wants to change."""
    require_admin(request.user)
    return get_object_or_404(User, pk=pk)


@login_required
@require_POST
def role(request: Request, pk: int) -> HttpResponse:
    """Give somebody another role; a role that is none changes nothing."""
    person = _person(request, pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, status=422)
    wanted = Role(form.cleaned_data["role"])
    actions.change_role(by=request.user, person=person, role=wanted.value)
    return _done(request, person, f"{person.display_name}: now {wanted.label.lower()}")


@login_required
@require_POST
def deactivate(request: Request, pk: int) -> HttpResponse:
    """Close somebody's account."""
    person = _person(request, pk)
    actions.deactivate(by=request.user, person=person)
    return _done(request, person, f"{person.display_name} can no longer sign in")


@login_required
@require_POST
def reactivate(request: Request, pk: int) -> HttpResponse:
    """Open somebody's account again."""
    person = _person(request, pk)
    actions.reactivate(by=request.user, person=person)
    return _done(request, person, f"{person.display_name} can sign in again")


@login_required
@require_POST
def password(request: Request, pk: int) -> HttpResponse:
    """Give somebody a new password and show it, this once."""
    person = _person(request, pk)
    return _page(request, slip=Slip(person, actions.reset_password(by=request.user, person=person), is_new=False))
