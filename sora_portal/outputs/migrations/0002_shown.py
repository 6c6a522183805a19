from django.db import migrations, models


def by_codec(apps, schema_editor):
    """Files from before: what is no H.264 in an MP4 needs decoders that not every browser has."""
    outputs = apps.get_model("outputs", "Output")
    outputs.objects.exclude(codec="h264", mime="video/mp4").update(plays_everywhere=False)


class Migration(migrations.Migration):
    dependencies = [("outputs", "0001_outputs")]

    operations = [
        migrations.AddField("output", "frames", models.PositiveIntegerField(default=0)),
        migrations.AddField("output", "frame_times", models.JSONField(blank=True, default=list)),
        migrations.AddField("output", "plays_everywhere", models.BooleanField(default=True)),
        migrations.AddField("output", "has_preview", models.BooleanField(default=False)),
        migrations.RunPython(by_codec, migrations.RunPython.noop),
    ]
