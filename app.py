"""The page: `python app.py` serves it and keeps the data current; WSGI servers take `app`."""

if __name__ == "__main__":
    from chandlery.cli.main import errors_as_lines
    from chandlery.cli.serving import serve

    with errors_as_lines():
        serve()
else:
    from chandlery.web.wsgi import application

    app = application()
