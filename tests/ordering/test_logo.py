"""A restaurant's logo: uploaded or imported, drawn small, seen in both looks whatever its colours (issue 7, T31)."""

import random
import re
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image, ImageDraw

from ordering.models import Photo, PhotoSize, Product, Restaurant
from ordering.restaurant_file import logos
from ordering.restaurant_file.photos import NotAPhotoError, look_at, without_traces
from ordering.services import carte, photo_sizes
from ordering.services import logos as service
from tests import factories
from tests.ordering.admin_cast import errors, page, person, send
from tests.ordering.diner_phone import Phone, house
from tests.ordering.test_photos import CANARY, file, located, opened, picture
from tests.ordering.test_restaurant_file_commands import import_
from tests.ordering.test_restaurant_file_mistakes import small

LOOK = (Path(settings.BASE_DIR) / "static" / "look.css").read_text()
PAPER = (Path(settings.BASE_DIR) / "static" / "admin-tablee" / "printed.css").read_text()
CLEAR = (0, 0, 0, 0)


def png(image):
    content = BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def bars(*colours, size=(600, 200), ground=CLEAR, margin=0):
    """Upright strokes, as letters have, one after the other in these colours."""
    wide, high = size
    image = Image.new("RGBA", (wide + 2 * margin, high + 2 * margin), ground)
    draw = ImageDraw.Draw(image)
    step = wide / 12
    for place in range(12):
        left = margin + place * step
        colour = colours[place * len(colours) // 12]
        draw.rectangle((left, margin, left + step / 2, margin + high - 1), fill=colour)
    return png(image)


def disc(ground, ink):
    image = Image.new("RGBA", (300, 300), CLEAR)
    draw = ImageDraw.Draw(image)
    draw.ellipse((0, 0, 299, 299), fill=ground)
    draw.rectangle((120, 80, 180, 220), fill=ink)
    return png(image)


def drawn(content):
    return logos.drawn(logos.kept(look_at(content)))


# --- How it is drawn -------------------------------------------------------------------------------


@pytest.mark.pure
@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((1_200, 200), (176, 29)),
        ((200, 1_200), (12, 72)),
        ((900, 900), (72, 72)),
        ((60, 30), (60, 30)),
        ((5_000, 2), (176, 1)),
        ((1, 1), (1, 1)),
    ],
)
def test_it_has_its_place_and_is_never_larger_than_it_is(size, shown):
    made = drawn(picture("PNG", size))
    assert (made.width, made.height) == shown
    for each in made.files:
        image = opened(each.content)
        assert image.format == {"webp": "WEBP", "png": "PNG"}[each.name[5:]]
        assert each.content_type == logos.FILES[each.name]
        assert image.width <= min(2 * shown[0], size[0])


@pytest.mark.pure
def test_it_is_small_also_where_it_is_a_photo():
    noise = random.Random(7).randbytes(352 * 144 * 3)
    for each in drawn(png(Image.frombytes("RGB", (352, 144), noise))).files:
        assert len(each.content) <= logos.DRAWN_AT_MOST


@pytest.mark.pure
def test_it_stays_clear_where_it_is_clear_and_loses_its_margin():
    kept = logos.kept(look_at(bars("black", margin=150)))
    assert (kept.width, kept.height) == (576, 200)  # from the first stroke to the last
    for each in logos.drawn(kept).files:
        image = opened(each.content).convert("RGBA")
        alphas = [alpha for alpha, often in enumerate(image.getchannel("A").histogram()) if often]
        assert (alphas[0], alphas[-1]) == (0, 255)
    white = logos.kept(look_at(bars("black", ground="white", margin=300)))
    assert white.width < 700
    assert white.height < 300


@pytest.mark.pure
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_it_holds_the_picture_and_nothing_else(kind):
    """T31: upright, and without a word of where it was made; an export of it comes back as the same bytes."""
    kept = logos.kept(look_at(located(kind, size=(400, 300))))
    assert (kept.width, kept.height) == (300, 400)
    assert without_traces(kept) is kept
    for content in (kept.content, *(each.content for each in logos.drawn(kept).files)):
        assert CANARY.encode() not in content
        assert not opened(content).getexif()


@pytest.mark.pure
def test_what_cannot_be_seen_is_no_logo():
    with pytest.raises(NotAPhotoError, match="nothing can be seen"):
        logos.kept(look_at(png(Image.new("RGBA", (40, 30), CLEAR))))


# --- In which look it can be seen ------------------------------------------------------------------


def rgb(colour):
    return logos.luminance(*bytes.fromhex(colour[1:]))


def random_colour(seed):
    return "#" + random.Random(seed).randbytes(3).hex()


@pytest.mark.pure
@pytest.mark.parametrize(
    "colour", ["#000000", "#ffffff", "#7b1e32", "#e8b923", "#808080", *map(random_colour, range(20))]
)  # fmt: skip
def test_letters_of_any_colour_are_read_in_both_looks(colour):
    """3:1 at least, as WCAG 2.2 asks of a drawing (1.4.11): on the page, or on the plate that it is set on."""
    made = drawn(bars(colour))
    for look, plate in (("light", made.light), ("dark", made.dark)):
        ground = logos.PLATES[plate] if plate else logos.PAGES[look]
        assert logos.contrast(rgb(colour), rgb(ground)) >= 3
        bare = logos.contrast(rgb(colour), rgb(logos.PAGES[look]))
        assert plate or bare >= 3
        assert not plate or bare < 3.3, "it is drawn small, which changes its edges a little"


@pytest.mark.pure
@pytest.mark.parametrize(
    ("content", "plates"),
    [
        (bars("black"), ("", "paper")),
        (bars("white"), ("ink", "")),
        # The middle bears both; a thin accent is not worth a plate.
        (bars("black", "white"), ("grey", "grey")),
        (bars(*["black"] * 11, "white"), ("", "paper")),
        # What has its own ground needs none.
        (bars("black", ground="white"), ("", "")),
        (bars("white", ground="black"), ("", "")),
        (disc("white", "black"), ("", "")),
        (disc("black", "white"), ("", "")),
        (disc("white", "white"), ("ink", "")),
    ],
    ids=range(9),
)  # fmt: skip
def test_it_is_set_on_a_plate_only_where_it_needs_one(content, plates):
    made = drawn(content)
    assert (made.light, made.dark) == plates


@pytest.mark.pure
def test_the_plates_and_the_pages_are_those_of_the_stylesheets():
    light, dark = re.findall(r"--paper: (#\w{6})", LOOK)
    assert {"light": light, "dark": dark} == logos.PAGES
    for look in logos.PAGES:
        for plate, colour in logos.PLATES.items():
            if colour != logos.PAGES[look]:
                assert f".{look}-{plate} {{--plate: {colour}}}" in LOOK
    for plate in ("ink", "grey"):
        assert f".light-{plate} {{ background: {logos.PLATES[plate]}; }}" in PAPER


# --- Uploaded --------------------------------------------------------------------------------------


@pytest.fixture
def alice(client, db):
    """A manager, and her house."""
    made = house()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[made]))
    return made


def uploads(client, restaurant, **changes):
    return send(client, page(Restaurant, "change", restaurant.pk), **changes)


def logo_on(html):
    return re.findall(r'<picture class="logo([^"]*)">(.*?)</picture>', html, re.DOTALL)


def test_a_manager_uploads_changes_and_takes_away_the_logo(
    alice, client, django_capture_on_commit_callbacks
):
    phone = Phone().join(factories.table(alice))
    assert not logo_on(phone.get(phone.visit).content.decode())
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads(client, alice, logo_file=file(bars("black"))).status_code == 302
    first = Photo.objects.get()
    alice.refresh_from_db()
    assert first.name == alice.logo == f"logo-{first.sha256[:8]}.webp"
    # Saved again as the page stands, it stays, and is drawn where that was stopped.
    Restaurant.objects.update(logo_drawn=None)
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads(client, alice).status_code == 302
    assert Photo.objects.get() == first
    form = client.get(page(Restaurant, "change", alice.pk)).content.decode()
    assert f"/r/{alice.slug}/photo/{first.sha256}" in form
    before = phone.get(phone.visit).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        uploads(client, alice, logo_file=file(bars("white")))
    second = Photo.objects.get()  # nothing shows the first any more
    after = phone.get(phone.visit).content.decode()
    assert first.sha256 in before
    assert first.sha256 not in after
    assert second.sha256 in after
    # None of the dishes' photos to choose from.
    soup = Product.objects.get(key="soupe")
    assert second.name not in client.get(page(Product, "change", soup.pk)).content.decode()
    uploads(client, alice, **{"logo_file-clear": "on"})
    assert not logo_on(phone.get(phone.visit).content.decode())
    assert not Photo.objects.exists()
    assert Restaurant.objects.get().logo == ""


@pytest.mark.once
@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture("GIF"), picture()[:-100],
        picture() + b"x" * 5_000_000, picture("PNG", (8_000, 5_001)),
        png(Image.new("RGBA", (40, 30), CLEAR)),
    ],
    ids=range(6),
)  # fmt: skip
def test_it_takes_nothing_that_is_no_logo(alice, client, content):
    """T31: neither what is no picture nor one that would fill the memory."""
    said = errors(uploads(client, alice, logo_file=file(content)))
    assert "a whole picture in PNG, JPEG or WebP" in said["logo_file"]
    assert not Photo.objects.exists()
    assert Restaurant.objects.get().logo == ""


@pytest.mark.once
def test_service_and_other_houses_change_no_logo(alice, client):
    theirs = factories.restaurant("chez-charlie")
    client.post(page(Restaurant, "change", theirs.pk), {"logo_file": file(picture())})
    client.force_login(person("bob", service=[alice]))
    address = page(Restaurant, "change", alice.pk)
    assert "logo_file" not in client.get(address).content.decode()
    assert client.post(address, {"logo_file": file(picture())}).status_code == 403
    assert not Photo.objects.exists()


# --- On the phone ----------------------------------------------------------------------------------


@pytest.fixture
def table(db):
    made = house()
    service.put_up(restaurant=made, logo=logos.kept(look_at(bars("black"))))
    return factories.table(made)


def test_it_has_its_room_before_it_comes_and_costs_no_query(table):
    """Above the name, which says it: for the ear the picture is nothing. Its address changes with it."""
    phone = Phone().join(table)
    counted = []
    for draw in (int, service.draw_all):
        draw()
        carte.changed(restaurant_id=table.restaurant_id)
        with CaptureQueriesContext(connection) as queries:
            html = phone.get(phone.visit).content.decode()
        counted.append((len(queries), len(logo_on(html))))
    assert counted == [(counted[0][0], 0), (counted[0][0], 1)]
    visitor = Phone()
    public = visitor.get(f"/r/{table.restaurant.slug}/carte/").content.decode()
    visitor.scan(table)
    welcome = visitor.get(f"/r/{table.restaurant.slug}/").content.decode()
    for each in (html, public, welcome):
        ((plates, inside),) = logo_on(each)
        assert plates == " dark-paper"
        assert 'alt="" width="176" height="61"' in inside
        addresses = re.findall(r'"(/r/[^"]+)"', inside)
        assert [address.rpartition("/")[2] for address in addresses] == list(logos.FILES)
        for address in addresses:
            answer = phone.get(address)
            assert answer["Content-Type"] == logos.FILES[address.rpartition("/")[2]]
            assert "immutable" in answer["Cache-Control"]
            assert len(answer.content) <= logos.DRAWN_AT_MOST
    assert service.draw_all() == 0
    assert phone.get(f"/r/{table.restaurant.slug}/photo/{'0' * 64}/logo.webp").status_code == 404


def test_the_sizes_of_photos_and_the_logo_leave_each_other_alone(table):
    service.draw_all()
    assert photo_sizes.make() == 1
    assert set(logos.FILES) < set(PhotoSize.objects.values_list("name", flat=True))
    call_command("photo_sizes", verbosity=0)
    assert PhotoSize.objects.count() == 6


@pytest.mark.once
def test_a_logo_that_cannot_be_read_any_more_stops_nothing(table, caplog):
    Photo.objects.update(content=b"x", sha256="1" * 64)
    assert service.draw_all() == 0
    assert "is not shown" in caplog.text
    assert "Soupe" in Phone().get(f"/r/{table.restaurant.slug}/carte/").content.decode()


def light_plate():
    return Restaurant.objects.values_list("logo_drawn__light", flat=True).get()


# --- In a restaurant file --------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_goes_out_and_comes_back_with_the_restaurant(
    tmp_path, django_capture_on_commit_callbacks
):
    here, there = tmp_path / "in", tmp_path / "out"
    for folder in (here, there):
        folder.mkdir()
    (here / "Enseigne.png").write_bytes(bars("white"))
    data = {**small(), "logo": "Enseigne.png"}
    with django_capture_on_commit_callbacks(execute=True):
        assert "photos: 1 created" in import_(here, data)[0]
    restaurant = Restaurant.objects.get()
    assert light_plate() == "ink"
    call_command("export_restaurant", restaurant.slug, output=str(there / "file.json"))
    assert (there / "Enseigne.png").read_bytes() == (here / "Enseigne.png").read_bytes()
    first = (there / "file.json").read_bytes()
    before = Restaurant.objects.values("carte_version", "logo_drawn").get()
    with django_capture_on_commit_callbacks(execute=True):
        call_command("import_restaurant", str(there / "file.json"), "--prune", verbosity=0)
    assert Restaurant.objects.values("carte_version", "logo_drawn").get() == before
    call_command("export_restaurant", restaurant.slug, output=str(there / "file.json"))
    assert (there / "file.json").read_bytes() == first
    # Another picture by the same name; then a file that names none, which deletes it where it prunes.
    (here / "Enseigne.png").write_bytes(bars("black"))
    with django_capture_on_commit_callbacks(execute=True):
        import_(here, data)
    assert light_plate() == ""
    with django_capture_on_commit_callbacks(execute=True):
        import_(here, small())
    assert Restaurant.objects.get().logo_drawn is None
    assert Photo.objects.exists()
    import_(here, small(), "--prune")
    assert not Photo.objects.exists()


@pytest.mark.once
@pytest.mark.django_db
def test_a_file_whose_logo_is_none_is_refused_and_says_where(tmp_path):
    (tmp_path / "logo.svg").write_text("<svg/>")
    with pytest.raises(CommandError) as refused:
        import_(tmp_path, {**small(), "logo": "logo.svg"})
    assert 'logo: the file "logo.svg" is not taken: it is not a whole picture' in str(refused.value)
    (tmp_path / "logo.png").write_bytes(png(Image.new("RGBA", (40, 30), CLEAR)))
    with pytest.raises(CommandError) as refused:
        import_(tmp_path, {**small(), "logo": "logo.png"})
    assert 'logo: the file "logo.png" is not taken: nothing can be seen in it' in str(refused.value)
    assert not Restaurant.objects.exists()
    assert "There is no photo" in import_(tmp_path, {**small(), "logo": "no.png"})[1]
