"""E-mail addresses are kept in small letters, as allauth looks for them when a person signs in or resets a password."""

from django.db import migrations
from django.db.models.functions import Lower


def lower(apps, editor):
    apps.get_model("accounts", "User").objects.exclude(email="").update(email=Lower("email"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_one_person_each")]

    operations = [
        migrations.AlterModelManagers(name="user", managers=[]),
        migrations.RunPython(lower, migrations.RunPython.noop),
    ]
