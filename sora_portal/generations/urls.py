from django.urls import path

from sora_portal.generations.callbacks import views as callbacks_views
from sora_portal.generations.characters import views as characters_views
from sora_portal.generations.resolution import views as resolution_views
from sora_portal.generations.studio import views

app_name = "generations"
urlpatterns = [
    path("", views.studio, name="studio"),
    path("submit/", views.submit, name="submit"),
    path("compose/", views.compose, name="compose"),
    path("compose/price/", views.price, name="quote"),
    path("feed/", views.changes, name="changes"),
    path("videos/<slug:public_id>/cancel/", views.cancel, name="cancel"),
    path("videos/<slug:public_id>/decide/", resolution_views.decide, name="decide"),
    path("videos/<slug:public_id>/decide/write-off/", resolution_views.write_off, name="decide_write_off"),
    path("videos/<slug:public_id>/decide/task/", resolution_views.task_id, name="decide_task_id"),
    path("videos/<slug:public_id>/decide/again/", resolution_views.again, name="decide_again"),
    path("videos/<slug:public_id>/character/", characters_views.character_offer, name="character_offer"),
    path("videos/<slug:public_id>/character/add/", characters_views.character_add, name="character_add"),
    path("characters/<slug:public_id>/videos/", characters_views.character_videos, name="character_videos"),
    path("callbacks/<str:token>/", callbacks_views.callback, name="callback"),
]
