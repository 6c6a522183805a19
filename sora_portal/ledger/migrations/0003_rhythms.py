"""Budgets by month, for a term or once, and grants that end by themselves: a hold may take from several periods."""

from django.db import migrations, models

from sora_portal.ledger.guards import tables, triggers


def lift(apps, editor):
    triggers.remove(editor.connection, *tables.LEDGER)


def set_back(apps, editor):
    triggers.install(editor.connection, *tables.LEDGER)


def whole_legs(apps, editor):
    """Until now every hold took all of its amount from one period of each scope."""
    editor.execute(
        "UPDATE credits_holdleg SET amount = (SELECT amount FROM credits_hold WHERE credits_hold.id = hold_id)"
    )


class Migration(migrations.Migration):
    dependencies = [("credits", "0002_guards")]

    operations = [
        migrations.RunPython(lift, set_back),
        migrations.RemoveConstraint(model_name="scope", name="credits_scope_quota_not_negative"),
        migrations.RenameField(model_name="scope", old_name="monthly_quota", new_name="quota"),
        migrations.AlterField(
            model_name="scope",
            name="quota",
            field=models.BigIntegerField(
                blank=True, help_text="Milli-credits for each of its periods; empty: no limit.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="scope",
            name="carry_over",
            field=models.BooleanField(default=False, help_text="What is left at the end of a period stays."),
        ),
        migrations.AddField(
            model_name="scope",
            name="rhythm",
            field=models.CharField(
                choices=[("monthly", "Every month"), ("term", "For fixed dates"), ("once", "Once")],
                db_default="monthly",
                default="monthly",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="scope",
            name="starts_on",
            field=models.DateField(blank=True, help_text="First day of a fixed term.", null=True),
        ),
        migrations.AddField(
            model_name="scope",
            name="ends_on",
            field=models.DateField(blank=True, help_text="Last day of a fixed term.", null=True),
        ),
        migrations.AddField(
            model_name="scope",
            name="edition",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="How often it began anew."
            ),
        ),
        migrations.AddConstraint(
            model_name="scope",
            constraint=models.CheckConstraint(
                condition=models.Q(("quota__isnull", True), ("quota__gte", 0), _connector="OR"),
                name="credits_scope_quota_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="scope",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ends_on__gte", models.F("starts_on")),
                        ("ends_on__isnull", False),
                        ("rhythm", "term"),
                        ("starts_on__isnull", False),
                    ),
                    models.Q(
                        ("ends_on__isnull", True), ("rhythm__in", ["monthly", "once"]), ("starts_on__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="credits_scope_term_has_dates",
            ),
        ),
        migrations.AlterField(model_name="account", name="period", field=models.CharField(max_length=24)),
        migrations.AlterField(model_name="holdleg", name="period", field=models.CharField(max_length=24)),
        migrations.RemoveConstraint(model_name="holdleg", name="credits_holdleg_once"),
        migrations.AddField(
            model_name="holdleg", name="amount", field=models.BigIntegerField(default=0), preserve_default=False
        ),
        migrations.RunPython(whole_legs, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="holdleg",
            constraint=models.UniqueConstraint(fields=("hold", "scope", "period"), name="credits_holdleg_once"),
        ),
        migrations.AddConstraint(
            model_name="holdleg",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="credits_holdleg_not_negative"
            ),
        ),
        triggers.operation(*tables.LEDGER),
    ]
