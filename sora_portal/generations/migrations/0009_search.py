from django.db import migrations

import sora_portal.web.search
from sora_portal.web.text import folded

AT_ONCE = 2000


def fold(apps, editor):
    """Fold the prompts that are there already."""
    Generation = apps.get_model("generations", "Generation")
    last = 0
    while rows := list(Generation.objects.filter(pk__gt=last).order_by("pk").only("pk", "prompt")[:AT_ONCE]):
        for row in rows:
            row.search = folded(row.prompt)
        Generation.objects.bulk_update(rows, ["search"], batch_size=200)
        last = rows[-1].pk


class Migration(migrations.Migration):

    dependencies = [('generations', '0008_no_result_since')]

    operations = [
        migrations.AddField(
            model_name='generation',
            name='search',
            field=sora_portal.web.search.FoldedField(of='prompt'),
        ),
        migrations.RunPython(fold, migrations.RunPython.noop),
    ]
