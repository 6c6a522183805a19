"""What every page shares: middleware, form renderer, template tags. No rules, no tables."""
