"""One module a subject; `app.py` puts them together."""
