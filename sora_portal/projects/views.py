"""The projects page: which rooms there are and who is in them. Admins only."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F, Prefetch
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.accounts.models import User
from sora_portal.accounts.policies import require_admin
from sora_portal.projects import actions
from sora_portal.projects.forms import MemberForm, ProjectForm
from sora_portal.projects.models import Membership, Project
from sora_portal.web.http import with_toast

PAGE = "projects/list.html"


@dataclass(frozen=True)
class Card:
    """A project, its members, and its forms."""

    project: Project
    members: list[Membership]
    rename_form: ProjectForm
    member_form: MemberForm


def _outside(members: list[Membership], everybody: list[User]) -> list[User]:
    inside = {membership.user_id for membership in members}
    return [person for person in everybody if person.pk not in inside]


def _everybody() -> list[User]:
    return list(User.objects.filter(is_active=True).order_by("name", "username"))


def _cards(wrong: Form | None, wrong_pk: int) -> list[Card]:
    """Return a card for each project, open ones first; `wrong` is the form of project `wrong_pk` that was refused."""
    members = Membership.objects.select_related("user").order_by("user__name", "user__username")
    projects = Project.objects.order_by(F("archived_at").asc(nulls_first=True), "name")
    everybody = _everybody()
    cards = []
    for project in projects.prefetch_related(Prefetch("memberships", members)):
        inside = list(project.memberships.all())
        mine = wrong if project.pk == wrong_pk else None
        cards.append(
            Card(
                project=project,
                members=inside,
                rename_form=mine if isinstance(mine, ProjectForm) else ProjectForm(project=project),
                member_form=mine
                if isinstance(mine, MemberForm)
                else MemberForm(project=project, people=_outside(inside, everybody)),
            )
        )
    return cards


def _page(
    request: Request, wrong: Form | None = None, wrong_pk: int = 0, *, touched: Project | None = None
) -> HttpResponse:
    """Return the page, or for htmx its changing part with the focus on the card of `touched`.

    With a form that was refused (of project `wrong_pk`, or the one for a new project), 422 and the focus in it.
    """
    if wrong is not None:
        wrong.fields[next(iter(wrong.errors))].widget.attrs["autofocus"] = True
    new = wrong if isinstance(wrong, ProjectForm) and not wrong_pk else ProjectForm()
    context = {"cards": _cards(wrong, wrong_pk), "form": new, "touched": touched}
    return render(request, f"{PAGE}#page" if request.htmx else PAGE, context, status=422 if wrong else 200)


def _done(request: Request, project: Project, text: str) -> HttpResponse:
    if not request.htmx:
        messages.success(request, text)
        return redirect("projects:list")
    return with_toast(_page(request, touched=project), text)


def _project(request: Request, pk: int) -> Project:
    """Return the project that an admin wants to change."""
    require_admin(request.user)
    return get_object_or_404(Project, pk=pk)


@login_required
@require_GET
def listing(request: Request) -> HttpResponse:
    """Every project with its members."""
    require_admin(request.user)
    return _page(request)


@login_required
@require_POST
def create(request: Request) -> HttpResponse:
    """Make a project."""
    require_admin(request.user)
    form = ProjectForm(request.POST)
    if form.is_valid():
        try:
            project = actions.create_project(by=request.user, name=form.cleaned_data["name"])
            return _done(request, project, f"{project.name} is ready; add its people")
        except actions.NameTaken as taken:
            form.add_error("name", str(taken))
    return _page(request, form)


@login_required
@require_POST
def rename(request: Request, pk: int) -> HttpResponse:
    """Call a project something else."""
    project = _project(request, pk)
    form = ProjectForm(request.POST, project=project)
    if form.is_valid():
        try:
            actions.rename_project(by=request.user, project=project, name=form.cleaned_data["name"])
            return _done(request, project, f"Now called {form.cleaned_data['name']}")
        except actions.NameTaken as taken:
            form.add_error("name", str(taken))
    return _page(request, form, project.pk)


@login_required
@require_POST
def archive(request: Request, pk: int) -> HttpResponse:
    """Take a project out of the composer."""
    project = _project(request, pk)
    actions.archive_project(by=request.user, project=project, now=clock.now())
    return _done(request, project, f"{project.name} is archived; its videos stay")


@login_required
@require_POST
def reopen(request: Request, pk: int) -> HttpResponse:
    """Let an archived project take new videos again."""
    project = _project(request, pk)
    actions.reopen_project(by=request.user, project=project)
    return _done(request, project, f"{project.name} takes new videos again")


@login_required
@require_POST
def add_member(request: Request, pk: int) -> HttpResponse:
    """Let somebody into a project."""
    project = _project(request, pk)
    people = _outside(list(project.memberships.all()), _everybody())
    form = MemberForm(request.POST, project=project, people=people)
    if not form.is_valid():
        return _page(request, form, project.pk)
    person = next(person for person in people if str(person.pk) == form.cleaned_data["person"])
    actions.add_member(by=request.user, project=project, person=person, lead=form.cleaned_data["lead"])
    return _done(request, project, f"{person.display_name} is in {project.name}")


@login_required
@require_POST
def remove_member(request: Request, pk: int, person: int) -> HttpResponse:
    """Take somebody out of a project."""
    project = _project(request, pk)
    member = get_object_or_404(project.members, pk=person)
    actions.remove_member(by=request.user, project=project, person=member)
    return _done(request, project, f"{member.display_name} is no longer in {project.name}")


@login_required
@require_POST
def set_lead(request: Request, pk: int, person: int) -> HttpResponse:
    """Make a member a lead, or no longer one."""
    project = _project(request, pk)
    member = get_object_or_404(project.members, pk=person)
    lead = request.POST.get("lead") == "on"
    actions.set_lead(by=request.user, project=project, person=member, lead=lead)
    return _done(
        request, project, f"{member.display_name} is {'now' if lead else 'no longer'} a lead of {project.name}"
    )
