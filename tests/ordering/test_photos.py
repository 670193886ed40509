"""A photo shows a dish, and tells nobody where it was taken: uploaded in admin, or imported beside a file."""

from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from PIL import Image, PngImagePlugin

from ordering.models import Photo, Product, SetMenu
from ordering.restaurant_file import photos
from ordering.restaurant_file.photos import for_phones, look_at, without_traces
from tests import factories
from tests.ordering.admin_cast import errors, page, person, send
from tests.ordering.test_restaurant_file_commands import import_
from tests.ordering.test_restaurant_file_mistakes import small

ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825
CANARY = "CANARY-maker"


def picture(kind="JPEG", size=(40, 30), mode="RGB", **saved):
    file = BytesIO()
    Image.new(mode, size, "red").save(file, kind, **saved)
    return file.getvalue()


def located(kind="JPEG", **how):
    """As a phone takes it: turned, and with the place where it was."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, CANARY
    exif.get_ifd(GPS).update({1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2)})
    return picture(kind, exif=exif, **how)


def commented():
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", CANARY)
    return picture("PNG", pnginfo=told)


def several_in_one():
    file = BytesIO()
    image = Image.new("RGB", (40, 30), "red")
    image.save(file, "MPO", save_all=True, append_images=[image])
    return file.getvalue()


def opened(content):
    image = Image.open(BytesIO(content))
    image.load()
    return image


# --- What a picture says besides -----------------------------------------------------------------


@pytest.mark.pure
@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("JPEG", mode) for mode in ("RGB", "L", "CMYK")),
        *(("PNG", mode) for mode in ("RGB", "RGBA", "L", "P")),
        *(("WEBP", mode) for mode in ("RGB", "RGBA")),
    ],
)
def test_it_keeps_a_picture_that_says_nothing_else(kind, mode):
    photo = look_at(picture(kind, mode=mode, icc_profile=b"colours"))
    assert without_traces(photo) is photo


@pytest.mark.pure
@pytest.mark.parametrize(
    "content",
    [
        located("JPEG"), located("PNG"), located("WEBP"), commented(), several_in_one(),
        picture(comment=CANARY), picture("WEBP", xmp=CANARY.encode()),
        picture(exif=b"Exif\0\0II*\0" + b"\xff" * 20), picture(exif=b"Exif\0\0nonsense"),
    ],
    ids=range(9),
)  # fmt: skip
def test_it_drops_what_a_picture_says_besides_and_does_so_once(content):
    photo = look_at(content)
    plain = without_traces(photo)
    assert plain.content_type == photo.content_type
    assert CANARY.encode() not in plain.content
    assert not opened(plain.content).getexif()
    assert look_at(plain.content) == plain
    assert without_traces(plain) is plain
    assert without_traces(photo) == plain


@pytest.mark.pure
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_it_turns_a_picture_before_it_forgets_how_it_was_held(kind):
    plain = without_traces(look_at(located(kind)))
    assert (plain.width, plain.height) == (30, 40)
    assert opened(plain.content).size == (30, 40)


@pytest.mark.pure
def test_what_is_encoded_anew_can_be_imported_again(monkeypatch):
    """It may come out larger than it was, and is made smaller until it may come in."""
    file, exif = BytesIO(), Image.Exif()
    exif[MAKER] = CANARY
    Image.effect_noise((200, 100), 90).save(file, "JPEG", quality=1, exif=exif)
    monkeypatch.setattr(photos, "BYTES_AT_MOST", len(file.getvalue()))
    plain = without_traces(look_at(file.getvalue()))
    assert look_at(plain.content) == plain
    assert plain.width < 200


@pytest.mark.pure
@pytest.mark.parametrize("size", [(4_000, 3_000), (3_000, 4_000), (1_600, 1), (5_000, 2), (40, 30)])
@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "P")])
def test_it_makes_a_picture_for_phones(size, kind, mode):
    made = for_phones(look_at(picture(kind, size, mode)))
    image = opened(made.content)
    assert image.format == "WEBP"
    assert made.content_type == "image/webp"
    assert image.size == (made.width, made.height)
    assert max(image.size) == min(1_600, max(size))
    assert without_traces(made) is made


# --- Imported ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_imported_photo_tells_no_place_and_its_export_comes_back_as_the_same_bytes(tmp_path):
    here, there = tmp_path / "in", tmp_path / "out"
    for folder in (here, there):
        folder.mkdir()
    (here / "soupe.jpg").write_bytes(located())
    import_(here, small())
    stored = bytes(Photo.objects.get().content)
    assert not opened(stored).getexif()
    call_command("export_restaurant", "chez-alice", output=str(there / "file.json"))
    assert (there / "soupe.jpg").read_bytes() == stored
    # The file that was imported first, and the one that was exported, change nothing.
    for folder in (here, there):
        assert "photos: 1 unchanged" in import_(folder, small())[0]
        assert bytes(Photo.objects.get().content) == stored


# --- Uploaded ------------------------------------------------------------------------------------


@pytest.fixture
def house(db):
    return factories.restaurant()


@pytest.fixture
def alice(house, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))


def file(content, name="../IMG 0001.HEIC.jpg"):
    return SimpleUploadedFile(name, content, "image/jpeg")


def test_a_manager_uploads_a_photo_of_a_product(house, alice, client):
    soup = factories.product(house)
    before = house.carte_version
    address = page(Product, "change", soup.pk)
    assert 'enctype="multipart/form-data"' in client.get(address).content.decode()
    assert send(client, address, upload=file(located(size=(2_000, 1_000)))).status_code == 302
    soup.refresh_from_db()
    photo = Photo.objects.get()
    assert photo.name == soup.photo == f"soupe-{photo.sha256[:8]}.webp"
    assert (photo.restaurant, photo.content_type) == (house, "image/webp")
    assert (photo.width, photo.height) == (800, 1_600)
    assert CANARY.encode() not in bytes(photo.content)
    house.refresh_from_db()
    assert house.carte_version > before
    shown = client.get(f"/r/{house.slug}/photo/{photo.sha256}")
    assert shown.content == bytes(photo.content)
    # Saved again, it stays; another one leaves the first to be chosen again.
    assert send(client, address).status_code == 302
    soup.refresh_from_db()
    assert soup.photo == photo.name
    send(client, address, upload=file(picture("PNG", (20, 20))))
    assert Photo.objects.count() == 2
    send(client, address, photo=photo.name)
    soup.refresh_from_db()
    assert soup.photo == photo.name


def test_a_manager_makes_a_set_menu_with_its_photo(house, alice, client):
    response = send(
        client, page(SetMenu, "add"), name_fr="Midi", price="20", vat="10", upload=file(picture())
    )
    assert response.status_code == 302
    menu = SetMenu.objects.get()
    assert menu.photo == Photo.objects.get().name
    assert menu.photo.startswith("midi-")
    assert menu.price == 20_00
    assert menu.vat == Decimal(10)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture("GIF"), picture()[:-100],
        picture() + b"x" * 5_000_000, picture("PNG", (8_000, 5_001)),
    ],
    ids=range(5),
)  # fmt: skip
def test_it_takes_nothing_that_is_no_photo(house, alice, client, content):
    """T31"""
    soup = factories.product(house)
    said = errors(send(client, page(Product, "change", soup.pk), upload=file(content)))
    assert "a whole picture in JPEG, PNG or WebP" in said["upload"]
    assert not Photo.objects.exists()


def test_service_uploads_nothing(house, client):
    soup = factories.product(house)
    client.force_login(person("bob", service=[house]))
    address = page(Product, "change", soup.pk)
    assert "upload" not in client.get(address).content.decode()
    assert client.post(address, {"upload": file(picture())}).status_code == 403
    assert not Photo.objects.exists()


def test_nobody_uploads_to_another_restaurant(house, alice, client):
    theirs = factories.product(factories.restaurant("chez-charlie"))
    response = client.post(page(Product, "change", theirs.pk), {"upload": file(picture())})
    assert response.status_code in {302, 403, 404}
    assert not Photo.objects.exists()
