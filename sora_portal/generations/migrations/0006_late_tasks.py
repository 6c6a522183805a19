import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0005_answers'),
    ]

    operations = [
        migrations.CreateModel(
            name='LateTask',
            fields=[
                ('attempt', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='late', serialize=False, to='generations.attempt')),
                ('opened_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(null=True)),
                ('until', models.DateTimeField()),
                ('busy', models.BooleanField(default=False)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lost_leases', models.PositiveSmallIntegerField(default=0)),
                ('rounds', models.PositiveSmallIntegerField(default=1)),
                ('not_found', models.PositiveSmallIntegerField(default=0)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('outcome', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='generation',
            name='generations_review_after_success',
        ),
        migrations.AddField(
            model_name='generation',
            name='recovered_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=models.CheckConstraint(condition=models.Q(('review', ''), ('state', 'succeeded'), ('recovered_at__isnull', False), _connector='OR'), name='generations_review_needs_a_file'),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=models.CheckConstraint(condition=models.Q(('recovered_at', None), models.Q(('state__in', ['failed', 'cancelled']), models.Q(('sha256', ''), _negated=True)), _connector='OR'), name='generations_recovered_after_the_end'),
        ),
        migrations.AddIndex(
            model_name='latetask',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='generations_late_due'),
        ),
    ]
