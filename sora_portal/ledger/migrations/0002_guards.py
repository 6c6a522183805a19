"""The triggers by which the database keeps the ledger's promises (ledger/guards/tables.py)."""

from django.db import migrations

from sora_portal.ledger.guards import tables, triggers


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_ledger")]

    operations = [triggers.operation(*tables.FIRST)]
