"""One settings file. What differs between installations comes from the environment (docs/running.md, "Settings")."""

import os
from datetime import timedelta
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from ordering.env import (
    env_bool,
    env_days,
    env_list,
    env_number,
    env_secret,
    host_of,
    is_private,
    local_keys,
    release,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var")

DEBUG = env_bool("DEBUG", default=False)

# --- Who we are to the world -------------------------------------------------------------------

# Printed on every card, so it is a setting and never taken from a request (T27).
BASE_URL = os.environ.get("BASE_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
LOCAL = all(is_private(host) for host in [*ALLOWED_HOSTS, host_of(BASE_URL)])
HTTPS = BASE_URL.startswith("https://")

# SECRET_KEY signs cookies and forms. FIELD_KEYS (Fernet keys, the newest first) encrypt the registers'
# credentials and the tables' codes; losing them means printing every card again.
SECRET_KEY = env_secret("SECRET_KEY") or ""
FIELD_KEYS = [key.strip() for key in (env_secret("FIELD_KEYS") or "").split(",") if key.strip()]
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
if not SECRET_KEY or not FIELD_KEYS:
    if not LOCAL:
        raise ImproperlyConfigured(
            "SECRET_KEY and FIELD_KEYS must be set where others can reach this server "
            f"(ALLOWED_HOSTS={','.join(ALLOWED_HOSTS)}, BASE_URL={BASE_URL}). See README, “Install”."
        )
    _keys = local_keys(DATA_DIR)
    SECRET_KEY = SECRET_KEY or _keys["SECRET_KEY"]
    FIELD_KEYS = FIELD_KEYS or [_keys["FIELD_KEYS"]]

# --- Applications ------------------------------------------------------------------------------

INSTALLED_APPS = [
    "ordering.apps.OrderingConfig",
    "pos_bridge.apps.PosBridgeConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "axes",
]

MIDDLEWARE = [
    "ordering.health.healthz",  # first: it is asked by address, without HTTPS, and sets no cookie
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "ordering.middleware.Languages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ordering.middleware.database_trouble",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ordering.urls"
WSGI_APPLICATION = "ordering.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# What is kept of cartes (ordering/diner/kept.py) is shared by the processes of a machine, and made anew by other code.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "carte": {
        "BACKEND": "ordering.diner.kept.Files",
        "LOCATION": DATA_DIR / "kept",
        "TIMEOUT": 24 * 3600,
        # The collected files too: a page names those of other packages.
        "KEY_PREFIX": release(
            BASE_DIR / "ordering", BASE_DIR / "templates", BASE_DIR / "static", DATA_DIR / "static"
        ),
        "OPTIONS": {"MAX_ENTRIES": 2_000},
    },
}

# --- Database ----------------------------------------------------------------------------------

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'tablee.sqlite3'}",
    )
}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["ENGINE"] = "ordering.sqlite"  # in which writers queue more fairly
    # IMMEDIATE: a transaction that reads and then writes never loses its turn half-way (F22).
    # FULL: a commit that was confirmed survives a power cut; with NORMAL, WAL may lose it (F26).
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": env_number("SQLITE_TIMEOUT", 5),
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA fullfsync=ON;",
    }
    # A connection that stays keeps the two files beside the database: to make them anew, even a reader needs room on
    # the disk (F23).
    _database["CONN_MAX_AGE"] = None
    try:
        Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The folder of the database cannot be made ({error}). See DATABASE_URL and DATA_DIR."
        ) from error
elif _database["ENGINE"] == "django.db.backends.postgresql":
    _database["OPTIONS"] = {
        # lock_timeout: as long as SQLite waits; then the page says so (F21). synchronous_commit: a server that
        # was told to confirm before it has written does not do so to us (P3).
        "options": "-c lock_timeout=5s -c synchronous_commit=on",
        **_database.get("OPTIONS", {}),
        "prepare_threshold": 5,  # pos_bridge/prepared.py
        # As patient with a server that is away. Few: one thread of a process computes at a time, and what the others
        # ask meanwhile only keeps the server from it (measured: deliveries with 3, 4 and 8).
        "pool": {"timeout": 5, "min_size": 3, "max_size": 3},
    }

# --- Languages and time ------------------------------------------------------------------------

LANGUAGE_CODE = "fr"
# Of the diner's interface; what the staff reads is in two of them (ordering/languages.py).
LANGUAGES = [
    ("fr", "Français"),
    ("en", "English"),
    ("es", "Español"),
    ("it", "Italiano"),
    ("de", "Deutsch"),
]
LOCALE_PATHS = [BASE_DIR / "ordering" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"

# --- Static files ------------------------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.InMemoryStorage"
    },  # photos live in the database
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if env_bool("PLAIN_STATIC", default=DEBUG):
    # With hashed names a test's live server answers 404 for each of them, and the page renders all the same.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

# --- Security ----------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True  # forms carry the token themselves
CSRF_COOKIE_AGE = 24 * 3600  # as long as the phone is our guest (access.py)
CSRF_FAILURE_VIEW = "ordering.diner.errors.csrf_failure"
SESSION_COOKIE_SAMESITE = "Strict"
# How many proxies of ours stand in front; 0 trusts no X-Forwarded header (T27).
PROXIES = int(env_number("PROXIES", 0))
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
# Whether the other names of the restaurant's domain speak HTTPS, or the domain wants to be in the browsers'
# preload list, is not ours to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Who guesses passwords (T21): a name is locked where it was tried from, so that a guest on the restaurant's network
# locks nobody else out, and opens again by itself.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "ordering.admin.login.address"
AXES_LOCKOUT_CALLABLE = "ordering.admin.login.locked"
# Further tries do not make it longer: half an hour is half an hour.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # who came in when stands in the person's page
AXES_ENABLE_ADMIN = False  # every page of admin stands on ordering/admin/base.py
AXES_VERBOSE = False

# --- Ordering and delivery ---------------------------------------------------------------------

# Hosts and networks of registers that may be spoken to without HTTPS or on the local network
# ("127.0.0.1:9500,192.168.1.20,10.0.0.0/24").
REGISTER_HOSTS_ALLOWED = env_list("REGISTER_HOSTS_ALLOWED")
# Seconds. One divisor shortens them all in tests that run real processes.
TIME_DIVISOR = env_number("TIME_DIVISOR", 1)
GUEST_SEND_INTERVAL = 5 / TIME_DIVISOR
UNKNOWN_CODES_PER_MINUTE = 20
UNKNOWN_CODE_DELAY = 1 / TIME_DIVISOR
# Apprise addresses that alarms go to, white space between them; `slug=mailto://…` is for one restaurant
# (docs/alarms.md).
ALARM_URLS = (env_secret("ALARM_URLS") or "").split()
# Whoever shows it at /healthz is told more than whether all is well.
HEALTH_TOKEN = env_secret("HEALTH_TOKEN") or ""

# Days that orders and what belongs to them are kept, and network addresses (`manage.py purge`); said to guests at
# /r/…/data/.
KEEP_DAYS = env_days("KEEP_DAYS", 90)
KEEP_ADDRESSES_DAYS = env_days("KEEP_ADDRESSES_DAYS", 30)

LOG_FORMAT = os.environ.get("LOG_FORMAT") or "plain"
if LOG_FORMAT not in {"plain", "json"}:
    raise ImproperlyConfigured(f"LOG_FORMAT is {LOG_FORMAT!r}: write plain or json.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "ordering.logs.OneLine",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
        "json": {"()": "ordering.logs.JsonLine"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Their DEBUG lines hold addresses, and LEO2's address holds its key (T24).
        "urllib3": {"level": "WARNING"},
        "requests": {"level": "WARNING"},
        # It tells each step of each login; what is wrong is a warning.
        "axes": {"level": "WARNING"},
        # It names the addresses that it does not understand, and they hold passwords.
        "apprise": {"level": "CRITICAL", "propagate": False},
    },
}
