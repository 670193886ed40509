"""What the tests of admin share: who comes in, and how a page's form is filled and sent as it stands."""

from django.contrib.auth.models import User
from django.forms import BaseForm
from django.http import QueryDict

from ordering.models import Membership


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
    return client.post(address, data)


def errors(response):
    """{input: what is said beside it} of a page that was refused; rows of inlines by their prefix."""
    assert response.status_code == 200, f"saved: {response.status_code}"
    found = dict(response.context["adminform"].form.errors)
    for inline in response.context["inline_admin_formsets"]:
        for row in inline.formset.forms:
            found |= {row.add_prefix(name): said for name, said in row.errors.items()}
    return {name: " ".join(said) for name, said in found.items()}
