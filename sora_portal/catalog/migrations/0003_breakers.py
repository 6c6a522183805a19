"""A breaker for each connection and operation."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0002_price_lists"),
    ]

    operations = [
        migrations.CreateModel(
            name="Breaker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("operation", models.CharField(max_length=8)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("opened_at", models.DateTimeField(null=True)),
                ("rests", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("trial", models.BooleanField(default=False)),
                ("wish_until", models.DateTimeField(null=True)),
                ("last_success_at", models.DateTimeField(null=True)),
                ("last_error_at", models.DateTimeField(null=True)),
                ("last_error_kind", models.CharField(blank=True, max_length=20)),
                ("last_error_text", models.CharField(blank=True, max_length=300)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="breakers",
                        to="catalog.connection",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "operation"), name="catalog_breaker_once"),
                    models.CheckConstraint(
                        condition=models.Q(("operation__in", ["create", "query", "download"])),
                        name="catalog_breaker_operation_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_try_at", None), ("opened_at", None), ("rests", 0), ("trial", False)),
                            models.Q(("next_try_at__isnull", False), ("opened_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="catalog_breaker_open_has_a_next_try",
                    ),
                ],
            },
        ),
    ]
