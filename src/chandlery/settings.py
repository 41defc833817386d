"""Settings: one table, read from `chandlery.toml`, then the environment, then flags.

The page `docs/settings.md` is made from this table by `chandlery settings --markdown`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from chandlery.candles.series import Series
from chandlery.errors import BadSetting, nearest

PREFIX: Final = "CHANDLERY_"
FILE: Final = Path("chandlery.toml")

Urls = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Every setting; make it with `read_settings`, which turns faults into `BadSetting`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, toml_file=FILE, extra="forbid", frozen=True, env_ignore_empty=False
    )

    home: Path = Field(Path("chandlery-data"), description="Folder of the default store.")
    store_url: str = Field(
        "",
        description="SQLAlchemy URL of the store, such as "
        "`postgresql+psycopg://user:password@host/base`; empty for SQLite in the home folder.",
    )
    series: Annotated[tuple[Series, ...], NoDecode] = Field(
        (Series.parse("binance:BTCUSDT:1h"),),
        validate_default=False,
        description="Series to keep, comma-separated, each `EXCHANGE:SYMBOL:INTERVAL`.",
    )
    csv: str = Field(
        "crypto.csv",
        description="CSV that collection keeps, of the first series; one per series when the name "
        "holds `{symbol}` and `{interval}`; empty to switch it off.",
    )
    every: float | None = Field(
        None,
        gt=0,
        le=86_400,
        description="Seconds between collections, such as `3600`; empty for just after each "
        "candle's close, with the forming candle refreshed in between.",
    )
    binance_url: Urls = Field(
        (),
        description="Base URLs of Binance's REST API, comma-separated, tried in order; "
        "empty for Binance's own hosts.",
    )
    coingecko_url: Urls = Field(
        (),
        description="Base URLs of CoinGecko's API, ending in `/api/v3`; empty for its own host.",
    )
    coingecko_key: SecretStr = Field(
        SecretStr(""), description="CoinGecko API key; none is needed."
    )
    host: str = Field("127.0.0.1", description="Address of the page; loopback only.")
    port: int = Field(8000, ge=0, le=65_535, description="Port of the page; 0 for any free one.")

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

    @field_validator("binance_url", "coingecko_url", mode="before")
    @classmethod
    def _read_urls(cls, value: object) -> object:
        urls = tuple(str(item).rstrip("/") for item in _listed(value))
        for url in urls:
            if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
                msg = f"'{without_secrets(url)}' is no http:// or https:// address"
                raise ValueError(msg)
        return urls

    @field_validator("every", mode="before")
    @classmethod
    def _read_every(cls, value: object) -> object:
        return None if value in ("", "close") else value

    @field_validator("host")
    @classmethod
    def _only_loopback(cls, value: str) -> str:
        if value not in {"127.0.0.1", "localhost", "::1"}:
            msg = "only loopback addresses (127.0.0.1, localhost, ::1) are served"
            raise ValueError(msg)
        return value

    @field_validator("csv")
    @classmethod
    def _fills_in(cls, value: str) -> str:
        places = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
        if not places <= {"symbol", "interval"}:
            msg = "may hold {symbol} and {interval} and nothing else in braces"
            raise ValueError(msg)
        return value

    @property
    def database_path(self) -> Path:
        """Where SQLite keeps the store when `store_url` is empty."""
        return self.home / "chandlery.db"

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


def read_settings(**flags: Any) -> Settings:  # noqa: ANN401  as the fields of Settings
    """The settings in force; `flags` win, None among them counts as not given.

    Raises `BadSetting` that names the setting, its origin where known, and the nearest right name.
    """
    _refuse_strangers(os.environ)
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        raise _in_words(error) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"{FILE} is no valid TOML: {error}.") from error
    except OSError as error:
        raise BadSetting(f"{FILE} cannot be read: {error.strerror or error}.") from error


def without_secrets(url: str) -> str:
    """The URL without its user's password, and without passwords among its parameters."""
    hidden = re.sub(r"(?i)(passw(?:or)?d|pwd|key|token|secret)=[^&]*", r"\1=***", url)
    return re.sub(r"(^|//)([^/@:]*):[^/@]*@", r"\1\2:***@", hidden)


def _listed(value: object) -> list[Any]:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return list(value) if isinstance(value, list | tuple) else [value]


def _refuse_strangers(environment: Mapping[str, str]) -> None:
    """A misspelt variable would be ignored in silence, so it is refused."""
    for name in environment:
        if (
            name.startswith(PREFIX)
            and name.removeprefix(PREFIX).lower() not in Settings.model_fields
        ):
            known = [PREFIX + field.upper() for field in Settings.model_fields]
            raise BadSetting(
                f"The environment has {name}, which is no setting.{_hint(name, known)}"
            )


def _in_words(error: ValidationError) -> BadSetting:
    fault = error.errors(include_url=False, include_input=False)[0]
    name = str(fault["loc"][0]) if fault["loc"] else "settings"
    if fault["type"] == "extra_forbidden":
        hint = _hint(name, list(Settings.model_fields))
        return BadSetting(f"{FILE} has '{name}', which is no setting.{hint}")
    why = fault["msg"].removeprefix("Value error, ")
    return BadSetting(f"The setting {name} ({PREFIX}{name.upper()}) cannot be used: {why}.")


def _hint(name: str, known: list[str]) -> str:
    likest = nearest(name, known)
    return f" Did you mean '{likest[0]}'?" if likest else f" Known: {', '.join(known)}."


def as_markdown() -> str:
    """The table of all settings, as it stands in `docs/settings.md`."""
    lines = ["| environment | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
        shown = "" if shown is None or isinstance(shown, SecretStr) else shown
        cell = f"`{shown}`" if str(shown) else "none"
        lines.append(f"| `{PREFIX}{name.upper()}` | {cell} | {field.description} |")
    return "\n".join(lines) + "\n"
