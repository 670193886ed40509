"""The code says the address, on a card and in a terminal: read back by zbar, not by what drew it."""

import re
import shutil
import subprocess

import pytest
from PIL import Image

from ordering import qr

pytestmark = pytest.mark.pure

ADDRESS = "https://commande.chez-alice.example/t/Zm9vYmFyYmF6cXV4MTIzNA/"
MODULE = 6  # pixels


def read(picture, path):
    """What a real reader reads."""
    picture.save(path)
    zbarimg = shutil.which("zbarimg")
    assert zbarimg, "python3 tests/system_tools.py zbar"
    done = subprocess.run(
        [zbarimg, "--raw", "-q", path], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def picture_of(text, dark, light):
    """The characters as a terminal of these two colours paints them."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines()]
    picture = Image.new("L", (len(lines[0]) * MODULE, 2 * len(lines) * MODULE), light)
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            for half, filled in enumerate((character in "▀█", character in "▄█")):
                if filled:
                    left, top = column * MODULE, (2 * row + half) * MODULE
                    picture.paste(dark, (left, top, left + MODULE, top + MODULE))
    return picture


def test_it_is_read_from_a_terminal(tmp_path):
    picture = picture_of(qr.text(ADDRESS), dark=0, light=255)
    assert read(picture, tmp_path / "code.png") == ADDRESS


def test_it_brings_its_own_colours_to_every_line():
    """On a dark terminal, characters in the terminal's own colours would be a negative."""
    for line in qr.text(ADDRESS).splitlines():
        assert line.startswith("\x1b[38;5;16;48;5;231m")
        assert line.endswith("\x1b[0m")


def test_it_fits_a_terminal():
    lines = qr.text(ADDRESS).splitlines()
    width = len(re.sub(r"\x1b\[[0-9;]*m", "", lines[0]))
    assert width <= 80
    assert len(lines) <= 24
    assert {len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines} == {width}


def test_it_draws_one_path_without_a_style():
    drawn = qr.drawing(ADDRESS)
    assert re.fullmatch(r"[MHVZhvzl0-9., -]+", drawn.path)
    assert re.fullmatch(r"[0-9.]+", drawn.size)
