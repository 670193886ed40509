"""What the tests of admin share: two full houses, who comes in, and how a page's form is sent as it stands."""

from decimal import Decimal

from django.contrib import admin
from django.contrib.auth.models import User
from django.forms import BaseForm
from django.http import QueryDict
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from ordering.admin.paths import narrow
from ordering.models import (
    AllergenChange,
    Category,
    CategoryItem,
    Choice,
    Course,
    Membership,
    Photo,
    SetMenu,
)
from pos_bridge.models import Addition, Attempt
from tests import factories

# In everything of B that has a text, and in nothing of A.
MARK = "Zubenelgenubi"


def house(slug, mark):
    """A restaurant with one of everything, each named by the mark."""
    texts = {"fr": mark, "en": mark}
    made = factories.restaurant(slug, name=f"Chez {mark}")
    table = factories.table(made, 7, label=mark, zone=mark)
    category = Category.objects.create(restaurant=made, key="carte", name=texts)
    product = factories.product(made, "plat", category=category, name=texts)
    group = factories.option_group(product, "cuisson", {"saignant": 0, "frites": 1_50}, name=texts)
    group.options.update(name=texts)
    menu = SetMenu.objects.create(
        restaurant=made, key="menu", name=texts, price=20_00, vat=Decimal(10)
    )
    course = Course.objects.create(set_menu=menu, key="plat", name=texts)
    Choice.objects.create(course=course, product=product)
    CategoryItem.objects.create(category=category, set_menu=menu)
    AllergenChange.objects.create(
        restaurant=made,
        product=product,
        key="plat",
        name=mark,
        after=[],
        how="admin",
        user_name=mark,
    )
    Photo.objects.create(
        restaurant=made, name=f"{mark}.webp", content=b"", content_type="image/webp",
        sha256="0" * 64, width=1, height=1,
    )  # fmt: skip
    register = factories.register(
        made,
        base_url=f"https://{mark.lower()}.example",
        credentials={"shop": mark, "pub_key": f"key-of-{mark}"},
    )
    order = factories.order(factories.guest(table))
    order.lines.update(name=texts)
    addition = Addition.objects.create(
        order=order, register=register, number=4711, ticket={}, body=mark, detail=mark
    )
    Attempt.objects.create(
        addition=addition, number=1, worker=mark, started_at=timezone.now(), answer=mark
    )
    return made


def person(name, **memberships):
    """person("alice", manager=[a], service=[b])"""
    user = User.objects.create_user(name, password="x", is_staff=True)
    for role, restaurants in memberships.items():
        for restaurant in restaurants:
            Membership.objects.create(user=user, restaurant=restaurant, role=role)
    return user


def installer():
    return User.objects.create_superuser("root", password="x")


def form_data(response):
    """What a browser would send of the page's form if nobody had touched it."""
    data = QueryDict(mutable=True)
    form = response.context["adminform"].form
    _add(data, form)
    for inline in response.context["inline_admin_formsets"]:
        _add(data, inline.formset.management_form)
        for row in inline.formset.forms:
            _add(data, row)
    return data


def _add(data: QueryDict, form: BaseForm):
    for bound in form:
        value = bound.value()
        if bound.field.show_hidden_initial:
            data[bound.html_initial_name] = bound.field.hidden_widget().format_value(value) or ""
        name = bound.html_name
        widget = bound.field.widget
        if hasattr(widget, "languages"):
            for language in widget.languages:
                data[f"{name}_{language}"] = (value or {}).get(language, "")
        elif hasattr(widget, "folded"):
            state, boxes = widget.parts(value)
            data[f"{name}_state"] = state
            data.setlist(f"{name}_contains", list(boxes))
        elif isinstance(value, bool):
            if value:
                data[name] = "on"
        elif getattr(widget, "allow_multiple_selected", False):
            data.setlist(name, [str(item) for item in value or ()])
        else:
            data[name] = "" if value is None else str(value)


def send(client, address, **changes):
    """Open the page, change these inputs, send it. `x__0__y` stands for the row's `x-0-y`."""
    opened = client.get(address)
    assert opened.status_code == 200, opened
    data = form_data(opened)
    for name, value in changes.items():
        name = name.replace("__", "-")
        if value is None:
            data.pop(name, None)
        elif isinstance(value, list):
            data.setlist(name, value)
        else:
            data[name] = value
    # A QueryDict would be sent with the last of several values alone.
    return client.post(address, dict(data.lists()))


def errors(response):
    """{input: what is said beside it} of a page that was refused; rows of inlines by their prefix."""
    assert response.status_code == 200, f"saved: {response.status_code}"
    found = dict(response.context["adminform"].form.errors)
    for inline in response.context["inline_admin_formsets"]:
        for row in inline.formset.forms:
            found |= {row.add_prefix(name): said for name, said in row.errors.items()}
    return {name: " ".join(said) for name, said in found.items()}


def registered():
    return sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label)


def page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def of(model, restaurant):
    if model is User:
        return User.objects.filter(memberships__restaurant=restaurant)
    return narrow(model._default_manager.all(), [restaurant.pk])


def request_by(user):
    request = RequestFactory().get("/")
    request.user = user
    return request
