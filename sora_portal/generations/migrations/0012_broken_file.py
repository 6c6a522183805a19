from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0011_line")]

    operations = [migrations.AddField("generation", "broken_at", models.DateTimeField(null=True))]
