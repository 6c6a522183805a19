from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0007_vendor_costs")]

    operations = [
        migrations.AddField(
            model_name="attempt", name="no_result_since", field=models.DateTimeField(null=True)
        ),
    ]
