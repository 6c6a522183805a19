"""Drawing and encoding of clips, run only in a child process: `python -m sora_portal.sandbox.render`."""
