from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("installation", "0001_installation")]

    operations = [
        migrations.CreateModel(
            name="MediaFolder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.CharField(max_length=32)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(name="installation_one_media_folder", condition=Q(pk=1)),
                ],
            },
        ),
    ]
