"""A photo in two sizes and two formats, made after it is saved, and never needed: the issue's line on photos, T31."""

import re
from io import BytesIO

import pytest
from django.core.management import call_command
from PIL import Image, ImageCms

from ordering.models import Photo, PhotoSize, Product
from ordering.restaurant_file.photo_sizes import NAMES, sizes_of
from ordering.restaurant_file.photos import for_phones, look_at
from ordering.services import photo_sizes
from tests import factories
from tests.ordering.admin_cast import page, person, send
from tests.ordering.diner_phone import Phone, house
from tests.ordering.test_photos import CANARY, commented, file, located, opened, picture
from tests.ordering.test_restaurant_file_commands import import_
from tests.ordering.test_restaurant_file_mistakes import small

TYPES = {"avif": "image/avif", "jpg": "image/jpeg"}


def made_of(content):
    return {each.name: each for each in sizes_of(look_at(content))}


@pytest.mark.pure
@pytest.mark.parametrize(
    ("size", "card", "page_"),
    [
        ((4_000, 3_000), (312, 312), (1_080, 810)),
        ((3_000, 4_000), (312, 312), (1_080, 810)),
        ((160, 120), (120, 120), (160, 120)),
        ((1_600, 1), (1, 1), (1, 1)),
    ],
)
def test_it_cuts_a_photo_to_the_shape_of_its_place_and_never_makes_it_larger(size, card, page_):
    made = made_of(picture(size=size))
    assert list(made) == NAMES == ["card.avif", "card.jpg", "page.avif", "page.jpg"]
    for name, each in made.items():
        image = opened(each.content)
        assert image.size == (card if name.startswith("card") else page_)
        assert image.format == {"avif": "AVIF", "jpg": "JPEG"}[name[5:]]
        assert each.content_type == TYPES[name[5:]]


@pytest.mark.pure
@pytest.mark.parametrize(
    "content",
    [located("JPEG"), located("PNG"), located("WEBP"), commented(), picture(icc_profile=b"mine" + CANARY.encode())],
    ids=range(5),
)  # fmt: skip
def test_a_size_holds_the_picture_and_nothing_else(content):
    """T31"""
    for each in sizes_of(look_at(content)):
        assert CANARY.encode() not in each.content
        image = opened(each.content)
        assert not image.getexif()
        assert not image.info.keys() & {"icc_profile", "exif", "xmp", "comment"}


@pytest.mark.pure
def test_it_turns_converts_and_fills_what_is_seen_through():
    """As it was held, in the colours that every screen has, on white in both formats."""
    turned = Image.new("RGB", (400, 300), "red")
    turned.paste("blue", (0, 0, 200, 300))
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = BytesIO()
    turned.save(upright, "JPEG", exif=exif)
    top = opened(made_of(upright.getvalue())["page.jpg"].content).getpixel((10, 5))
    assert top[2] > 200
    assert top[0] < 60
    colours = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    clear = picture("PNG", mode="RGBA", icc_profile=colours)
    assert opened(made_of(clear)["card.avif"].content).mode == "RGB"
    empty = BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(empty, "PNG")
    for each in sizes_of(look_at(empty.getvalue())):
        assert min(opened(each.content).convert("RGB").getpixel((9, 9))) > 250


@pytest.fixture
def dish(db):
    """A soup with a photo, as it was stored before there were sizes."""
    made = house()
    master = for_phones(look_at(picture(size=(2_000, 1_500))))
    Photo.objects.create(restaurant=made, name="soupe.webp", **master.columns)
    Product.objects.filter(key="soupe").update(photo="soupe.webp")
    return Photo.objects.get()


def addresses(phone, address):
    return re.findall(r'(?:src|srcset)="(/r/chez-alice/photo/[^"]+)"', phone.get(address).content.decode())  # fmt: skip


def test_old_rows_are_served_as_they_are_until_the_command_has_made_their_sizes(dish):
    phone = Phone()
    asked = [
        *addresses(phone, "/r/chez-alice/carte/"),
        *addresses(phone, "/r/chez-alice/carte/p/soupe/"),
    ]
    assert [address.rpartition("/")[2] for address in asked] == NAMES
    for address in asked:
        answer = phone.get(address)
        assert answer.content == bytes(dish.content)
        assert answer["Cache-Control"] == "public, max-age=60"
    assert not PhotoSize.objects.exists()  # no GET writes a row
    call_command("photo_sizes")
    for address in asked:
        answer = phone.get(address)
        assert answer["Content-Type"] == TYPES[address.rpartition(".")[2]]
        assert "immutable" in answer["Cache-Control"]
        assert len(answer.content) < len(dish.content) or "jpg" in address
    assert photo_sizes.make() == 0
    for wrong in ("card.gif", "card", "huge.jpg"):
        assert phone.get(f"/r/chez-alice/photo/{dish.sha256}/{wrong}").status_code == 404
    factories.restaurant("chez-bob")
    assert phone.get(f"/r/chez-bob/photo/{dish.sha256}/card.jpg").status_code == 404


def test_every_photo_has_its_room_before_it_comes(dish):
    """Width and height are set; on the carte it is loaded when it comes near."""
    phone = Phone().join(factories.table(dish.restaurant))
    for address, lazy in ((phone.visit, True), (f"{phone.visit}p/soupe/", False)):
        (image,) = re.findall(r"<picture>.*?</picture>", phone.get(address).content.decode())
        assert re.search(r'<img [^>]*alt="" width="\d+" height="\d+"', image)
        assert ('loading="lazy"' in image) is lazy


def test_sizes_of_another_picture_are_never_shown(dish):
    """A photo that has another content is another address, and what was made of the old one goes."""
    photo_sizes.make()
    old = dish.sha256
    other = look_at(picture("PNG", (20, 20)))
    Photo.objects.update(**other.columns)
    phone = Phone()
    assert phone.get(f"/r/chez-alice/photo/{old}/card.jpg").status_code == 404
    assert phone.get(f"/r/chez-alice/photo/{other.sha256}/card.jpg").content == other.content
    photo_sizes.make()
    assert set(PhotoSize.objects.values_list("made_of", flat=True)) == {other.sha256}
    assert PhotoSize.objects.count() == len(NAMES)


def test_a_photo_that_cannot_be_read_any_more_stops_nothing(dish, caplog):
    Photo.objects.create(
        restaurant=dish.restaurant, name="a.jpg", content=b"x", content_type="image/jpeg",
        sha256="0" * 64, width=1, height=1,
    )  # fmt: skip
    assert photo_sizes.make() == 1
    assert "No sizes of photo" in caplog.text


def test_an_upload_has_its_sizes_when_it_is_saved(client, db, django_capture_on_commit_callbacks):
    made = factories.restaurant()
    soup = factories.product(made)
    client.force_login(person("alice", manager=[made]))
    with django_capture_on_commit_callbacks(execute=True):
        send(client, page(Product, "change", soup.pk), upload=file(located(size=(2_000, 1_000))))
    photo = Photo.objects.get()
    assert sorted(photo.sizes.values_list("name", flat=True)) == sorted(NAMES)
    shown = client.get(f"/r/{made.slug}/photo/{photo.sha256}/page.jpg")
    # It was held upright; the page's shape is cut out of it.
    assert opened(shown.content).size == (800, 600)


@pytest.mark.django_db
def test_an_import_makes_the_sizes_and_its_export_is_the_photo_alone(
    tmp_path, django_capture_on_commit_callbacks
):
    here, there = tmp_path / "in", tmp_path / "out"
    for folder in (here, there):
        folder.mkdir()
    (here / "soupe.jpg").write_bytes(picture(size=(640, 480)))
    with django_capture_on_commit_callbacks(execute=True):
        import_(here, small())
    assert PhotoSize.objects.count() == len(NAMES)
    call_command("export_restaurant", "chez-alice", output=str(there / "file.json"))
    assert sorted(each.name for each in there.iterdir()) == ["file.json", "soupe.jpg"]
    assert (there / "soupe.jpg").read_bytes() == (here / "soupe.jpg").read_bytes()
    # One that was stopped before it had made them makes them the next time.
    PhotoSize.objects.filter(name="card.jpg").delete()
    with django_capture_on_commit_callbacks(execute=True):
        import_(here, small())
    assert PhotoSize.objects.count() == len(NAMES)
