"""Addresses."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from webapp import errors
from webapp.accounts import api as accounts
from webapp.accounts.login import Login
from webapp.batches import api as batches
from webapp.edits import api as edits
from webapp.edits import results
from webapp.health import health
from webapp.photos import api as photos
from webapp.presets import api as presets
from webapp.webhooks import api as webhooks

api = [
    path("photos/", photos.PhotosView.as_view(), name="photos"),
    path("photos/<uuid:id>/", photos.PhotoView.as_view(), name="photo"),
    path("photos/<uuid:id>/file/", photos.PhotoFileView.as_view(), name="photo-file"),
    path("photos/<uuid:id>/picture/", photos.PhotoPictureView.as_view(), name="photo-picture"),
    path(
        "photos/<uuid:id>/thumbnail/", photos.PhotoThumbnailView.as_view(), name="photo-thumbnail"
    ),
    path("operations/", edits.OperationsView.as_view(), name="operations"),
    path("edits/", edits.EditsView.as_view(), name="edits"),
    path("edits/<uuid:id>/", edits.EditView.as_view(), name="edit"),
    path("edits/<uuid:id>/cancel/", edits.CancelView.as_view(), name="edit-cancel"),
    path("edits/<uuid:id>/retry/", edits.RetryView.as_view(), name="edit-retry"),
    path("edits/<uuid:id>/result/", edits.ResultView.as_view(), name="edit-result"),
    path("edits/<uuid:id>/results/", results.ResultsView.as_view(), name="edit-results"),
    path(
        "edits/<uuid:id>/results/<str:label>/",
        results.OneResultView.as_view(),
        name="edit-one-result",
    ),
    path(
        "edits/<uuid:id>/results/<str:label>/picture/",
        results.OnePictureView.as_view(),
        name="edit-one-picture",
    ),
    path("edits/<uuid:id>/picture/", edits.PictureView.as_view(), name="edit-picture"),
    path("edits/<uuid:id>/report/", edits.ReportView.as_view(), name="edit-report"),
    path("edits/<uuid:id>/events/", edits.EventsView.as_view(), name="edit-events"),
    path("edits/<uuid:id>/previews/<slug:name>/", edits.PreviewView.as_view(), name="edit-preview"),
    path("batches/", batches.BatchesView.as_view(), name="batches"),
    path("batches/<uuid:id>/", batches.BatchView.as_view(), name="batch"),
    path("batches/<uuid:id>/cancel/", batches.BatchCancelView.as_view(), name="batch-cancel"),
    path("batches/<uuid:id>/retry/", batches.BatchRetryView.as_view(), name="batch-retry"),
    path("batches/<uuid:id>/pause/", batches.BatchPauseView.as_view(), name="batch-pause"),
    path("batches/<uuid:id>/resume/", batches.BatchResumeView.as_view(), name="batch-resume"),
    path("batches/<uuid:id>/items/", batches.BatchItemsView.as_view(), name="batch-items"),
    path("batches/<uuid:id>/events/", batches.BatchEventsView.as_view(), name="batch-events"),
    path("batches/<uuid:id>/archive/", batches.BatchArchiveView.as_view(), name="batch-archive"),
    path("batches/<uuid:id>/report/", batches.BatchReportView.as_view(), name="batch-report"),
    path("presets/", presets.PresetsView.as_view(), name="presets"),
    path("presets/<uuid:id>/", presets.PresetView.as_view(), name="preset"),
    path("webhooks/", webhooks.WebhooksView.as_view(), name="webhooks"),
    path("webhooks/<uuid:id>/", webhooks.WebhookView.as_view(), name="webhook"),
    path("webhooks/<uuid:id>/test/", webhooks.TestView.as_view(), name="webhook-test"),
    path("webhooks/<uuid:id>/rotate/", webhooks.RotateView.as_view(), name="webhook-rotate"),
    path("webhooks/<uuid:id>/deliveries/", webhooks.DeliveriesView.as_view(), name="deliveries"),
    path(
        "webhooks/<uuid:id>/deliveries/<uuid:delivery>/",
        webhooks.DeliveryView.as_view(),
        name="delivery",
    ),
    path(
        "webhooks/<uuid:id>/deliveries/<uuid:delivery>/redeliver/",
        webhooks.RedeliverView.as_view(),
        name="delivery-redeliver",
    ),
    path("tokens/", accounts.TokensView.as_view(), name="tokens"),
    path("tokens/<uuid:id>/", accounts.TokenView.as_view(), name="token"),
    path("usage/", accounts.UsageView.as_view(), name="usage"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]

urlpatterns = [
    path("api/v1/", include(api)),
    path("health/", health, name="health"),
    path("login/", Login.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("", include("webapp.pages.urls")),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error
