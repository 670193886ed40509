"""What people of the house did during the service: who, when, what. Rows are only ever added (services/acts.py)."""

from django.conf import settings
from django.db import models

from .fields import OrderedJSONField
from .restaurant import Restaurant, Table


class Act(models.Model):
    """One thing that a person did. `what` is a key of services/acts.py: WORDS; `details` fills its sentence."""

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="acts")
    # Who leaves takes nothing of the history with them.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    what = models.CharField(max_length=40)
    table = models.ForeignKey(Table, models.SET_NULL, null=True, related_name="acts")
    details = OrderedJSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["restaurant", "at"], name="act_of_restaurant")]

    def __str__(self) -> str:
        return self.what
