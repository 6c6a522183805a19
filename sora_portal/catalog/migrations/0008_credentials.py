import django.db.models.deletion
from django.db import migrations, models

import sora_portal.catalog.fields


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_shipped_as")]

    operations = [
        migrations.CreateModel(
            name="Credential",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("base_url", models.CharField(max_length=300)),
                ("secret_key", sora_portal.catalog.fields.EncryptedTextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="credentials",
                        to="catalog.connection",
                    ),
                ),
            ],
        ),
    ]
