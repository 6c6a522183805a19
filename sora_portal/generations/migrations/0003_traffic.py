"""Indexes for the caps of a connection, and for forgetting callbacks that were read."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0004_limits'),
        ('credits', '0002_guards'),
        ('generations', '0002_guards'),
        ('projects', '0001_projects'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='generation',
            name='generations_in_flight',
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(fields=['connection', 'prepared_at'], name='generations_attempt_rate'),
        ),
        migrations.AddIndex(
            model_name='callbackinbox',
            index=models.Index(condition=models.Q(('due_at', None)), fields=['received_at'], name='generations_inbox_read'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['connection', 'state'], name='generations_at_connection'),
        ),
    ]
