from django.db import migrations


def keep(apps, editor):
    """Write down the pictures of the videos that wait already, as far as they are still there."""
    Image = apps.get_model("references", "ReferenceImage")
    Need = apps.get_model("references", "ReferenceNeed")
    waiting = apps.get_model("budgets", "Ask").objects.exclude(state__in=["submitted", "withdrawn"])
    for ask in waiting.iterator():
        lines = (line.strip() for value in ask.choices.values() for line in str(value).splitlines())
        named = {line.removeprefix("ref:") for line in lines if line.startswith("ref:")}
        for image in Image.objects.filter(public_id__in=named):
            Need.objects.get_or_create(for_what=f"ask:{ask.pk}", image=image)


class Migration(migrations.Migration):

    dependencies = [('budgets', '0001_asks'), ('references', '0002_needs')]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
