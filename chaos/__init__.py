"""`make chaos`: a whole portal under fire, and the count of what broke. Never imported by the portal."""
