from django.db import migrations, models

# What shipped up to 21 November 2026, as `catalog.defaults.fingerprint` had it when this was written.
KNOWN = {
    "ruxa": "bb9362cd4581b5393d00206a77019685608c3f0791fdac064015ec194ffbc19d",
    "apixo": "94a6a57f41bd20d21f92f5ecaaa949fa7ec05cb448c63b495738c8294be4e356",
    "sora2api": "5fc7794892465476d15dfdcc1c80f72b6153f620bb6bda5bd74b62b1283f5670",
    "ruxa-sora-2": "cb8ab870cd42b6df84c3f7f15ac7d27507d391f6ba6cccbd649ec07ce07c5006",
    "ruxa-sora-2-hd": "01e169aa9168cd7d7849c3858f8747a8f6ecf6b6f23095926532a87c8838b610",
    "apixo-sora-2": "dbc2d39fc0c02f17aee578cd1af8b7a3b683607970a8d82df81ee81bfff265ae",
    "apixo-sora-2-pro": "ab58bbcda0cea7d74b7840e1c52d7bd332ebef254c7cb535c78add1e3706d472",
    "sora2api-standard": "9beeaab9032648de1bb921e997145c4a3a3adb203dc5b763639e01e24460020e",
    "sora2api-hd": "0aaf612067e9bb8f4f350971426d05908003bbe189dbd395937e61414d6bb2b4",
    "apixo-veo-3-1": "c8137648d77738938068f0bb8549168a26fb92e092d1eb68e9ba557c75d1948c",
    "apixo-kling-2-1": "514d1bcfd5cf321e2acfc5e610f832e540129ea77602dc1e698681071cfe976d",
    "apixo-kling-2-6": "14a0fa74d6e28dac11f378acae7ddbe95536d07f761e86500f8a67f65d95305c",
    "apixo-kling-3-0-std": "c5fbc1e52f152e171c1304f98216fabb93f4c8e9e015be75eba6a859252b2d56",
    "apixo-wan-2-5": "b106cb62872ab0031af0a9117efd8cecfc871cd08dfc11e34030c437062637cb",
    "apixo-vidu-q3": "36bebcd24135186e215b9d81356941700231564cea5352c3620261f248eb6bd1",
    "apixo-happyhorse": "d8714d0e25bb9c51831264cc67fa8e823f5d8069acd57a02d50f5ad44a7c48b6",
    "apixo-seedance-2-0": "3591779554ff91fb5cc9152e7c8bf5ca0f9b81e0152eb03b69e2e453347bd7eb",
    "apixo-seedance-2-0-fast": "9eb264e893085dc2dfee6f8d5c3304cc59db1156f8caeb9ccd1ece3f073fa05c",
}


def remember(apps, editor=None):
    """Let the rows know what shipped until now: those that are still like that are followed up, the others stay."""
    for model in ("Connection", "VideoModel"):
        for slug, mark in KNOWN.items():
            apps.get_model("catalog", model).objects.filter(slug=slug).update(shipped_as=mark)


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0006_vendor_prices"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="shipped_as",
            field=models.CharField(blank=True, default="", editable=False, help_text="See `catalog.shipping`; empty: unknown.", max_length=64),
        ),
        migrations.AddField(
            model_name="videomodel",
            name="shipped_as",
            field=models.CharField(blank=True, default="", editable=False, help_text="See `catalog.shipping`; empty: unknown.", max_length=64),
        ),
        migrations.RunPython(remember, migrations.RunPython.noop),
    ]
