"""Export after import is the same file, byte for byte."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from ordering.models import Product, Restaurant, Table
from ordering.restaurant_file import check, load, write
from ordering.services.transfer import export_restaurant, import_restaurant

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "ordering/demo/bistrot-colette.json"
REAL = sorted((ROOT / "tests/restaurants").glob("real-*.json"))


def exported(slug, *args):
    out = StringIO()
    call_command("export_restaurant", slug, *args, stdout=out)
    return out.getvalue()


def test_it_exports_the_demo_as_it_was_written():
    call_command("import_restaurant", str(DEMO), stdout=StringIO())
    written = json.loads(DEMO.read_text())
    written["register"]["credentials"] = {}
    assert exported("bistrot-colette") == write(written)


def test_it_exports_the_demo_with_its_secrets_and_codes():
    call_command("import_restaurant", str(DEMO), stdout=StringIO())
    data = json.loads(exported("bistrot-colette", "--with-secrets"))
    codes = {table["number"]: table.pop("code") for table in data["tables"]}
    assert write(data) == DEMO.read_text()
    assert codes == {table.number: table.code for table in Table.objects.all()}


@pytest.mark.parametrize("file", [DEMO, *REAL], ids=lambda file: file.stem)
def test_it_is_a_fixed_point(file, tmp_path):
    slug = json.loads(file.read_text())["slug"]
    call_command("import_restaurant", str(file), stdout=StringIO())
    first = exported(slug, "--with-secrets")
    codes = {table.number: table.code for table in Table.objects.all()}
    Restaurant.objects.get().registers.all().delete()
    Restaurant.objects.all().delete()
    again = tmp_path / "again.json"
    again.write_text(first)
    call_command("import_restaurant", str(again), stdout=StringIO(), stderr=StringIO())
    assert exported(slug, "--with-secrets") == first
    assert {table.number: table.code for table in Table.objects.all()} == codes


@pytest.mark.parametrize("file", [DEMO, *REAL], ids=lambda file: file.stem)
def test_it_changes_nothing_when_it_is_imported_again(file, django_assert_max_num_queries):
    data = load(file)
    assert check(data) == []
    import_restaurant(data=data, folder=file.parent)
    version = Restaurant.objects.get().carte_version
    assert import_restaurant(data=data, folder=file.parent).changed is False
    assert Restaurant.objects.get().carte_version == version
    # What was exported without its secrets keeps the stored ones.
    with django_assert_max_num_queries(40):
        bare = export_restaurant(Restaurant.objects.get())
        assert import_restaurant(data=bare, folder=file.parent).changed is False


def test_it_keeps_what_the_sources_wrote():
    import_restaurant(data=load(REAL[0]))
    names = Product.objects.values_list("name", flat=True)
    written = [product["name"] for product in json.loads(REAL[0].read_text())["products"]]
    assert list(names) == written
