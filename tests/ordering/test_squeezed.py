"""Parts that were compressed apart are one gzip file."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordering.diner import squeezed

pytestmark = pytest.mark.pure

TEXT = st.text(max_size=2_000)


@given(st.lists(st.one_of(TEXT.map(squeezed.store), TEXT.map(squeezed.squeeze)), max_size=6))
def test_it_reads_as_all_of_it_in_order(parts):
    assert gzip.decompress(squeezed.gzip(parts)) == b"".join(part.text for part in parts)


def test_what_is_stored_may_be_long():
    text = "été " * 40_000
    assert gzip.decompress(squeezed.gzip([squeezed.store(text)])).decode() == text


def test_a_browser_reads_one_member_to_its_end():
    """Browsers read the first member of a gzip file and leave the rest."""
    shared = squeezed.squeeze("<p>soupe</p>" * 5_000)
    answer = squeezed.gzip([squeezed.store("<h1>12</h1>"), shared, squeezed.store("<form>")])
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert reader.decompress(answer).endswith(b"</p><form>")
    assert reader.eof
    assert not reader.unused_data


def test_the_shared_part_is_compressed_once_and_well():
    shared = squeezed.squeeze("".join(f"<li>plat {number}</li>" for number in range(5_000)))
    assert len(shared.blocks) < len(zlib.compress(shared.text, 6)) * 1.01
    own = squeezed.store("a guest")
    assert shared.blocks in squeezed.gzip([own, shared, own])


def test_the_same_page_has_many_lengths():
    """BREACH: who counts bytes learns little of the token in them."""
    page = [squeezed.squeeze("page")]
    assert len({len(squeezed.gzip(page)) for _ in range(50)}) > 10
