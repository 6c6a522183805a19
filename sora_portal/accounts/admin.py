from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest

from sora_portal.accounts.models import User


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    list_display = ["username", "name", "email", "role", "is_active"]
    list_filter = ["role", "is_active"]
    fieldsets = [*(DjangoUserAdmin.fieldsets or []), ("Portal", {"fields": ["name", "role", "theme"]})]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: the People page makes accounts, and Django's form would hash inside its transaction."""
        return False
