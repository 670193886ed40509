"""The schema's own mistakes, in plain sentences.

The schema says that its patterns mean the whole string; Python's `$` lets a line end pass, so it is read as `\\Z`.
"""

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from django.utils.translation import gettext_noop as _
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from .mistakes import Mistake, Path, listed, show, wrong
from .sentences import Sentence

SCHEMA = FilePath(__file__).resolve().parent.parent / "restaurant.schema.json"

TYPES = {
    "string": _("a text in quotes"),
    "integer": _("a whole number"),
    "boolean": _("true or false"),
    "array": _("a list"),
    "object": _("an object"),
    "null": "null",
}

# What a value that does not fit a pattern of the schema is not, and how to write it: with examples.
PATTERNS = {
    "^[a-z0-9][a-z0-9-]{0,63}$": (
        _(
            "a key; write small letters without accents, digits and hyphens, at most 64, like %(example)s"
        ),
        "plat-du-jour",
    ),
    r"^[0-9]{1,6}\.[0-9]{2}$": (
        _("a price; write euros with two decimals, like %(example)s"),
        "12.50",
    ),
    r"^-?[0-9]{1,6}\.[0-9]{2}$": (
        _("a price; write euros with two decimals, like %(example)s or %(other)s"),
        "12.50",
        "-0.50",
    ),
    r"^([0-2]?[0-9](\.[0-9]{1,2})?|30)$": (
        _("a VAT rate; write percent from 0 to 30, like %(example)s or %(other)s"),
        "10",
        "5.5",
    ),
    "^([01][0-9]|2[0-3]):[0-5][0-9]$": (
        _("a time; write hours and minutes, like %(example)s"),
        "19:30",
    ),
    "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$": (
        _("a language code; write one like %(example)s or %(other)s"),
        "fr",
        "pt-BR",
    ),
    "^[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}$": (
        _("a network; write its address and its length, like %(example)s"),
        "203.0.113.7/32",
    ),
    "^#[0-9a-fA-F]{6}$": (
        _("a colour; write # and six digits, like %(example)s"),
        "#7b1e32",
    ),
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": (
        _("a day; write year, month and day, like %(example)s"),
        "2026-12-24",
    ),
    r"^[^/\\]+$": (_("the bare name of a file beside this one"),),
}


def misshapen(data: Any) -> Iterator[Mistake]:
    """Everything in which the data is not what `restaurant.schema.json` describes."""
    for error in _validator().iter_errors(data):
        yield from _said(error)


@cache
def schema() -> dict[str, Any]:
    """The schema as it stands in its file."""
    loaded: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return loaded


@cache
def _validator() -> Any:
    # jsonschema's own rule compares each with each, which a long list of anything makes endless.
    judge = validators.extend(Draft202012Validator, {"uniqueItems": _each_once})
    return judge(_strict(schema()))


def _each_once(_judge: Any, _rule: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, list):
        for text, times in Counter(json.dumps(item, sort_keys=True) for item in value).items():
            if times > 1:
                yield ValidationError(show(json.loads(text)))


def _strict(node: Any) -> Any:
    """The schema with each reference put in its place and each pattern meaning the whole string."""
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = dict(node)
    if "$ref" in node:
        node = {**schema()["$defs"][node.pop("$ref").removeprefix("#/$defs/")], **node}
    if "pattern" in node:
        node["pattern"] = _whole(node["pattern"])
    if "patternProperties" in node:
        node["patternProperties"] = {
            _whole(pattern): item for pattern, item in node["patternProperties"].items()
        }
    return {name: _strict(item) for name, item in node.items() if name != "$defs"}


def _whole(pattern: str) -> str:
    return pattern.removesuffix("$") + r"\Z"


def _kinds(kinds: list[str]) -> str:
    return listed([Sentence(TYPES[kind]) for kind in kinds], _("%(words)s or %(last)s"))


def _wanted(pattern: str) -> str:
    text, *examples = PATTERNS[pattern.removesuffix(r"\Z") + "$"]
    return Sentence(text, **dict(zip(("example", "other"), map(show, examples), strict=False)))


def is_secret(path: Path) -> bool:
    """Whether what stands at this place is, or may be, a key or a code that no message may show (P18)."""
    return path[:1] == ("register",) or (path[:1] == ("tables",) and "code" in path)


def _said(error: ValidationError) -> Iterator[Mistake]:
    path: Path = tuple(error.absolute_path)
    value, schema_here = error.instance, error.schema
    rule: Any = error.validator_value
    shown = Sentence(_("this")) if is_secret(path) else show(value)

    def mistake(text: str, **values: Any) -> Mistake:
        return wrong(path, text, **values)

    match error.validator:
        case "required":
            # jsonschema gives one error for each missing name, and names it only in its sentence.
            missing = [name for name in rule if error.message.startswith(f"{name!r} is")]
            yield mistake(_("%(names)s is missing"), names=listed([show(name) for name in missing]))
        case "additionalProperties":
            yield from _unknown_names(path, value, schema_here)
        case "oneOf" if isinstance(value, list):
            # A list can only have been meant as the list: what is wrong inside it is the mistake.
            for inner in error.context or ():
                if inner.validator != "type" or inner.absolute_path != error.absolute_path:
                    yield from _said(inner)
        case "oneOf":
            text = _("%(value)s is not a list of allergens; for “not declared” write null")
            yield mistake(text, value=shown)
        case "type" if isinstance(value, str) and _is_text(schema_here):
            text = _("%(value)s is not a text in languages; write %(example)s, or another one")
            yield mistake(text, value=shown, example='{"fr": …}')
        case "type" | "pattern":
            assert isinstance(schema_here, dict)  # noqa: S101  (only objects have these rules)
            if "pattern" in schema_here:
                wanted = _wanted(schema_here["pattern"])
            else:
                wanted = _kinds([rule] if isinstance(rule, str) else list(rule))
            yield mistake(_("%(value)s is not %(wanted)s"), value=shown, wanted=wanted)
        case "enum":
            yield mistake(_("%(value)s is none of %(known)s"), value=shown, known=listed(rule))
        case "const":
            text = _("%(value)s is not %(wanted)s, the only one there is")
            yield mistake(text, value=shown, wanted=show(rule))
        case "minimum":
            yield mistake(
                _("%(value)s is too small; the least is %(least)s"), value=shown, least=rule
            )
        case "maximum":
            yield mistake(_("%(value)s is too large; the most is %(most)s"), value=shown, most=rule)
        case "minItems":
            yield mistake(_("the list is empty; at least one is needed"))
        case "maxItems":
            text = _("the list is too long; at most %(most)s can be in it")
            yield mistake(text, most=rule)
        case "minProperties":
            yield mistake(_("there is no text in it"))
        case "minLength":
            yield mistake(_("the text is empty"))
        case "uniqueItems":
            yield mistake(_("%(value)s stands in it twice"), value=error.message)
        case other:
            text = _("%(value)s breaks the rule %(rule)s of restaurant.schema.json")
            yield mistake(text, value=shown, rule=repr(other))


def _is_text(schema_here: Any) -> bool:
    return isinstance(schema_here, dict) and "patternProperties" in schema_here


def _unknown_names(path: Path, value: Any, schema_here: Any) -> Iterator[Mistake]:
    known = list(schema_here.get("properties", {}))
    for name in value:
        if name in known:
            continue
        if not known:
            # Only texts have free names, and they are languages.
            pattern = next(iter(schema_here["patternProperties"]))
            if not re.search(pattern, name):
                text = _("%(value)s is not %(wanted)s")
                yield wrong(path, text, value=show(name), wanted=_wanted(pattern))
            continue
        # Whoever wrote hundreds of them did not mistype.
        close = difflib.get_close_matches(name, known, 1) if len(value) < 100 else []
        text = _("%(name)s is not a name that is known here")
        if close:
            text = _("%(name)s is not a name that is known here; did you mean %(close)s?")
        yield wrong(path, text, name=show(name), close=show("".join(close)))
