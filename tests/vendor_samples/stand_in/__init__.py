"""On the path of the Python sample only, see the README above."""
