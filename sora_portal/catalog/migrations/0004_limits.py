"""How many creates and how many questions a connection takes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0003_breakers'),
    ]

    operations = [
        migrations.AddField(
            model_name='connection',
            name='max_creates',
            field=models.PositiveIntegerField(default=10, help_text='New videos sent in any ten seconds.'),
        ),
        migrations.AddField(
            model_name='connection',
            name='max_polls',
            field=models.PositiveIntegerField(default=80, help_text='Questions about running videos at once.'),
        ),
    ]
