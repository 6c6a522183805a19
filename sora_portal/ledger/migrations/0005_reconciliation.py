from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("credits", "0004_alerts")]

    operations = [
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField(null=True)),
                ("at", models.DateTimeField(null=True)),
                ("differences", models.JSONField(default=list)),
            ],
        ),
    ]
