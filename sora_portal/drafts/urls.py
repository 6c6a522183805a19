from django.urls import path

from sora_portal.drafts import views

app_name = "drafts"
urlpatterns = [path("drafts/<str:token>/", views.keep, name="keep")]
