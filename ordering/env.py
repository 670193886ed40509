"""Settings from the environment, typed. A mistake is said in words at the start."""

import contextlib
import hashlib
import ipaddress
import json
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}
CODE = {".py", ".html", ".css", ".js", ".svg", ".mo"}


def env_bool(name: str, *, default: bool) -> bool:
    """Raises ImproperlyConfigured on anything but yes and no."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in TRUE:
        return True
    if value.strip().lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: write 1 or 0.")


def env_number(name: str, default: float) -> float:
    """Raises ImproperlyConfigured on anything but a number."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        return float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}: write a number.") from None


def env_days(name: str, default: int) -> int:
    """Whole days, at least one."""
    value = env_number(name, default)
    if not 1 <= value <= 36_500 or value % 1:
        raise ImproperlyConfigured(f"{name} is {os.environ[name]!r}: write whole days, 1 or more.")
    return int(value)


def env_list(name: str, default: str = "") -> list[str]:
    """Commas between; what is empty is left out."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def env_secret(name: str) -> str | None:
    """The value of NAME, or the content of the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE: {path} cannot be read ({error.strerror})."
            ) from error
    return os.environ.get(name) or None


def is_loopback(host: str) -> bool:
    """This machine alone."""
    host = host.strip("[]")
    if host in {"localhost", "testserver"} or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_private(host: str) -> bool:
    """This machine, or an address of the local network written as numbers."""
    if is_loopback(host):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_private
    except ValueError:
        return False


def host_of(url: str) -> str:
    """Empty where the address has none."""
    return urlsplit(url).hostname or ""


def local_keys(folder: Path) -> dict[str, str]:
    """The keys of an installation that was given none: made once, kept in a file that only its owner reads.

    Good enough for one's own machine; the settings refuse it for anything that the world can reach.
    """
    path = folder / "keys.json"
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(
            f"{path} cannot be read ({error}). Restore it, or set SECRET_KEY and FIELD_KEYS."
        ) from error
    keys = {"SECRET_KEY": secrets.token_urlsafe(64), "FIELD_KEYS": Fernet.generate_key().decode()}
    scratch = path.with_name(f"keys.{secrets.token_hex(8)}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch.touch(mode=0o600)
        scratch.write_text(json.dumps(keys, indent=2) + "\n")
        # link() fails where another process was faster, so that all processes use one set of keys.
        os.link(scratch, path)
    except FileExistsError:
        return local_keys(folder)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be written ({error.strerror}). Set DATA_DIR to a folder that can be, "
            "or set SECRET_KEY and FIELD_KEYS in the environment."
        ) from error
    finally:
        scratch.unlink(missing_ok=True)
    return keys


def release(*folders: Path) -> str:
    """Of all code, texts and templates in there: what was made by another release, also an older one, has another."""
    stamps = []
    for path in (path for folder in folders for path in folder.rglob("*")):
        if path.suffix in CODE:
            with contextlib.suppress(FileNotFoundError):  # it is being replaced
                found = path.stat()
                stamps.append((str(path), found.st_mtime_ns, found.st_size))
    return hashlib.sha256(repr(sorted(stamps)).encode()).hexdigest()[:16]
