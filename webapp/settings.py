"""Settings of the Django project, read from the environment.

With nothing set, everything lives in one folder (``MIEN_DATA``): database, media, queue, key.
``DATABASE_URL`` and ``REDIS_URL`` (or ``BROKER_URL``) move them to PostgreSQL, Redis, RabbitMQ.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import environ

from webapp.accounts.local import is_loopback
from webapp.secret import read_secret_key

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = Path(env("MIEN_DATA", default=str(BASE_DIR / "var"))).expanduser().resolve()
DATA.mkdir(parents=True, exist_ok=True)

SECRET_KEY = env("SECRET_KEY", default="") or read_secret_key(DATA / "secret_key")
DEBUG = env.bool("DEBUG", default=False)

# --- Who is served -------------------------------------------------------------------------
# Bound to loopback, a request without credentials acts as the one local owner, if it is our own
# (webapp/accounts/local.py). Bound to anything else, or behind a proxy, credentials are required.
BIND_HOST = env("MIEN_HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
CREDENTIALS_REQUIRED = env.bool("MIEN_CREDENTIALS_REQUIRED", default=not is_loopback(BIND_HOST))
LOCAL_OWNER = "owner"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Pages of other origins may use the API with a token, never with a session.
CORS_ALLOWED_ORIGINS = env.list("MIEN_CORS_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = (
    "accept", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match",
    "if-range", "range",
)  # fmt: skip
CORS_EXPOSE_HEADERS = (
    "content-disposition", "content-range", "etag", "idempotent-replayed", "location", "ratelimit",
    "ratelimit-policy", "retry-after",
)  # fmt: skip
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https")
    if env.bool("MIEN_BEHIND_TLS_PROXY", default=False)
    else None
)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_PROXY_SSL_HEADER is not None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "rest_framework",
    "webapp.accounts",
    "webapp.idempotency",
    "webapp.photos",
    "webapp.edits",
    "webapp.batches",
    "webapp.pages",
    "webapp.presets",
    "webapp.webhooks",
    "workers",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "webapp.accounts.middleware.LocalRequestsOnly",
    "webapp.conditional.EntityTags",
    "webapp.accounts.limits.LimitHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "webapp.accounts.middleware.LocalOwner",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ROOT_URLCONF = "webapp.urls"
ASGI_APPLICATION = "webapp.asgi.application"
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
            ]
        },
    }
]

# --- Where things are kept ------------------------------------------------------------------
SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / "mien.sqlite3"}
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL") if env("DATABASE_URL", default="") else SQLITE
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # IMMEDIATE: a transaction that will write waits for its turn instead of failing half-way.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MEDIA_ROOT = DATA / "media"
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # filled by collectstatic, where another server serves it
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served straight from where they lie: nothing has to be collected before the first start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 60

MAX_UPLOAD_BYTES = env.int("MIEN_MAX_UPLOAD_BYTES", default=100 * 1024 * 1024)
MAX_ARCHIVE_BYTES = env.int("MIEN_MAX_ARCHIVE_BYTES", default=4 * 1024**3)
MAX_BATCH_ITEMS = env.int("MIEN_MAX_BATCH_ITEMS", default=20_000)
BUCKETS = env.list("MIEN_BUCKETS", default=[])  # of object storage, that batches may read
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

# How much one may ask for; 0 means as much as one likes, as on one's own machine.
RATE_PER_MINUTE = env.int("MIEN_RATE_PER_MINUTE", default=1200 if CREDENTIALS_REQUIRED else 0)
QUOTAS = {
    "edits": env.int("MIEN_EDITS_PER_DAY", default=0),
    "photos": env.int("MIEN_PHOTOS_PER_DAY", default=0),
    "bytes": env.int("MIEN_BYTES_PER_DAY", default=0),
}

# Whether webhooks may lead to this machine and its network, which only it can reach.
WEBHOOKS_ALLOW_PRIVATE = env.bool("MIEN_WEBHOOKS_ALLOW_PRIVATE", default=False)

RETENTION_HOURS = env.float("MIEN_RETENTION_HOURS", default=24.0)

# --- The queue and the wake-up calls --------------------------------------------------------
REDIS_URL = env("REDIS_URL", default="")
BROKER_URL = env("BROKER_URL", default="") or REDIS_URL or "filesystem://localhost//"
QUEUES = ("interactive", "batch")

CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# The row decides who works on what, so a message is only a hint and is acknowledged at once:
# no visibility timeout and no redelivery can double an edit.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 120.0  # the child warms its models before it says it is up
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 3.0
CELERY_BROKER_POOL_LIMIT = 4
CELERY_IMPORTS = ("workers.tasks",)
if BROKER_URL.startswith("filesystem:"):
    QUEUE_FOLDER = DATA / "queue"
    (QUEUE_FOLDER / "control").mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(QUEUE_FOLDER),
        "data_folder_out": str(QUEUE_FOLDER),
        "control_folder": str(QUEUE_FOLDER / "control"),
        "polling_interval": 0.02,
    }
elif BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 3, "visibility_timeout": 6 * 3600}

if REDIS_URL:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    }
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # redis-py 8 gives up a blocking read after 5 s of silence unless it is told not to.
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]},
        }
    }

# --- The worker -----------------------------------------------------------------------------
DEVICE = env("MIEN_DEVICE", default="")  # "" takes the best there is
WORKERS = env.int("MIEN_WORKERS", default=0)  # processes; 0 is one per device
# Edits of one batch that a process does at once, their networks as one; 0 is what suits the device.
BATCH_SIZE = env.int("MIEN_BATCH_SIZE", default=0)
LEASE_SECONDS = env.float("MIEN_LEASE_SECONDS", default=10.0)
MAX_ATTEMPTS = env.int("MIEN_MAX_ATTEMPTS", default=3)
FACES_WAIT_SECONDS = env.float("MIEN_FACES_WAIT_SECONDS", default=20.0)
MACHINE = env("MIEN_MACHINE", default=socket.gethostname())

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "webapp.accounts.authentication.LocalOwnerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "webapp.accounts.tokens.InScope",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["webapp.accounts.limits.RateLimit"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "webapp.api.Negotiation",
    "DEFAULT_PAGINATION_CLASS": "webapp.api.Pages",
    "PAGE_SIZE": 100,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "webapp.errors.answer_exception",
    "DEFAULT_THROTTLE_RATES": {"login": "10/min"},
    "UNICODE_JSON": False,  # what a client sends half of, a surrogate, can be told back
    "NUM_PROXIES": env.int("MIEN_PROXIES", default=0),  # how many write X-Forwarded-For
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
KNOX_TOKEN_MODEL = "knox.AuthToken"
REST_KNOX = {"AUTH_TOKEN_CHARACTER_LENGTH": 64, "TOKEN_TTL": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "Mien",
    "DESCRIPTION": "Edit faces in photos: send a photo, ask for an edit, follow it, fetch the result.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "webapp.params.add_params_schemas",
        "webapp.schema.add_problems",
        "webapp.schema.add_conditions",
    ],
    "ENUM_NAME_OVERRIDES": {
        "EditStatus": "webapp.edits.models.Status",
        "BatchStatus": "webapp.batches.models.BatchStatus",
        "BatchEventKind": "webapp.batches.models.BatchEvent.Kind",
    },
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("MIEN_LOG_LEVEL", default="WARNING")},
    "loggers": {
        "webapp": {"level": "INFO"},
        "workers": {"level": "INFO"},
        "django.request": {"level": "ERROR"},  # what clients do wrong, they are told
    },
}
