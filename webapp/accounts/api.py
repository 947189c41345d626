"""Tokens for programs: hashed at rest, shown once."""

from __future__ import annotations

from django.contrib.auth import authenticate
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.throttle import LoginThrottle


class CredentialsSerializer(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class TokenSerializer(serializers.Serializer):
    token = serializers.CharField()


class TokenView(APIView):
    """Sign a program in and out."""

    throttle_classes = [LoginThrottle]

    def get_permissions(self) -> list[AllowAny | IsAuthenticated]:
        return [AllowAny()] if self.request.method == "POST" else [IsAuthenticated()]

    @extend_schema(request=CredentialsSerializer, responses={201: TokenSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        """Return a token for a name and a password; send it as ``Authorization: Token ...``."""
        told = CredentialsSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        user = authenticate(request._request, **told.validated_data)
        if user is None:
            raise AuthenticationFailed("The name or the password is wrong.")
        return Response({"token": AuthToken.objects.create(user)[1]}, 201)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Make the token that this request brings worthless."""
        if isinstance(request.auth, AuthToken):
            request.auth.delete()
        return Response(status=204)
