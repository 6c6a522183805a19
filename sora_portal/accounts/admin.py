from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin

from sora_portal.accounts.models import User


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    list_display = ["username", "name", "email", "role", "is_active"]
    list_filter = ["role", "is_active"]
    fieldsets = [*(DjangoUserAdmin.fieldsets or []), ("Portal", {"fields": ["name", "role", "theme"]})]
