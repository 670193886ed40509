"""The three commands, as a person meets them on a terminal."""

import json
import os
import stat
import sys
from io import BytesIO, StringIO
from pathlib import Path
from subprocess import run

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from ordering.models import Photo, Restaurant, Table
from ordering.restaurant_file import write
from tests.ordering.test_restaurant_file_mistakes import changed, small

ROOT = Path(__file__).resolve().parents[2]
# The small file has a set menu with a dish that the register does not know.
NO_ID = (
    "Warning: Set menu “Menu” cannot be ordered so: with Riz: “Riz” has no id on the register; "
    "write it into the carte.\n"
)


def picture(kind="JPEG", size=(40, 30)):
    file = BytesIO()
    Image.new("RGB", size, "red").save(file, kind)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def import_(folder, data, *args):
    """Returns what was printed, on the terminal and as warnings. Raises CommandError."""
    (folder / "file.json").write_text(write(data))
    out, err = StringIO(), StringIO()
    call_command("import_restaurant", str(folder / "file.json"), *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refusal(folder, data, *args):
    with pytest.raises(CommandError) as caught:
        import_(folder, data, *args)
    return str(caught.value)


@pytest.mark.wire
@pytest.mark.parametrize("content", [b'{"slug": "caf\xe9"}', b"[" * 10_000, None])
def test_it_ends_with_status_1_and_no_traceback(tmp_path, content):
    file = tmp_path / "file.json"
    if content is not None:
        file.write_bytes(content)
    ended = run(
        [sys.executable, "manage.py", "import_restaurant", str(file)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "", "DATA_DIR": str(tmp_path), "PLAIN_STATIC": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith(f"CommandError: {file}: ")
    assert ended.stderr.endswith("Nothing was imported.\n")


@pytest.mark.wire
def test_it_says_in_words_that_the_database_is_not_ready(tmp_path):
    (tmp_path / "file.json").write_text(write(small()))
    ended = run(
        [sys.executable, "manage.py", "import_restaurant", str(tmp_path / "file.json")],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "", "DATA_DIR": str(tmp_path), "PLAIN_STATIC": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "the database refused" in ended.stderr


@pytest.mark.django_db
def test_it_tells_what_it_did(folder):
    out, err = import_(folder, small())
    assert out.splitlines()[:4] == [
        "Chez Alice (chez-alice): fr, en; Europe/Paris",
        "  restaurant: 1 created",
        "  register: 1 created",
        "  tables: 2 created",
    ]
    assert "Nothing has changed." not in out
    assert err == NO_ID + (
        'Warning: There is no photo "soupe.jpg" beside the file; no picture is shown until it is '
        "imported.\n"
    )
    out, _ = import_(folder, small())
    assert out.endswith("Nothing has changed.\n")


@pytest.mark.django_db
def test_it_ends_one_sentence_with_one_full_stop(folder):
    data = small()
    data["register"]["base_url"] = "http://192.168.1.20"
    assert "REGISTER_HOSTS_ALLOWED. Nothing was imported." in refusal(folder, data)


@pytest.mark.django_db
def test_it_lists_at_most_200_mistakes(folder):
    data = small()
    data["tables"] = [{"number": 0}] * 300
    said = refusal(folder, data).splitlines()
    assert said[0].endswith("file.json: 599 mistakes, and nothing was imported:")
    assert said[1] == "  tables[0].number: 0 is too small; the least is 1"
    assert said[-1] == "  and 399 more"
    assert len(said) == 202


@pytest.mark.django_db
def test_it_stops_until_it_is_accepted(folder):
    import_(folder, small())
    data = changed(("products", 0, "allergens"), None)
    assert refusal(folder, data).splitlines()[1:] == [
        '  product "soupe": it contains celery, and would not be declared any more'
    ]
    import_(folder, data, "--accept")


@pytest.mark.django_db
def test_it_shows_no_key_anywhere(folder, caplog):
    caplog.set_level(0)
    said = "".join(import_(folder, small()))
    data = changed(("register", "base_url"), "https://a.example/?key=CANARY")
    said += refusal(folder, changed(("tables", 0, "code"), "CANARY", data))
    said += "".join(import_(folder, changed(("register", "credentials", "shop"), "CANARY")))
    out = StringIO()
    call_command("export_restaurant", "chez-alice", stdout=out)
    assert "CANARY" not in said + out.getvalue() + caplog.text


@pytest.mark.django_db
def test_it_prints_the_links_of_the_tables(folder, settings):
    settings.BASE_URL = "https://tablee.example"
    import_(folder, changed(("tables", 0, "number"), 30))
    out = StringIO()
    call_command("table_links", "chez-alice", stdout=out)
    codes = dict(Table.objects.values_list("number", "code"))
    assert out.getvalue() == "".join(
        f"{number}\thttps://tablee.example/t/{codes[number]}/\n" for number in (30, 2)
    )


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["table_links", "export_restaurant"])
def test_it_says_that_there_is_no_such_restaurant(command):
    with pytest.raises(CommandError, match="There is no restaurant nobody"):
        call_command(command, "nobody")


# --- Photos --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_keeps_a_photo_as_it_is_and_writes_it_beside_the_export(folder, tmp_path):
    (folder / "soupe.jpg").write_bytes(picture())
    assert import_(folder, small())[1] == NO_ID
    photo = Photo.objects.get()
    assert bytes(photo.content) == picture()
    assert (photo.content_type, photo.width, photo.height) == ("image/jpeg", 40, 30)
    assert len(photo.sha256) == 64
    there = tmp_path / "out" / "alice.json"
    there.parent.mkdir()
    call_command("export_restaurant", "chez-alice", "--with-secrets", output=str(there))
    wanted = small() | {"currency": "EUR"}
    wanted["tables"][1]["code"] = Table.objects.get(number=2).code
    assert json.loads(there.read_text()) == wanted
    assert (there.parent / "soupe.jpg").read_bytes() == picture()
    assert sorted(os.listdir(there.parent)) == ["alice.json", "soupe.jpg"]
    assert stat.S_IMODE(there.stat().st_mode) == 0o600


@pytest.mark.django_db
def test_it_changes_a_photo_and_keeps_it_where_its_file_is_gone(folder):
    (folder / "soupe.jpg").write_bytes(picture())
    import_(folder, small())
    (folder / "soupe.jpg").write_bytes(picture("PNG"))
    assert "photos: 1 updated" in import_(folder, small())[0]
    (folder / "soupe.jpg").unlink()
    assert import_(folder, small())[1] == ""
    assert Photo.objects.get().content_type == "image/png"
    data = changed(("products", 0, "photo"), ...)
    import_(folder, data)
    assert Photo.objects.exists()
    import_(folder, data, "--prune")
    assert not Photo.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a whole picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a whole picture"),
        (picture()[:-100], "not a whole picture"),
        (picture("GIF"), "not a whole picture"),
        (picture("PNG", (8_000, 5_001)), "8000 x 5001 pixels; at most 40 million"),
        (picture() + b"x" * 5_000_000, "more than 5 MB"),
    ],
    ids=range(6),
)
def test_it_refuses_what_is_no_picture(folder, content, said):
    (folder / "soupe.jpg").write_bytes(content)
    refused = refusal(folder, small())
    assert 'products[0].photo: the file "soupe.jpg" is not taken: ' in refused
    assert said in refused


@pytest.mark.django_db
def test_it_follows_no_link_and_waits_for_no_pipe(folder, tmp_path):
    (tmp_path / "secret.jpg").write_bytes(picture())
    (folder / "soupe.jpg").symlink_to(tmp_path / "secret.jpg")
    assert "it is a symbolic link" in refusal(folder, small())
    (folder / "soupe.jpg").unlink()
    os.mkfifo(folder / "soupe.jpg")
    assert "it is not a plain file" in refusal(folder, small())
    (folder / "soupe.jpg").unlink()
    (folder / "soupe.jpg").mkdir()
    assert "it is not a plain file" in refusal(folder, small())


@pytest.mark.django_db
def test_it_writes_no_photo_through_a_link_or_out_of_its_folder(folder, tmp_path):
    (folder / "soupe.jpg").write_bytes(picture())
    import_(folder, small())
    there, victim = tmp_path / "out" / "alice.json", tmp_path / "victim"
    there.parent.mkdir()
    victim.write_text("mine")
    (there.parent / "soupe.jpg").symlink_to(victim)
    call_command("export_restaurant", "chez-alice", output=str(there))
    assert victim.read_text() == "mine"
    assert (there.parent / "soupe.jpg").read_bytes() == picture()
    # Only somebody who writes to the database can name it so.
    for name in ("../victim", "alice.json"):
        Photo.objects.update(name=name)
        Restaurant.objects.get().products.filter(key="soupe").update(photo=name)
        err = StringIO()
        call_command("export_restaurant", "chez-alice", output=str(there), stderr=err)
        assert "is not written" in err.getvalue()
    assert victim.read_text() == "mine"


@pytest.mark.django_db
def test_it_says_when_it_cannot_write(folder, tmp_path):
    import_(folder, small())
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command("export_restaurant", "chez-alice", output=str(tmp_path / "no" / "file.json"))
    with pytest.raises(CommandError, match=r"[Ii]s a directory"):
        call_command("export_restaurant", "chez-alice", output=str(tmp_path))


@pytest.mark.django_db
def test_it_warns_of_an_export_that_cannot_be_imported():
    Restaurant.objects.create(slug="neu", name="Neu", languages=["de"])
    out, err = StringIO(), StringIO()
    call_command("export_restaurant", "neu", stdout=out, stderr=err)
    assert json.loads(out.getvalue())["tables"] == []
    assert "it cannot be imported so: tables: the list is empty" in err.getvalue()
