"""Attempts keep the key with their address. Those in flight get the one that their connection has now."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone


def pin(apps, editor):
    attempts = apps.get_model("generations", "Attempt").objects.filter(phase__in=["sending", "accepted", "unknown"])
    credentials = apps.get_model("catalog", "Credential").objects
    for row in apps.get_model("catalog", "Connection").objects.all():
        named = settings.SORA_PORTAL_VENDORS.get(row.slug, {})
        key, url = named.get("key") or row.secret_key, named.get("url") or row.base_url
        if key and attempts.filter(connection=row, base_url=url).exists():
            pinned = credentials.create(connection=row, base_url=url, secret_key=key, created_at=timezone.now())
            attempts.filter(connection=row, base_url=url).update(credential=pinned)


class Migration(migrations.Migration):
    dependencies = [("generations", "0012_broken_file"), ("catalog", "0008_credentials")]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="credential",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.credential"
            ),
        ),
        migrations.RunPython(pin, migrations.RunPython.noop),
    ]
