"""gzip of a page whose larger part is the same for all guests: that part is compressed once, and each answer only
joins it with what is the guest's own (RFC 1951 lets blocks that were made apart follow each other).
"""

import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

# Once for thousands of answers: as small as it gets.
LEVEL = 9
LONGEST_NAME = 100  # bytes, as Django's gzip does against BREACH: the length of the answer tells less of its text
LONGEST_STORED = 0xFFFF  # bytes of one block that is not compressed


@dataclass(frozen=True)
class Squeezed:
    """Text and the same as deflate blocks that refer to nothing before them, and end at a whole byte."""

    text: bytes
    blocks: bytes


def squeeze(text: str) -> Squeezed:
    """Compressed, for what many answers share."""
    plain = text.encode()
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    # Full: what follows does not look back into it.
    return Squeezed(plain, deflate.compress(plain) + deflate.flush(zlib.Z_FULL_FLUSH))


def store(text: str) -> Squeezed:
    """As it is, for the few bytes that are a guest's own: to compress them takes longer than to send them."""
    plain = text.encode()
    blocks = [
        b"\x00"
        + len(part).to_bytes(2, "little")
        + (len(part) ^ 0xFFFF).to_bytes(2, "little")
        + part
        for start in range(0, len(plain), LONGEST_STORED)
        for part in [plain[start : start + LONGEST_STORED]]
    ]
    return Squeezed(plain, b"".join(blocks))


def gzip(parts: Iterable[Squeezed]) -> bytes:
    """The parts one after the other, as one gzip file (RFC 1952)."""
    checksum, size, blocks = 0, 0, [_header()]
    for part in parts:
        checksum = zlib.crc32(part.text, checksum)
        size += len(part.text)
        blocks.append(part.blocks)
    ends = checksum.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")
    return b"".join([*blocks, LAST, ends])


# An empty last block.
LAST = b"\x03\x00"


def _header() -> bytes:
    """With a file name of random length and no time."""
    name = secrets.token_urlsafe(LONGEST_NAME)[: secrets.randbelow(LONGEST_NAME) + 1].encode()
    return b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x02\xff" + name + b"\x00"
