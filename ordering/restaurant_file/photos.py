"""The pictures of a carte: those beside a restaurant file, and those that a manager uploads."""

import hashlib
import os
import re
import stat
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path as FilePath
from typing import Any

from django.utils.translation import gettext_noop as _
from PIL import Image, ImageOps

from .mistakes import Mistake, Path, show, wrong

BYTES_AT_MOST = 5_000_000
PIXELS_AT_MOST = 40_000_000
# Of all photos of a file, which are held in memory until all is checked.
TOGETHER_AT_MOST = 200_000_000
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
# Pillow answers a broken file with any of these.
BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError,
    ZeroDivisionError, struct.error, Image.DecompressionBombError,
)  # fmt: skip
# What Pillow reads of a picture that only says how to show it. Anything else, known to us or not, may tell where and
# when it was taken.
HARMLESS = {
    "adobe", "adobe_transform", "aspect", "background", "bbox", "blend", "chromaticity", "default_image",
    "disposal", "dpi", "duration", "gamma", "icc_profile", "interlace", "jfif", "jfif_density", "jfif_unit",
    "jfif_version", "loop", "progression", "progressive", "srgb", "timestamp", "transparency",
}  # fmt: skip
# A phone's screen is not wider.
LONG_SIDE = 1_600
QUALITY = {"JPEG": 90, "WEBP": 82}
# Only commands read photos beside a file, and they speak English; a page of admin says it in its own words.
NOT_TAKEN = "the file %(name)s is not taken: %(why)s"
# Windows takes these for devices, whatever follows the dot.
DEVICES = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(\..*)?", re.IGNORECASE)


class NotAPhotoError(Exception):
    """Why these bytes are not a picture that is shown, in words."""


@dataclass(frozen=True)
class PhotoFile:
    """A picture that was looked at and is one."""

    content: bytes
    content_type: str
    width: int
    height: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def columns(self) -> dict[str, Any]:
        """Of its row, all but whose it is and its name."""
        return {
            "content": self.content,
            "content_type": self.content_type,
            "sha256": self.sha256,
            "width": self.width,
            "height": self.height,
        }


def name_problem(name: str) -> str | None:
    """Why this cannot be the name of a photo's file, as a sentence about %(value)s, or None. It never leads out of its
    directory.
    """
    if name in {".", ".."} or "/" in name or "\\" in name or ":" in name:
        return _("%(value)s is not the bare name of a file beside this one")
    if DEVICES.fullmatch(name):
        return _("%(value)s is the name of a device on Windows, not of a file")
    return None


def look_at(content: bytes) -> PhotoFile:
    """The picture of these bytes. Raises NotAPhotoError."""
    if len(content) > BYTES_AT_MOST:
        raise NotAPhotoError(f"it has more than {BYTES_AT_MOST // 1_000_000} MB")
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(BytesIO(content), formats=list(TYPES)) as image,
        ):
            width, height = image.size
            if width * height > PIXELS_AT_MOST:
                raise NotAPhotoError(
                    f"it has {width} x {height} pixels; at most {PIXELS_AT_MOST // 1_000_000} million"
                )
            # Only decoding it to its end shows that it is whole.
            image.load()
            kind = _kind(image)
    except BROKEN as error:
        raise NotAPhotoError("it is not a whole picture in JPEG, PNG or WebP") from error
    return PhotoFile(content, TYPES[kind], width, height)


def for_phones(photo: PhotoFile) -> PhotoFile:
    """The picture as WebP, at most `LONG_SIDE` wide and high, and nothing but the picture (T31)."""
    with opened(photo) as image:
        return _encoded(image, "WEBP", LONG_SIDE)


def without_traces(photo: PhotoFile) -> PhotoFile:
    """The very same bytes where they hold the picture and nothing else; else it is encoded anew, in its own format.

    What comes out says nothing else, so it passes unchanged the next time: an export can be imported and exported
    again, and its photos are the same files.
    """
    with opened(photo) as image:
        image.load()
        if _says_nothing_else(image):
            return photo
        return _encoded(image, _kind(image), max(image.size))


def opened(photo: PhotoFile) -> Image.Image:
    return Image.open(BytesIO(photo.content), formats=list(TYPES))


def _kind(image: Image.Image) -> str:
    # Phones put several pictures into one JPEG, which Pillow then calls MPO; the first is the photo.
    return "JPEG" if image.format == "MPO" else image.format or ""


def _says_nothing_else(image: Image.Image) -> bool:
    segments = getattr(image, "applist", ())
    return set(image.info) <= HARMLESS and all(
        name in {"APP0", "APP14"} or (name == "APP2" and data.startswith(b"ICC_PROFILE\0"))
        for name, data in segments
    )


def upright(image: Image.Image) -> Image.Image:
    """How the camera was held is one of the things that are dropped."""
    try:
        return ImageOps.exif_transpose(image)
    except BROKEN:
        # The picture is whole; only what is said about it is not.
        return image


def _encoded(image: Image.Image, kind: str, long_side: int) -> PhotoFile:
    turned = upright(image)
    colours = turned.info.get("icc_profile") if turned.mode in {"RGB", "RGBA"} else None
    plain = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
    # Pillow writes some of it into the new file, a comment for one.
    plain.info.clear()
    while True:
        plain.thumbnail((long_side, long_side))
        file = BytesIO()
        plain.save(file, kind, quality=QUALITY.get(kind, 0), icc_profile=colours)
        if file.tell() <= BYTES_AT_MOST:
            return PhotoFile(file.getvalue(), TYPES[kind], plain.width, plain.height)
        # Larger than it came, and than the next import takes.
        long_side = max(plain.size) * 3 // 4


def read_photos(
    data: Any, folder: FilePath | None
) -> tuple[dict[str, PhotoFile], list[Mistake], list[str]]:
    """The photos that the data names and that lie in the folder; what is wrong; the names that are not there."""
    photos: dict[str, PhotoFile] = {}
    mistakes: list[Mistake] = []
    missing: list[str] = []
    together = 0
    first_named: dict[str, Path] = {}
    for path, name in _named(data):
        first_named.setdefault(name, path)
    for name, path in first_named.items():
        try:
            content = _content(folder, name) if folder else None
            if content is None:
                missing.append(name)
                continue
            together += len(content)
            if together > TOGETHER_AT_MOST:
                megabytes = TOGETHER_AT_MOST // 1_000_000
                raise NotAPhotoError(f"with it, the photos have more than {megabytes} MB together")
            photos[name] = look_at(content)
        except NotAPhotoError as error:
            mistakes.append(wrong(path, NOT_TAKEN, name=show(name), why=error))
    return photos, mistakes, missing


def _named(data: Any) -> Iterator[tuple[Path, str]]:
    found: list[tuple[Path, Any]] = []
    if isinstance(data, dict):
        found.append((("logo",), data.get("logo")))
    for kind in ("products", "set_menus"):
        items = data.get(kind) if isinstance(data, dict) else None
        for index, item in enumerate(items if isinstance(items, list) else ()):
            found.append(
                ((kind, index, "photo"), item.get("photo") if isinstance(item, dict) else None)
            )
    for path, name in found:
        if isinstance(name, str) and name.isprintable() and name and not name_problem(name):
            yield path, name


def _content(folder: FilePath, name: str) -> bytes | None:
    """The file's bytes, None where there is none. Raises NotAPhotoError."""
    try:
        # Not through a symbolic link, which may lead anywhere, nor waiting for a pipe.
        opened = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        if (folder / name).is_symlink():
            raise NotAPhotoError("it is a symbolic link") from error
        raise NotAPhotoError(f"it cannot be read: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise NotAPhotoError("it is not a plain file")
        with os.fdopen(opened, "rb", closefd=False) as file:
            return file.read(BYTES_AT_MOST + 1)
    finally:
        os.close(opened)
