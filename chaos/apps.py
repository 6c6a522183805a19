import os

from django.apps import AppConfig


class ChaosConfig(AppConfig):
    name = "chaos"

    def ready(self) -> None:
        """Put the mutant of this run, if one is asked for, in the place of the portal's own code."""
        from chaos import mutants

        wanted = os.environ.get("CHAOS_MUTANT", "")
        if wanted:
            mutants.MUTANTS[wanted].patch()
