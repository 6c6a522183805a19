from django.urls import path

from sora_portal.accounts import views

app_name = "accounts"
urlpatterns = [
    path("account/theme/", views.theme, name="theme"),
    path("account/address/", views.address, name="address"),
    path("team/people/", views.people, name="people"),
    path("team/people/add/", views.add, name="add_person"),
    path("team/people/<int:pk>/role/", views.role, name="role"),
    path("team/people/<int:pk>/deactivate/", views.deactivate, name="deactivate"),
    path("team/people/<int:pk>/reactivate/", views.reactivate, name="reactivate"),
    path("team/people/<int:pk>/password/", views.password, name="password"),
]
