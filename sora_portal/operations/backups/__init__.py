"""`manage.py backup` and `manage.py restore`: a copy of everything that is kept, made, checked and brought back."""
