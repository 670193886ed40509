from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("ordering", "0014_rules")]

    operations = [
        migrations.AddField(
            model_name="call",
            name="asker",
            field=models.CharField(db_default="", default="", editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="guest",
            name="word_tries",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="visit",
            name="covers_counted",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        # The looser rule first: two phones of a table may ask, each for itself.
        migrations.AddConstraint(
            model_name="call",
            constraint=models.UniqueConstraint(
                condition=Q(closed_at__isnull=True, visit__isnull=True),
                fields=("table", "kind", "asker"),
                name="call_once_per_phone",
            ),
        ),
        migrations.RemoveConstraint(model_name="call", name="call_once_per_table"),
    ]
