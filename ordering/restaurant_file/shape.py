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

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from .mistakes import Mistake, Path, listed, show

SCHEMA = FilePath(__file__).resolve().parent.parent / "restaurant.schema.json"

TYPES = {
    "string": "a text in quotes",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}

# What a value that does not fit a pattern of the schema is not, and how to write it.
PATTERNS = {
    "^[a-z0-9][a-z0-9-]{0,63}$": (
        "a key; write small letters without accents, digits and hyphens, at most 64, "
        'like "plat-du-jour"'
    ),
    r"^[0-9]{1,6}\.[0-9]{2}$": 'a price; write euros with two decimals, like "12.50"',
    r"^-?[0-9]{1,6}\.[0-9]{2}$": (
        'a price; write euros with two decimals, like "12.50" or "-0.50"'
    ),
    r"^([0-2]?[0-9](\.[0-9]{1,2})?|30)$": (
        'a VAT rate; write percent from 0 to 30, like "10" or "5.5"'
    ),
    "^([01][0-9]|2[0-3]):[0-5][0-9]$": 'a time; write hours and minutes, like "19:30"',
    "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$": 'a language code; write one like "fr" or "pt-BR"',
    "^[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}$": (
        'a network; write its address and its length, like "203.0.113.7/32"'
    ),
    "^#[0-9a-fA-F]{6}$": 'a colour; write # and six digits, like "#7b1e32"',
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": 'a day; write year, month and day, like "2026-12-24"',
    r"^[^/\\]+$": "the bare name of a file beside this one",
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
                yield ValidationError(f"{show(json.loads(text))} stands in it twice")


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


def _wanted(pattern: str) -> str:
    return PATTERNS[pattern.removesuffix(r"\Z") + "$"]


def is_secret(path: Path) -> bool:
    """Whether what stands at this place is, or may be, a key or a code that no message may show (P18)."""
    return path[:1] == ("register",) or (path[:1] == ("tables",) and "code" in path)


def _said(error: ValidationError) -> Iterator[Mistake]:
    path: Path = tuple(error.absolute_path)
    value, schema_here = error.instance, error.schema
    rule: Any = error.validator_value
    shown = "this" if is_secret(path) else show(value)

    def mistake(text: str) -> Mistake:
        return Mistake(path, text)

    match error.validator:
        case "required":
            # jsonschema gives one error for each missing name, and names it only in its sentence.
            missing = [name for name in rule if error.message.startswith(f"{name!r} is")]
            yield mistake(f"{listed([show(name) for name in missing])} is missing")
        case "additionalProperties":
            yield from _unknown_names(path, value, schema_here)
        case "oneOf" if isinstance(value, list):
            # A list can only have been meant as the list: what is wrong inside it is the mistake.
            for inner in error.context or ():
                if inner.validator != "type" or inner.absolute_path != error.absolute_path:
                    yield from _said(inner)
        case "oneOf":
            yield mistake(f"{shown} is not a list of allergens; for “not declared” write null")
        case "type" if isinstance(value, str) and _is_text(schema_here):
            yield mistake(f'{shown} is not a text in languages; write {{"fr": …}}, or another one')
        case "type" | "pattern":
            assert isinstance(schema_here, dict)  # noqa: S101  (only objects have these rules)
            types = [rule] if isinstance(rule, str) else list(rule)
            if "pattern" in schema_here:
                yield mistake(f"{shown} is not {_wanted(schema_here['pattern'])}")
            else:
                wanted = listed([TYPES[kind] for kind in types], "or")
                yield mistake(f"{shown} is not {wanted}")
        case "enum":
            yield mistake(f"{shown} is none of {listed(rule)}")
        case "const":
            yield mistake(f"{shown} is not {show(rule)}, the only one there is")
        case "minimum":
            yield mistake(f"{shown} is too small; the least is {rule}")
        case "maximum":
            yield mistake(f"{shown} is too large; the most is {rule}")
        case "minItems":
            yield mistake("the list is empty; at least one is needed")
        case "maxItems":
            yield mistake(f"the list is too long; at most {rule} can be in it")
        case "minProperties":
            yield mistake("there is no text in it")
        case "minLength":
            yield mistake("the text is empty")
        case "uniqueItems":
            yield mistake(error.message)
        case other:
            yield mistake(f"{shown} breaks the rule {other!r} of restaurant.schema.json")


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
                yield Mistake(path, f"{show(name)} is not {_wanted(pattern)}")
            continue
        # Whoever wrote hundreds of them did not mistype.
        close = difflib.get_close_matches(name, known, 1) if len(value) < 100 else []
        hint = f"; did you mean {show(close[0])}?" if close else ""
        yield Mistake(path, f"{show(name)} is not a name that is known here{hint}")
