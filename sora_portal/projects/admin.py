from django.contrib import admin

from sora_portal.projects.models import Membership, Project


class MembershipInline(admin.TabularInline[Membership, Project]):
    model = Membership
    extra = 0


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin[Project]):
    list_display = ["name", "created_at", "archived_at"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [MembershipInline]
