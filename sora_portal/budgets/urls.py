"""Addresses of the budgets room."""

from django.urls import path

from sora_portal.budgets.requests import views
from sora_portal.budgets.usage import views as usage_views

app_name = "budgets"
urlpatterns = [
    path("usage/", usage_views.page, name="usage"),
    path("usage/movements.csv", usage_views.download, name="usage_csv"),
    path("ask/", views.ask, name="ask"),
    path("asks/", views.mine, name="mine"),
    path("asks/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("asks/<int:pk>/resume/", views.resume, name="resume"),
    path("team/requests/", views.requests, name="requests"),
    path("team/requests/<int:pk>/grant/", views.grant, name="grant"),
    path("team/requests/<int:pk>/decline/", views.decline, name="decline"),
]
