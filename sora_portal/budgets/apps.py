from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    name = "sora_portal.budgets"
    label = "budgets"
