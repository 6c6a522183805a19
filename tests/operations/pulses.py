"""A process that queues pulses for a cluster: each line read is answered with the id of a pulse's queue row."""

import sys


def main() -> None:
    """Queue a pulse for each line read, and answer with the row that is gone once a worker has run it."""
    import django

    django.setup()
    from django_q.brokers import get_broker
    from django_q.tasks import async_task

    from sora_portal.operations.supervision.heartbeat_tasks import Receipt

    for _ in sys.stdin:
        receipt = Receipt(get_broker("work"))
        async_task("sora_portal.operations.tasks.pulse", broker=receipt)
        sys.stdout.write(f"{receipt.row}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
