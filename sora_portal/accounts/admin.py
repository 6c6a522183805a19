"""People in the back office. Roles, passwords and closed accounts are changed on the People page, by its rules."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest

from sora_portal.accounts import actions
from sora_portal.accounts.models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    """What the People page does not offer: names, addresses, and who may come in here."""

    list_display = ["username", "name", "email", "role", "is_active", "is_superuser"]
    list_filter = ["role", "is_active", "is_superuser"]
    search_fields = ["username", "name", "email"]
    fields = ["username", "name", "email", "role", "is_active", "is_superuser", "theme", "last_login", "date_joined"]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Return what is only shown; nobody takes the back office from themselves."""
        shown = ["role", "is_active", "last_login", "date_joined"]
        return [*shown, "is_superuser"] if obj is not None and obj.pk == request.user.pk else shown

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: accounts are made on the People page."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: what a person did keeps their name; accounts are closed on the People page."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        """Save what was edited; the address by its action, which tells the one before."""
        obj.save(update_fields=[name for name in form.changed_data if name != "email"])
        if "email" in form.changed_data:
            by: Any = request.user
            actions.change_address(by=by, person=User.objects.get(pk=obj.pk), email=obj.email)
