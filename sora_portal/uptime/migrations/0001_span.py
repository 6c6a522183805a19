import django.db.models.expressions
from django.db import migrations, models


def begin_with_what_is_known(apps, editor):
    """The newest time that an earlier version left behind: what comes after it was no work."""
    newest = apps.get_model("generations", "Baton").objects.aggregate(at=models.Max("beat_at"))["at"]
    if newest is not None:
        apps.get_model("uptime", "Span").objects.create(began_at=newest, ended_at=newest)


class Migration(migrations.Migration):

    initial = True
    dependencies = [("generations", "0011_line")]

    operations = [
        migrations.CreateModel(
            name="Span",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["began_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ended_at__gte", django.db.models.expressions.F("began_at"))),
                        name="uptime_span_is_no_less_than_nothing",
                    )
                ],
            },
        ),
        migrations.RunPython(begin_with_what_is_known, migrations.RunPython.noop),
    ]
