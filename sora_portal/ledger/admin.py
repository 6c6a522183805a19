"""The ledger in the back office: to look at, never to change."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from sora_portal.ledger.models import Account, Hold, Journal, Scope, Transfer


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows that only the ledger's own actions write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: journals are written by actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: what is written stays."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: what is written stays."""
        return False


@admin.register(Scope)
class ScopeAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "kind", "rhythm", "quota", "carry_over"]
    list_select_related = ["project", "member", "connection"]


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ["scope", "period", "bucket", "balance"]
    list_filter = ["bucket", "period"]
    list_select_related = ["scope__project", "scope__member", "scope__connection"]


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ["ref", "member", "project", "amount", "captured", "released", "state", "created_at"]
    list_filter = ["state"]
    list_select_related = ["member", "project"]
    search_fields = ["ref"]


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    list_display = ["key", "kind", "amount", "at", "by", "reason"]
    list_filter = ["kind"]
    list_select_related = ["by"]
    search_fields = ["key", "ref"]


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ["journal", "debit", "credit", "amount"]
    list_select_related = ["journal", "debit", "credit"]
