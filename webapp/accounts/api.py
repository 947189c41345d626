"""Tokens for programs, hashed at rest and shown once; and what was used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import authenticate
from django.http import Http404
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from editing.errors import RequestInvalid
from webapp.accounts.models import Token, Usage
from webapp.accounts.serializers import (
    NewTokenSerializer,
    TokenRequestSerializer,
    TokenSerializer,
    UsageFilters,
    UsageSerializer,
)
from webapp.accounts.throttle import LoginThrottle
from webapp.accounts.tokens import InScope, create_token, token_of
from webapp.accounts.usage import quotas_of, today
from webapp.api import read_query

DAYS_SHOWN = timedelta(days=30)


@extend_schema(tags=["tokens"])
class TokensView(ListAPIView[Token]):
    """Tokens of the person who asks, newest first, without their secrets."""

    serializer_class = TokenSerializer

    def get_queryset(self) -> Any:
        return Token.objects.filter(auth__user=self.request.user).select_related("auth")

    def get_throttles(self) -> Any:
        return [*super().get_throttles(), LoginThrottle()]

    def get_permissions(self) -> Any:
        needed = {"POST": [AllowAny, InScope], "DELETE": [IsAuthenticated]}
        return [kind() for kind in needed.get(str(self.request.method), self.permission_classes)]

    @extend_schema(request=TokenRequestSerializer, responses={201: NewTokenSerializer})
    def post(self, request: Request) -> Response:
        """Make a token; send it as ``Authorization: Token ...``.

        For the person whose ``username`` and ``password`` are sent, else for who asks. A token
        makes no token that may do more or lives longer than itself. Idempotency-Key is not
        looked at: the secret is not kept, so it cannot be told twice.
        """
        told = TokenRequestSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        asked = told.validated_data
        owner, by = request.user, token_of(request.auth)
        if "password" in asked:
            credentials = {"username": asked["username"], "password": asked["password"]}
            owner, by = authenticate(request._request, **credentials), None
            if owner is None:
                raise AuthenticationFailed("The name or the password is wrong.")
        if not owner.is_authenticated:
            raise NotAuthenticated
        token, secret = create_token(
            owner, asked["name"], sorted(set(asked["scopes"])), asked["expires_at"], by
        )
        context = {"request": request, "secret": secret}
        headers = {"Location": f"/api/v1/tokens/{token.pk}/", "Cache-Control": "no-store"}
        return Response(NewTokenSerializer(token, context=context).data, 201, headers=headers)

    @extend_schema(operation_id="tokens_revoke_current", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Revoke the token that this request brings."""
        if not isinstance(request.auth, AuthToken):
            raise RequestInvalid("this request brings no token")
        request.auth.delete()
        return Response(status=204)


@extend_schema(tags=["tokens"])
class TokenView(APIView):
    @extend_schema(responses=TokenSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        """Return what is told about one token."""
        return Response(TokenSerializer(find_token(request, id), context={"request": request}).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, id: UUID) -> Response:
        """Revoke a token: nothing can be asked with it from now on."""
        find_token(request, id).auth.delete()
        return Response(status=204)


def find_token(request: Request, id: UUID) -> Token:
    """Return a token of the person who asks.

    Raises:
        Http404: there is none by that id, or it is another person's.
    """
    try:
        return Token.objects.select_related("auth").get(pk=id, auth__user=request.user)
    except Token.DoesNotExist:
        raise Http404 from None


@extend_schema(tags=["usage"])
class UsageView(APIView):
    @extend_schema(responses=UsageSerializer, parameters=[UsageFilters])
    def get(self, request: Request) -> Response:
        """Return what was used, by day and token, and what is left of today's quotas.

        ``bytes`` are those of the photos that were sent, ``seconds`` those that edits were
        computed. Days are UTC.
        """
        asked = read_query(UsageFilters, request)
        until = asked.get("until", today())
        since = asked.get("since", until - DAYS_SHOWN)
        rows = Usage.objects.filter(owner=request.user, day__gte=since, day__lte=until)
        told = {"results": rows, "quotas": quotas_of(request.user)}
        return Response(UsageSerializer(told).data)
