"""Rescue work on the catalog. The everyday page is /team/providers/."""

from typing import Any

from django.contrib import admin
from django.db.models import URLField
from django.forms import ModelForm
from django.http import HttpRequest

from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.catalog.queries import key_hint


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin[Connection]):
    list_display = ["label", "vendor", "base_url", "key_shown", "paused_at"]
    # The key is set on the providers page, which never shows it again; here it has no field at all.
    exclude = ["secret_key", "low_balance_milli"]
    readonly_fields = ["key_shown"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    @admin.display(description="key")
    def key_shown(self, connection: Connection) -> str:
        """Whether there is a key, and its end."""
        return key_hint(connection.key) or (
            f"{connection.key_state}: closed" if connection.is_closed else "none: sandbox"
        )

    def save_model(self, request: HttpRequest, obj: Connection, form: ModelForm[Connection], change: bool) -> None:
        # Only what was edited: what others have changed since the page was opened stays.
        fields: Any = form.changed_data if change else None
        obj.save(update_fields=fields)


@admin.register(VideoModel)
class VideoModelAdmin(admin.ModelAdmin[VideoModel]):
    list_display = ["label", "connection", "wire_id", "lifecycle", "position"]
    list_filter = ["connection", "lifecycle"]
    prepopulated_fields = {"slug": ["label"]}
