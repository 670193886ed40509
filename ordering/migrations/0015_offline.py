from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ordering", "0014_rules"),
    ]

    operations = [
        migrations.AddField(
            model_name="guest",
            name="taps",
            field=models.CharField(db_default="", default="", editable=False, max_length=400),
        ),
    ]
