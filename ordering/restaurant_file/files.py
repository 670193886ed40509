"""Writing files beside each other: each is whole or not there, and none follows a link to elsewhere."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path as FilePath

from ordering.models import Photo

from .photos import name_problem


def save(path: FilePath, content: bytes, *, private: bool = False) -> None:
    """Write the file, in place of one that is there. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".tablee-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
            # mkstemp makes it its owner's alone, as what holds secrets stays.
            if not private:
                os.fchmod(handle, 0o666 & ~_umask())
        # A link of that name is replaced, not followed.
        FilePath(temporary).replace(path)
    except BaseException:
        FilePath(temporary).unlink(missing_ok=True)
        raise


def save_photos(photos: Iterable[Photo], beside: FilePath) -> list[str]:
    """Write the photos beside the file; return the names that no file can have. Raises OSError."""
    left_out = []
    for photo in photos:
        if name_problem(photo.name) or photo.name == beside.name or not photo.name.isprintable():
            left_out.append(photo.name)
        else:
            save(beside.parent / photo.name, bytes(photo.content))
    return left_out


def _umask() -> int:
    # It can only be read by setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
