"""A photo as phones ask for it. Not in a restaurant file: made from the photo, and made anew where it is missing."""

from django.db import models

from .carte import Photo


class PhotoSize(models.Model):
    """A photo in one size and one format. `made_of` is the sha256 of what it was made from: where the photo has another
    by now, this is not it any more.
    """

    photo = models.ForeignKey(Photo, models.CASCADE, related_name="sizes")
    made_of = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=20)
    content_type = models.CharField(max_length=20)
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "made_of", "name"], name="photo_size_once")
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.name}"
