from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "sora_portal.projects"
    label = "projects"
