from django.urls import path

from sora_portal.generations import character_views, deciding_views, views

app_name = "generations"
urlpatterns = [
    path("", views.studio, name="studio"),
    path("submit/", views.submit, name="submit"),
    path("compose/", views.compose, name="compose"),
    path("compose/price/", views.price, name="quote"),
    path("feed/", views.changes, name="changes"),
    path("videos/<slug:public_id>/cancel/", views.cancel, name="cancel"),
    path("videos/<slug:public_id>/decide/", deciding_views.decide, name="decide"),
    path("videos/<slug:public_id>/decide/write-off/", deciding_views.write_off, name="decide_write_off"),
    path("videos/<slug:public_id>/decide/task/", deciding_views.task_id, name="decide_task_id"),
    path("videos/<slug:public_id>/decide/again/", deciding_views.again, name="decide_again"),
    path("videos/<slug:public_id>/character/", character_views.character_offer, name="character_offer"),
    path("videos/<slug:public_id>/character/add/", character_views.character_add, name="character_add"),
    path("characters/<slug:public_id>/videos/", character_views.character_videos, name="character_videos"),
    path("callbacks/<str:token>/", views.callback, name="callback"),
]
