"""The symbols of the simulated exchange: when they were listed, how they trade, at what price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNIT: Final = 100_000_000
"""The exchange prints eight digits after the point: one unit is 0.00000001."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One symbol. `tick` and `step` are in units of 1e-8; their product is a whole unit.

    Listing times of symbols that exist are those of the real exchange; all prices are invented.
    """

    symbol: str
    base: str
    quote: str
    listed_ms: int
    tick: int
    step: int
    levels: tuple[tuple[float, float], ...]
    """(year, price): the level around which the price wanders, held after the last year."""
    volatility: float
    """Typical standard deviation of a day's return."""
    turnover: float
    """Quote asset traded on a typical day, once the symbol is established."""
    trades: int
    """Trades of a typical day, likewise."""
    beta: float = 0.75
    """Correlation with the market as a whole."""
    ended_ms: int | None = None
    margin: bool = True
    cross: tuple[str, str] | None = None
    """The price follows the first symbol over the second."""

    @property
    def granule(self) -> int:
        """One tick times one step, in units of 1e-8."""
        return self.tick * self.step // UNIT


_BTC: Final = (
    (2017.6, 4300.0),
    (2018.0, 12500.0),
    (2019.0, 4100.0),
    (2020.0, 8200.0),
    (2021.0, 31000.0),
    (2022.0, 44000.0),
    (2023.0, 19000.0),
    (2024.0, 43000.0),
    (2025.0, 92000.0),
    (2026.0, 90000.0),
)
_ETH: Final = (
    (2017.6, 300.0),
    (2018.0, 720.0),
    (2019.0, 140.0),
    (2020.0, 170.0),
    (2021.0, 950.0),
    (2022.0, 3300.0),
    (2023.0, 1350.0),
    (2024.0, 2400.0),
    (2025.0, 3300.0),
    (2026.0, 3100.0),
)

LISTINGS: Final = tuple(
    sorted(
        (
            Listing(
                "BTCUSDT", "BTC", "USDT", 1502942400000, 1_000_000, 1_000, _BTC,
                0.024, 1.6e9, 2_600_000, 0.95,
            ),
            Listing(
                "ETHUSDT", "ETH", "USDT", 1502942400000, 1_000_000, 10_000, _ETH,
                0.033, 1.1e9, 1_900_000, 0.85,
            ),
            Listing(
                "BNBUSDT", "BNB", "USDT", 1509937200000, 1_000_000, 100_000,
                ((2017.8, 2.0), (2018.1, 9.0), (2019.0, 6.5), (2020.0, 15.0), (2021.0, 45.0),
                 (2022.0, 480.0), (2023.0, 260.0), (2024.0, 320.0), (2025.0, 700.0),
                 (2026.0, 880.0)),
                0.032, 2.4e8, 520_000,
            ),
            Listing(
                "LTCUSDT", "LTC", "USDT", 1513134000000, 1_000_000, 100_000,
                ((2017.9, 250.0), (2019.0, 33.0), (2020.0, 48.0), (2022.0, 140.0), (2026.0, 95.0)),
                0.036, 6.0e7, 160_000,
            ),
            Listing(
                "ADAUSDT", "ADA", "USDT", 1523937600000, 10_000, 10_000_000,
                ((2018.3, 0.26), (2019.0, 0.045), (2020.0, 0.05), (2022.0, 1.2), (2023.0, 0.3),
                 (2026.0, 0.62)),
                0.042, 9.0e7, 210_000,
            ),
            Listing(
                "XRPUSDT", "XRP", "USDT", 1525420800000, 10_000, 10_000_000,
                ((2018.3, 0.8), (2019.0, 0.35), (2020.0, 0.22), (2022.0, 0.8), (2024.0, 0.55),
                 (2025.0, 2.2), (2026.0, 2.3)),
                0.040, 2.8e8, 560_000,
            ),
            Listing(
                "TRXUSDT", "TRX", "USDT", 1528714800000, 10_000, 10_000_000,
                ((2018.4, 0.05), (2020.0, 0.03), (2022.0, 0.07), (2024.0, 0.11), (2026.0, 0.29)),
                0.030, 4.5e7, 130_000,
            ),
            Listing(
                "LINKUSDT", "LINK", "USDT", 1547632800000, 1_000_000, 1_000_000,
                ((2019.0, 0.5), (2020.0, 2.2), (2021.0, 13.0), (2023.0, 6.5), (2026.0, 16.5)),
                0.044, 5.5e7, 150_000,
            ),
            Listing(
                "DOGEUSDT", "DOGE", "USDT", 1562328000000, 1_000, 100_000_000,
                ((2019.5, 0.004), (2021.0, 0.006), (2021.5, 0.25), (2023.0, 0.08), (2026.0, 0.21)),
                0.046, 1.7e8, 380_000,
            ),
            Listing(
                "SOLUSDT", "SOL", "USDT", 1597125600000, 1_000_000, 100_000,
                ((2020.6, 3.2), (2021.0, 2.0), (2022.0, 150.0), (2023.0, 14.0), (2024.0, 100.0),
                 (2026.0, 185.0)),
                0.045, 4.2e8, 900_000,
            ),
            Listing(
                "ETHBTC", "ETH", "BTC", 1500004800000, 1_000, 100_000, (),
                0.020, 620.0, 62_000, 0.35, cross=("ETHUSDT", "BTCUSDT"),
            ),
            Listing(
                "DCRBTC", "DCR", "BTC", 1540800000000, 100, 1_000_000,
                ((2018.8, 0.0062), (2021.0, 0.0019), (2024.0, 0.00038), (2026.0, 0.00024)),
                0.038, 0.55, 420, 0.30, margin=False,
            ),
            Listing(
                "XMRUSDT", "XMR", "USDT", 1552629600000, 10_000_000, 100_000,
                ((2019.2, 52.0), (2020.0, 48.0), (2022.0, 230.0), (2024.2, 120.0)),
                0.034, 1.2e7, 38_000, ended_ms=1708398000000,
            ),
            Listing(
                "TIDEUSDT", "TIDE", "USDT", 1789380000000, 10_000, 10_000_000,
                ((2026.7, 1.4), (2026.8, 0.7), (2027.0, 0.45)),
                0.065, 6.0e6, 24_000, 0.55, margin=False,
            ),
        ),
        key=lambda listing: (listing.listed_ms, listing.symbol),
    )
)  # fmt: skip
"""Oldest first, as the exchange lists them. TIDE is an invented, recently listed coin; DCRBTC is
the thin one, with whole quiet hours at night; XMRUSDT was delisted on 2024-02-20 at 03:00 UTC."""

BY_SYMBOL: Final = {listing.symbol: listing for listing in LISTINGS}
