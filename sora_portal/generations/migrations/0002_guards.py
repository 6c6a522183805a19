from django.db import migrations

from sora_portal.ledger.guards import triggers


def first_rows(apps, schema_editor):
    """The change counter and the two places for sweepers: rows that code only ever updates."""
    apps.get_model("generations", "FeedCounter").objects.get_or_create(pk=1)
    for slot in (1, 2):
        apps.get_model("generations", "Baton").objects.get_or_create(slot=slot)


class Migration(migrations.Migration):
    dependencies = [("generations", "0001_generations"), ("credits", "0002_guards")]

    operations = [
        triggers.operation(triggers.append_only("generations_event")),
        migrations.RunPython(first_rows, migrations.RunPython.noop),
    ]
