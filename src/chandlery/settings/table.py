"""The table of all settings: names, defaults, meanings, and what each may be."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from chandlery.candles.series import Series
from chandlery.settings.period import Periods
from chandlery.settings.texts import without_zero
from chandlery.settings.urls import without_secrets

PREFIX: Final = "CHANDLERY_"
FILE: Final = Path("chandlery.toml")

Urls = Annotated[tuple[str, ...], NoDecode]

SHORTEST_TOKEN: Final = 16
NO_LAKE: Final = "none"
NO_STREAM: Final = "none"
_BUDGET_PLACES: Final = {"redis", "rediss", "unix", "sqlite", "memory"}


class Settings(BaseSettings):
    """Every setting; make it with `read_settings`, which turns faults into `BadSetting`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        toml_file=FILE,
        extra="forbid",
        frozen=True,
        env_ignore_empty=False,
        arbitrary_types_allowed=True,
    )

    home: Path = Field(Path("chandlery-data"), description="Folder of the default store.")
    store_url: str = Field(
        "",
        description="SQLAlchemy URL of the store, such as "
        "`postgresql+psycopg://user:password@host/base`; empty for SQLite in the home folder.",
    )
    lake_url: str = Field(
        "",
        description="Where older candles are kept as Delta Lake tables: a folder, or an "
        "object-store URL such as `s3://bucket/candles`; empty for `lake` in the home folder; "
        "`none` to keep all in SQL.",
    )
    series: Annotated[tuple[Series, ...], NoDecode] = Field(
        (Series.parse("binance:BTCUSDT:1h"),),
        validate_default=False,
        description="Series to keep, comma-separated, each `EXCHANGE:SYMBOL:INTERVAL`; `*` and `?` "
        "in a symbol stand for every symbol that is traded, such as `binance:*USDT:1h`.",
    )
    csv: str = Field(
        "crypto.csv",
        description="CSV that collection keeps, of the first series; one per series when the name "
        "holds `{symbol}` and `{interval}`; empty to switch it off.",
    )
    every: Annotated[Periods, NoDecode] = Field(
        Periods(),
        validate_default=False,
        description="Seconds between collections, such as `3600`; empty or `close` for just after "
        "each candle's close. For an interval or a series of its own: `3600, 1m=60, "
        "binance:BTCUSDT:1h=5`.",
    )
    delay: float = Field(
        2.0,
        ge=1,
        le=3600,
        description="Seconds after a candle's close until it is collected; exchanges settle a "
        "candle in about one.",
    )
    refresh: float = Field(
        15.0,
        ge=0,
        le=3600,
        description="Seconds after which `up` and `serve` fetch the forming candle of a series "
        "that is named in full; 0 for only at its close.",
    )
    recheck: int = Field(
        3,
        ge=0,
        le=500,
        description="How many of the newest closed candles are asked again each time, to notice "
        "one that the exchange has revised.",
    )
    parallel: int = Field(
        8, ge=1, le=64, description="How many series one process without Celery collects at once."
    )
    late_after: float = Field(
        120.0,
        gt=0,
        le=31_536_000,
        description="Seconds that a series may be overdue before `/healthz` and `status` call it "
        "late.",
    )
    broker_url: str = Field(
        "",
        description="Celery's broker, such as `redis://localhost:6379/0`; empty or "
        "`filesystem://` for a folder in the home folder.",
    )
    result_backend: str = Field(
        "",
        description="Where Celery keeps results, such as "
        "`db+postgresql+psycopg://user:password@host/base`; empty for SQLite in the home folder.",
    )
    results: Literal["rows", "summary"] = Field(
        "rows",
        description="What a Celery task's result holds: the report with the collected `rows`, or "
        "the `summary` alone.",
    )
    results_days: float = Field(
        30.0, gt=0, le=36_500, description="Days after which Celery's results are deleted."
    )
    budget_url: str = Field(
        "",
        description="Where the processes of this machine's address share their request budget: "
        "`redis://…` or `sqlite:///path`; empty for the broker's Redis if it is one, else a file "
        "in the home folder.",
    )
    binance_url: Urls = Field(
        (),
        description="Base URLs of Binance's REST API, comma-separated, tried in order; "
        "empty for Binance's own hosts.",
    )
    binance_archive_url: Urls = Field(
        (),
        description="Base URLs of Binance's archive, comma-separated, tried in order; empty for "
        "Binance's own host.",
    )
    binance_um_url: Urls = Field(
        (),
        description="Base URLs of Binance's USD-M futures REST API (`binance-um:…` series), "
        "comma-separated, tried in order; empty for Binance's own host.",
    )
    binance_stream_url: Urls = Field(
        (),
        description="Base URLs of Binance's streams (`wss://…`), comma-separated, tried in order; "
        "empty for Binance's own hosts; `none` to do without streams.",
    )
    binance_um_stream_url: Urls = Field(
        (),
        description="Base URLs of the streams of Binance's USD-M futures, comma-separated, tried "
        "in order; empty for Binance's own host; `none` to do without streams.",
    )
    coingecko_url: Urls = Field(
        (),
        description="Base URLs of CoinGecko's API, ending in `/api/v3`; empty for its own host.",
    )
    coingecko_key: SecretStr = Field(
        SecretStr(""), description="CoinGecko API key; none is needed."
    )
    host: str = Field(
        "127.0.0.1",
        description="Address on which the page is served; other than loopback needs a token.",
    )
    port: int = Field(8000, ge=0, le=65_535, description="Port of the page; 0 for any free one.")
    token: SecretStr = Field(
        SecretStr(""),
        description="Token of at least 16 characters that the page asks for, as the password of "
        "any user or as a bearer token; empty for none.",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _without_zero(cls, value: object) -> object:
        return without_zero(value)

    @field_validator("series", mode="before")
    @classmethod
    def _read_series(cls, value: object) -> object:
        read = tuple(
            item if isinstance(item, Series) else Series.parse(str(item)) for item in _listed(value)
        )
        if not read:
            msg = "names no series; write at least one, such as binance:BTCUSDT:1h"
            raise ValueError(msg)
        return tuple(dict.fromkeys(read))

    @field_validator(
        "binance_url", "binance_archive_url", "binance_um_url", "coingecko_url", mode="before"
    )
    @classmethod
    def _read_urls(cls, value: object) -> object:
        urls = tuple(str(item).rstrip("/") for item in _listed(value))
        for url in urls:
            if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
                msg = f"'{without_secrets(url)}' is no http:// or https:// address"
                raise ValueError(msg)
        return urls

    @field_validator("binance_stream_url", "binance_um_stream_url", mode="before")
    @classmethod
    def _read_stream_urls(cls, value: object) -> object:
        urls = tuple(str(item).rstrip("/") for item in _listed(value))
        if urls == (NO_STREAM,):
            return urls
        for url in urls:
            if urlsplit(url).scheme not in {"ws", "wss"} or not urlsplit(url).hostname:
                msg = f"'{without_secrets(url)}' is no ws:// or wss:// address, and not 'none'"
                raise ValueError(msg)
        return urls

    @field_validator("every", mode="before")
    @classmethod
    def _read_every(cls, value: object) -> object:
        return Periods.parse(value)

    @field_validator("lake_url")
    @classmethod
    def _holds_no_secret(cls, value: str) -> str:
        # Of no use there, and the address of a lake stands in errors.
        if urlsplit(value).scheme and without_secrets(value) != value:
            msg = "must hold no password or key; give them by the variables of docs/storage.md"
            raise ValueError(msg)
        return value

    @field_validator("budget_url")
    @classmethod
    def _names_a_place(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in _BUDGET_PLACES:
            msg = "write redis://…, rediss://…, unix://…, sqlite:///path, or memory: for no sharing"
            raise ValueError(msg)
        return value

    @field_validator("lake_url", "broker_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        urlsplit(value)  # raises ValueError where the program would later
        return value

    @field_validator("token")
    @classmethod
    def _not_too_short(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < SHORTEST_TOKEN:
            msg = f"must have at least {SHORTEST_TOKEN} characters"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if not self.token.get_secret_value() and not _is_loopback(self.host):
            msg = (
                "only loopback addresses (127.0.0.1, localhost, ::1) are served without "
                f"{PREFIX}TOKEN"
            )
            raise ValueError(msg)
        return self

    @field_validator("csv")
    @classmethod
    def _fills_in(cls, value: str) -> str:
        found = [part[1:] for part in Formatter().parse(value) if part[1] is not None]
        # What may stand beside a name, a width for instance, would be carried out at every candle.
        if any(
            name not in {"symbol", "interval"} or spec or how is not None
            for name, spec, how in found
        ):
            msg = "may hold {symbol} and {interval} and nothing else in braces"
            raise ValueError(msg)
        return value

    @property
    def database_path(self) -> Path:
        """Where SQLite keeps the store when `store_url` is empty."""
        return self.home / "chandlery.db"

    @property
    def lake_place(self) -> str | None:
        """The folder or URL of the cold tier; None when it is switched off."""
        if self.lake_url == NO_LAKE:
            return None
        if urlsplit(self.lake_url).scheme:
            return self.lake_url
        return str(Path(self.lake_url or self.home / "lake").resolve())

    @property
    def budget_place(self) -> str:
        """The URL of the place where the request budget is shared."""
        if self.budget_url:
            return self.budget_url
        if urlsplit(self.broker_url).scheme in {"redis", "rediss"}:
            return self.broker_url
        return f"sqlite:///{quote(str(self.home / 'budget.db'))}"

    def csv_path(self, series: Series) -> Path | None:
        """The CSV that is kept for `series`, or None."""
        if not self.csv:
            return None
        path = Path(self.csv.format(symbol=series.symbol, interval=series.interval.slug))
        one_for_all = str(path) == self.csv
        return path if not one_for_all or series == self.series[0] else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  named by pydantic
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  named by pydantic
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags before environment before file; dotenv and secret files are not read."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def _listed(value: object) -> list[Any]:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
