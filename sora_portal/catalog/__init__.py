"""Provider connections and video models, as data."""
