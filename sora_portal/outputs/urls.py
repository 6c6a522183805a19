from django.urls import path

from sora_portal.outputs import views
from sora_portal.outputs.manual_address import views as manual_address_views

app_name = "outputs"
urlpatterns = [
    path("library/", views.library, name="library"),
    path("videos/<slug:public_id>/", views.video, name="video"),
    path("videos/<slug:public_id>/state/", views.state, name="state"),
    path("videos/<slug:public_id>/decide/address/", manual_address_views.take_address, name="take_address"),
    path("videos/<slug:public_id>/file.mp4", views.file, name="file"),
    path("videos/<slug:public_id>/preview.mp4", views.preview, name="preview"),
    path("videos/<slug:public_id>/poster.webp", views.poster, name="poster"),
]
