"""The triggers by which the database keeps decisions and notes as they were written (reviews/guards.py)."""

from django.db import migrations

from sora_portal.ledger.guards import triggers
from sora_portal.reviews.guards import REVIEWS


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_reviews")]

    operations = [triggers.operation(*REVIEWS)]
