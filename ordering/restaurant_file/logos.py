"""A logo: kept as large as any page may want it, drawn small for the mast, and the ground on which it can be seen."""

import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from PIL import Image, ImageChops, ImageFilter, ImageOps

from .mistakes import Mistake, show, wrong
from .photo_sizes import Made, in_srgb
from .photos import BROKEN, NOT_TAKEN, TYPES, NotAPhotoError, PhotoFile, opened, upright

# Of its place in the mast, in CSS pixels; it is drawn twice as large, where it has as much.
WIDE, HIGH = 176, 72
DENSITY = 2
# Of each of the two files. A logo is small beside the carte, also where it is a photo.
DRAWN_AT_MOST = 10_000
FILES = {"logo.webp": "image/webp", "logo.png": "image/png"}
KEPT_LONG_SIDE = 960
LOOKED_AT = (
    2_400  # pixels wide and high at most: a picture of 40 million is not copied again and again
)
KEPT_WITHOUT_LOSS = 300_000  # bytes; what is larger so is a photo
COLOURS = (256, 128, 64, 32, 16)
QUALITIES = (90, 80, 70, 60, 45, 30)
# How much two corners of a picture may differ and be one ground: JPEG leaves traces.
SAME = 12
# Below this a pixel is not seen.
SEEN = 128
# The pages of look.css, and the plates that a logo may stand on; the middle one bears both black and white.
PAGES = {"light": "#fbf8f1", "dark": "#16120f"}
PLATES = {"paper": "#fbf8f1", "ink": "#16120f", "grey": "#747474"}
READS = 3.0  # to 1: a graphical object's contrast in WCAG 2.2, 1.4.11
ENOUGH = 0.9  # of its outline; the rest may be a shadow or a thin accent
# A disc fills three quarters of its square, letters much less; and a word on it is a twentieth of it.
GROUND, ON_GROUND = 0.7, 0.05


@dataclass(frozen=True)
class DrawnLogo:
    """The logo as pages show it: in CSS pixels, with the plate that it needs on light and on dark ones, and FILES.

    A plate is one of PLATES, or "" for none.
    """

    width: int
    height: int
    light: str
    dark: str
    files: list[Made]


def kept(photo: PhotoFile) -> PhotoFile:
    """The logo that is stored of an upload: nothing but the picture (T31), and no empty margin around it.

    Raises NotAPhotoError where nothing can be seen in it.
    """
    plain = _trimmed(_plain(photo))
    plain.thumbnail((KEPT_LONG_SIDE, KEPT_LONG_SIDE))
    content = _webp(plain, lossless=True)
    if len(content) > KEPT_WITHOUT_LOSS:
        content = _webp(plain, quality=QUALITIES[0])
    return PhotoFile(content, TYPES["WEBP"], *plain.size)


def mistakes(data: Any, photos: Mapping[str, PhotoFile]) -> list[Mistake]:
    """What is wrong with the logo that the data names, where it is among these photos."""
    name = data.get("logo") if isinstance(data, dict) else None
    photo = photos.get(name) if isinstance(name, str) else None
    try:
        if photo:
            _plain(photo)
    except NotAPhotoError as error:
        return [wrong(("logo",), NOT_TAKEN, name=show(name), why=error)]
    return []


def drawn(photo: PhotoFile) -> DrawnLogo:
    """The logo for the mast. Never larger than it is. Raises NotAPhotoError."""
    plain = _plain(photo)
    scale = min(1, WIDE / plain.width, HIGH / plain.height)
    width, height = _at_least_one(plain.width * scale, plain.height * scale)
    larger = min(DENSITY, plain.width / width, plain.height / height)
    sizes = [max(1, larger * part) for part in (1, 0.75, 0.5)]
    pictures = [_resized(plain, width * size, height * size) for size in sizes]
    outline = _outline(pictures[0])
    return DrawnLogo(
        width=width,
        height=height,
        light=_plate(outline, PAGES["light"]),
        dark=_plate(outline, PAGES["dark"]),
        files=[
            Made("logo.webp", FILES["logo.webp"], _small(_webps(pictures))),
            Made("logo.png", FILES["logo.png"], _small(_pngs(pictures))),
        ],
    )


def contrast(one: float, other: float) -> float:
    """Of two luminances, as WCAG counts it: 1 to 21."""
    dim, bright = sorted((one, other))
    return (bright + 0.05) / (dim + 0.05)


def luminance(red: int, green: int, blue: int) -> float:
    """0 to 1, of an sRGB colour of three bytes."""
    return 0.2126 * _LIGHT[red] + 0.7152 * _LIGHT[green] + 0.0722 * _LIGHT[blue]


_LIGHT = [
    value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
    for value in (byte / 255 for byte in range(256))
]


# --- The picture -----------------------------------------------------------------------------------


def _plain(photo: PhotoFile) -> Image.Image:
    """Upright, in the colours that every screen has, and nothing else; clear where it is clear."""
    try:
        with opened(photo) as image:
            image.load()
            shown = in_srgb(upright(image))
            plain = shown.convert("RGBA" if shown.has_transparency_data else "RGB")
            plain.thumbnail((LOOKED_AT, LOOKED_AT))
    except BROKEN as error:
        raise NotAPhotoError("it is not a whole picture") from error
    plain.info.clear()
    if plain.mode == "RGBA":
        clear = plain.getchannel("A")
        if not clear.point(_seen).getbbox():
            raise NotAPhotoError("nothing can be seen in it")
        if not ImageChops.invert(clear).getbbox():
            return plain.convert("RGB")
    return plain


def _seen(alpha: int) -> int:
    return 255 if alpha >= SEEN else 0


def _trimmed(image: Image.Image) -> Image.Image:
    """Without the margin that files of logos have: it would make the logo itself too small to be read."""
    if image.mode == "RGBA":
        return image.crop(image.getchannel("A").point(lambda alpha: 255 * (alpha > 8)).getbbox())
    right, bottom = image.width - 1, image.height - 1
    corner = image.crop((0, 0, 1, 1))
    flat = corner.resize(image.size)
    differs = ImageChops.difference(image, flat).convert("L").point(lambda by: 255 * (by > SAME))
    box = differs.getbbox()
    one_ground = not any(map(differs.getpixel, ((right, 0), (0, bottom), (right, bottom))))
    if box is None or not one_ground:
        return image
    # Some of its own ground stays around it, as on a plate.
    room = max(2, min(box[2] - box[0], box[3] - box[1]) // 6)
    return image.crop(
        (
            max(0, box[0] - room),
            max(0, box[1] - room),
            min(image.width, box[2] + room),
            min(image.height, box[3] + room),
        )
    )


def _at_least_one(width: float, height: float) -> tuple[int, int]:
    return max(1, round(width)), max(1, round(height))


def _resized(image: Image.Image, width: float, height: float) -> Image.Image:
    return image.resize(_at_least_one(width, height), Image.Resampling.LANCZOS)


# --- Its files -------------------------------------------------------------------------------------


def _small(tries: Iterable[bytes]) -> bytes:
    """The first that is small enough, or the last."""
    content = b""
    for content in tries:
        if len(content) <= DRAWN_AT_MOST:
            break
    return content


def _webps(pictures: list[Image.Image]) -> Iterable[bytes]:
    yield _webp(pictures[0], lossless=True)
    for picture in pictures:
        for quality in QUALITIES:
            yield _webp(picture, quality=quality)


def _webp(image: Image.Image, *, lossless: bool = False, quality: int = 80) -> bytes:
    file = io.BytesIO()
    # Method 6 takes seconds for what is clear in parts.
    image.save(file, "WEBP", lossless=lossless, quality=quality, method=4)
    return file.getvalue()


def _pngs(pictures: list[Image.Image]) -> Iterable[bytes]:
    yield _png(pictures[0])
    for picture in pictures:
        for colours in COLOURS:
            yield _png(picture.quantize(colours, method=Image.Quantize.FASTOCTREE))


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


# --- Its ground ------------------------------------------------------------------------------------


def _outline(image: Image.Image) -> Counter[float]:
    """The luminances of what borders on nothing, each with how often it is there: what must stand out from the page.

    Empty where the logo has brought its own ground.
    """
    if image.mode != "RGBA":
        return Counter()
    # A page is around it too.
    seen = ImageOps.expand(image.getchannel("A").point(_seen), 1, 0)
    inside = seen.filter(ImageFilter.MinFilter(3))
    edge = ImageChops.subtract(seen, inside)
    colours = ImageOps.expand(image.convert("RGB"), 1)
    outline, whole = _lights(colours, edge), _lights(colours, seen)
    return Counter() if _is_a_ground(outline, whole, image.width * image.height) else outline


def _is_a_ground(outline: Counter[float], whole: Counter[float], box: int) -> bool:
    """Whether it is a disc, a label or the like, with something on it that can be read."""
    ground = median(outline.elements())
    reads = sum(often for light, often in whole.items() if contrast(light, ground) >= READS)
    return whole.total() >= box * GROUND and reads >= whole.total() * ON_GROUND


def _lights(image: Image.Image, where: Image.Image) -> Counter[float]:
    pixels, mask = image.tobytes(), where.tobytes()
    return Counter(
        round(luminance(*pixels[3 * place : 3 * place + 3]), 3)
        for place, there in enumerate(mask)
        if there
    )


def _plate(outline: Counter[float], page: str) -> str:
    """The plate that the logo needs on this page: the one that most of its outline stands out from."""
    bare = _share(outline, page)
    if bare >= ENOUGH:
        return ""
    shares = {name: _share(outline, colour) for name, colour in PLATES.items() if colour != page}
    for name, share in shares.items():  # the plain ones first
        if share >= ENOUGH:
            return name
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] > bare else ""


def _share(outline: Counter[float], colour: str) -> float:
    """How much of the outline can be told from this colour, 0 to 1."""
    ground = luminance(*bytes.fromhex(colour[1:]))
    reads = sum(often for light, often in outline.items() if contrast(light, ground) >= READS)
    return reads / outline.total() if outline else 1.0
