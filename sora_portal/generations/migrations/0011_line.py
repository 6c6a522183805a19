import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0001_catalog"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("generations", "0010_bound_by"),
    ]

    operations = [
        migrations.CreateModel(
            name="Line",
            fields=[
                ("connection", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="line", serialize=False, to="catalog.connection")),
                ("called_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Served",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last", models.BigIntegerField()),
                ("author", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("connection", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.connection")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("connection", "author"), name="generations_served_once")],
            },
        ),
        migrations.RemoveField(model_name="baton", name="asked_at"),
        migrations.AddField(model_name="baton", name="beats", field=models.PositiveBigIntegerField(default=0)),
        migrations.AddIndex(model_name="generation", index=models.Index(fields=["connection", "state", "author", "id"], name="generations_waiting")),
        migrations.RemoveIndex(model_name="generation", name="generations_at_connection"),
    ]
