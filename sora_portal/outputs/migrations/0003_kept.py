from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outputs", "0002_shown")]

    operations = [
        migrations.AddField("output", "mtime_ns", models.BigIntegerField(null=True)),
        migrations.AddField("output", "looked_at", models.DateTimeField(null=True, db_index=True)),
        migrations.AddField("output", "hashed_at", models.DateTimeField(null=True, db_index=True)),
        migrations.AddField("output", "broken", models.CharField(blank=True, default="", max_length=200)),
    ]
