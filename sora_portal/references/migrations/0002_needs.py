import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('references', '0001_references')]

    operations = [
        migrations.CreateModel(
            name='ReferenceNeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('for_what', models.CharField(max_length=64)),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='needs', to='references.referenceimage')),
            ],
        ),
        migrations.AddConstraint(
            model_name='referenceneed',
            constraint=models.UniqueConstraint(fields=('for_what', 'image'), name='references_need_once'),
        ),
    ]
