from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ordering", "0019_past_parties"),
    ]

    operations = [
        migrations.AddField(
            model_name="guest",
            name="taps_before",
            field=models.CharField(db_default="", default="", editable=False, max_length=3060),
        ),
    ]
