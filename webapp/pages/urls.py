"""Addresses that a person types or keeps."""

from __future__ import annotations

from django.urls import path

from webapp.pages import views

app_name = "pages"
urlpatterns = [
    path("", views.studio, name="start"),
    path("batches/", views.batches, name="batches"),
    path("videos/<uuid:video>/", views.video, name="video"),
    path("photos/<uuid:photo>/", views.studio, name="photo"),
]
