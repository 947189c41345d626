from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "webapp.accounts"
    label = "accounts"

    def ready(self) -> None:
        from webapp import checks  # noqa: F401 (they register themselves)
        from webapp.accounts import schema  # noqa: F401
