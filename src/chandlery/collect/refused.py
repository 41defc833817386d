"""Rows that an exchange gives for candles and that are none: not kept, and written down."""

from __future__ import annotations

from chandlery.exchanges.exchange import Page
from chandlery.store import Entry, Store


def note_refused(store: Store, page: Page) -> tuple[str, ...]:
    """Enter the rows that were refused into the ledger, as failed, with the row; in words, too.

    Time of which there is an answer already is left as it is. Raises `StoreError`.
    """
    series = page.candles.series
    for one in page.refused:
        entry = Entry(one.span, "failed", page.server_ms, page.source, page.request, error=one.why)
        store.ledger.fail(series, entry)
    return tuple(
        f"a row was refused, and asked again it was the same: {e.why}" for e in page.refused
    )
