"""Stand-in vendors: Ruxa AI, APIXO and Sora2API spoken over real HTTP, with real, playable videos.

The room imports nothing of the portal and nobody imports it; it runs as its own process
(`manage.py sandbox` or `python -m sora_portal.sandbox`). `docs/sandbox.md` describes it from outside.
"""
