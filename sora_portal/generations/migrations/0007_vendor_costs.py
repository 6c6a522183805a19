from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0006_late_tasks'),
    ]

    operations = [
        migrations.AddField(
            model_name='attempt',
            name='vendor_charges_failures',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='attempt',
            name='vendor_cost_micro',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='attempt',
            name='vendor_currency',
            field=models.CharField(blank=True, max_length=10),
        ),
    ]
