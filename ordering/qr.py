"""An address as a QR code: a drawing for a printed card, and text for a terminal."""

from dataclasses import dataclass

from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.image.svg import SvgPathImage
from qrcode.main import QRCode

# White around the code, in modules: readers need four.
QUIET = 4
# Black on white whatever the terminal's own colours are: a reader wants the dark parts dark.
BLACK_ON_WHITE, RESET = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
# (upper module is dark, lower module is dark)
HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


@dataclass(frozen=True)
class Drawing:
    """What an SVG of the code needs: `<svg viewBox="0 0 size size"><path d="path"/></svg>`."""

    size: str
    path: str


def drawing(address: str) -> Drawing:
    """The code for a card, which must stand a stain: a quarter of it may be lost."""
    code = _code(address, ERROR_CORRECT_Q)
    image = code.make_image(image_factory=SvgPathImage)
    size = image.units(image.pixel_size, text=False)
    if image.path is None:
        raise ValueError(f"There is nothing to draw of {address!r}")
    return Drawing(size=str(size), path=image.path.attrib["d"])


def text(address: str) -> str:
    """The code for a terminal, two modules in each character."""
    matrix = _code(address, ERROR_CORRECT_M).get_matrix()
    rows = [*matrix, [False] * len(matrix)] if len(matrix) % 2 else matrix
    lines = (
        "".join(HALVES[bool(upper), bool(lower)] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )
    return "\n".join(f"{BLACK_ON_WHITE}{line}{RESET}" for line in lines)


def _code(address: str, correction: int) -> QRCode:  # type: ignore[type-arg]
    code = QRCode(error_correction=correction, border=QUIET)
    code.add_data(address)
    code.make(fit=True)
    return code
