"""The table of poller slots gets the name of what it holds; its rows stay."""

from django.db import migrations


class Migration(migrations.Migration):
    # `uptime` reads the table under its old name.
    dependencies = [("generations", "0013_credentials"), ("uptime", "0001_span")]

    operations = [migrations.RenameModel("Baton", "PollerSlot")]
