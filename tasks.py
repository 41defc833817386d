"""Collect once: `python tasks.py`. Collect on and on: `celery -A tasks worker`, and `beat`."""

from chandlery.cli.main import errors_as_lines

with errors_as_lines():
    if __name__ == "__main__":
        from chandlery.cli.collecting import once

        once()
    else:
        from chandlery.schedule.celery_app import make_app
        from chandlery.settings import read_settings

        app = make_app(read_settings())
