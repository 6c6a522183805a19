"""Addresses of the credits room."""

from django.urls import path

from sora_portal.ledger.pages import price_views, views

app_name = "credits"
urlpatterns = [
    path("alerts/<int:pk>/put-away/", views.put_away, name="put_away"),
    path("alerts/own/<int:pk>/put-away/", views.put_away_own, name="put_away_own"),
    path("team/credits/", views.ledger, name="ledger"),
    path("team/credits/ledger.csv", views.ledger_csv, name="ledger_csv"),
    path("team/credits/refund/<slug:ref>/", views.refund, name="refund"),
    path("team/prices/", price_views.prices, name="prices"),
    path("team/prices/<slug:slug>/", price_views.set_prices, name="set_prices"),
    path("team/prices/<slug:slug>/vendor/", price_views.set_vendor_price, name="set_vendor_price"),
    path("team/credits/newcomers/", views.set_newcomers, name="set_newcomers"),
    path("team/credits/<slug:address>/budget/", views.set_budget, name="set_budget"),
    path("team/credits/<slug:address>/grant/", views.grant, name="grant"),
    path("team/credits/<slug:address>/adjust/", views.adjust, name="adjust"),
]
