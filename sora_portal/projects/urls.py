from django.urls import path

from sora_portal.projects import views

app_name = "projects"
urlpatterns = [
    path("team/projects/", views.listing, name="list"),
    path("team/projects/add/", views.create, name="create"),
    path("team/projects/<int:pk>/rename/", views.rename, name="rename"),
    path("team/projects/<int:pk>/archive/", views.archive, name="archive"),
    path("team/projects/<int:pk>/reopen/", views.reopen, name="reopen"),
    path("team/projects/<int:pk>/members/add/", views.add_member, name="add_member"),
    path("team/projects/<int:pk>/members/<int:person>/remove/", views.remove_member, name="remove_member"),
    path("team/projects/<int:pk>/members/<int:person>/lead/", views.set_lead, name="set_lead"),
]
