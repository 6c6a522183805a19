from django.urls import path

from sora_portal.generations.providers_page import views
from sora_portal.generations.reassignment import views as reassignment_views

app_name = "board"
urlpatterns = [
    path("team/providers/", views.show, name="show"),
    path("team/providers/<slug:slug>/key/", views.set_key, name="set_key"),
    path("team/providers/<slug:slug>/key/remove/", views.remove_key, name="remove_key"),
    path("team/providers/<slug:slug>/move/", views.move_in_flight, name="move_in_flight"),
    path("team/providers/<slug:slug>/settings/", views.change_settings, name="settings"),
    path("team/providers/<slug:slug>/pause/", views.pause, name="pause"),
    path("team/providers/<slug:slug>/resume/", views.resume, name="resume"),
    path("team/providers/<slug:slug>/test/", views.check, name="check"),
    path("team/providers/<slug:slug>/balance/", views.balance, name="balance"),
    path("team/providers/<slug:slug>/retire/", views.retire, name="retire"),
    path("team/providers/<slug:slug>/waiting/", reassignment_views.of_connection, name="waiting_connection"),
    path("team/models/<slug:slug>/lifecycle/", views.lifecycle, name="lifecycle"),
    path("team/models/<slug:slug>/resume/", views.resume_model, name="resume_model"),
    path("team/models/<slug:slug>/waiting/", reassignment_views.of_model, name="waiting_model"),
]
