from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ordering", "0016_offline"),
    ]

    operations = [
        migrations.AddField(
            model_name="restaurant",
            name="logo",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=200
            ),
        ),
        migrations.AddField(
            model_name="restaurant",
            name="logo_drawn",
            field=models.JSONField(editable=False, null=True),
        ),
    ]
