from django.urls import path

from sora_portal.references import views

app_name = "references"
urlpatterns = [
    path("characters/", views.characters, name="characters"),
    path("characters/add/", views.add, name="add"),
    path("characters/<slug:public_id>/", views.character, name="character"),
    path("characters/<slug:public_id>/change/", views.change, name="change"),
    path("characters/<slug:public_id>/retire/", views.retire, name="retire"),
    path("pictures/add/", views.upload, name="upload"),
    path("pictures/<slug:public_id>/picture.jpg", views.picture, name="picture"),
    path("pictures/<slug:public_id>/thumb.jpg", views.thumb, name="thumb"),
    # Short, because vendors put it into their logs and answers.
    path("r/<str:token>/picture.jpg", views.public, name="public"),
]
