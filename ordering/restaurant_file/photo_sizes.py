"""A photo made small: one size for its place on the carte, one for the page of the dish, each in two formats."""

import io
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps

from .photos import BROKEN, NotAPhotoError, PhotoFile, opened, upright

# Cut to the shape of their place (look.css), at three times its width on a phone's screen, where the photo has as much.
SIZES = {"card": (312, 312), "page": (1080, 810)}
# AVIF is smaller, and JPEG is read by every phone. Speed 8: a tenth of a second for all four, some percent larger.
FORMATS: dict[str, tuple[str, str, dict[str, int | bool]]] = {
    "avif": ("AVIF", "image/avif", {"quality": 58, "speed": 8, "max_threads": 1}),
    "jpg": ("JPEG", "image/jpeg", {"quality": 76, "progressive": True, "optimize": True}),
}
NAMES = [f"{size}.{suffix}" for size in SIZES for suffix in FORMATS]


@dataclass(frozen=True)
class Made:
    """One of NAMES, as bytes."""

    name: str
    content_type: str
    content: bytes


def sizes_of(photo: PhotoFile) -> list[Made]:
    """All of NAMES, with nothing in them but the picture (T31). Never larger than it is. Raises NotAPhotoError."""
    try:
        with opened(photo) as image:
            plain = _plain(image)
    except BROKEN as error:
        raise NotAPhotoError("it is not a whole picture") from error
    return [
        Made(f"{size}.{suffix}", *_encoded(_cut(plain, *box), suffix))
        for size, box in SIZES.items()
        for suffix in FORMATS
    ]


def _plain(image: Image.Image) -> Image.Image:
    """Upright, in the colours that every screen has, on white."""
    image.load()
    shown = in_srgb(upright(image))
    if shown.has_transparency_data:
        above = shown.convert("RGBA")
        shown = Image.new("RGBA", above.size, "white")
        shown.alpha_composite(above)
    plain = shown.convert("RGB")
    plain.info.clear()
    return plain


def in_srgb(image: Image.Image) -> Image.Image:
    """A profile of colours may be larger than the picture, and may say what it likes: the colours are converted."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return image
    try:
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(
            image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, *BROKEN):
        return image
    return converted or image


def _cut(image: Image.Image, wide: int, high: int) -> Image.Image:
    """The middle of it in this shape, at most so large."""
    scale = min(1, image.width / wide, image.height / high)
    return ImageOps.fit(image, (max(1, round(wide * scale)), max(1, round(high * scale))))


def _encoded(image: Image.Image, suffix: str) -> tuple[str, bytes]:
    kind, content_type, how = FORMATS[suffix]
    file = io.BytesIO()
    image.save(file, kind, **how)
    return content_type, file.getvalue()
