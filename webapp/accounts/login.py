"""The login page, where others than this machine's owner are served."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponseBase

from webapp.accounts.throttle import LoginThrottle
from webapp.errors import problem


class Login(LoginView):
    """Django's own, with a limit on guesses."""

    template_name = "accounts/login.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        throttle = LoginThrottle()
        if not throttle.allow_request(request, self):
            answer = problem(429, "throttled", "Too many attempts to sign in; wait a minute.")
            answer["Retry-After"] = str(int(throttle.wait() or 60))
            return answer
        return super().post(request, *args, **kwargs)
