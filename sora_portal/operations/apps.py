from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "sora_portal.operations"
    label = "operations"

    def ready(self) -> None:
        """Register the deployment checks, guard the queue, and let busy workers of a watched cluster show life."""
        from sora_portal import task_queue
        from sora_portal.operations import checks  # noqa: F401 - importing registers
        from sora_portal.operations.supervision import keepalive

        task_queue.guard()
        keepalive.connect()
