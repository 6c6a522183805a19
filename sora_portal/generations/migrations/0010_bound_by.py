"""On whose word a task was bound to its attempt, and ids that an unclear answer named."""

from django.db import migrations, models
from django.db.models import Case, F, Value, When


def fill(apps, editor):
    """Until now the verdict said it: what a callback or an admin named is the weaker word."""
    attempts = apps.get_model("generations", "Attempt").objects.filter(vendor_task_id__isnull=False)
    weak = When(verdict__in=["callback", "admin"], then=F("verdict"))
    attempts.update(bound_by=Case(weak, default=Value("answer")))


class Migration(migrations.Migration):
    dependencies = [("generations", "0009_search")]

    operations = [
        migrations.AddField("attempt", "bound_by", models.CharField(blank=True, max_length=10, default="")),
        migrations.AddField("callbackinbox", "source", models.CharField(max_length=10, default="callback")),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
