from django.urls import path

from sora_portal.reviews import views

app_name = "reviews"
urlpatterns = [
    path("review/", views.queue, name="queue"),
    path("review/next/", views.upcoming, name="next"),
    path("review/<slug:public_id>/", views.screen, name="screen"),
    path("review/<slug:public_id>/decide/", views.decide, name="decide"),
    path("review/<slug:public_id>/notes/", views.add_note, name="note"),
    path("review/<slug:public_id>/notes/<int:note_id>/resolve/", views.resolve_note, name="resolve"),
    path("videos/<slug:public_id>/review/", views.history, name="history"),
]
