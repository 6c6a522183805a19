import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0005_board'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='VendorPrice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_micro', models.BigIntegerField(help_text='Millionths of the currency; none: not known any more.', null=True)),
                ('currency', models.CharField(blank=True, max_length=10)),
                ('per', models.CharField(choices=[('video', 'a video'), ('second', 'a second')], default='video', max_length=6)),
                ('charges_failures', models.BooleanField(default=False)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='vendor_prices', to='catalog.videomodel')),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_micro', None), models.Q(('amount_micro__gte', 0), models.Q(('currency', ''), _negated=True)), _connector='OR'), name='catalog_vendor_price_has_a_currency')],
            },
        ),
    ]
