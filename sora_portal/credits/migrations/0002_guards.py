"""The triggers by which the database keeps the ledger's promises (credits/ledger_guards.py)."""

from django.db import migrations

from sora_portal.credits import guards, ledger_guards


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_ledger")]

    operations = [guards.operation(*ledger_guards.FIRST)]
