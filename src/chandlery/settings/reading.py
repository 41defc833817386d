"""Reading the settings: what is wrong with them, in words; and the page that lists them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr, ValidationError

from chandlery.errors import BadSetting, nearest
from chandlery.settings.table import FILE, PREFIX, Settings


def read_settings(**flags: Any) -> Settings:  # noqa: ANN401  as the fields of Settings
    """The settings in force; `flags` win, None among them counts as not given.

    Raises `BadSetting` that names the setting, its origin where known, and the nearest right name.
    """
    _refuse_strangers(os.environ)
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        raise _in_words(error) from error
    except UnicodeEncodeError as error:
        msg = "A setting holds bytes that are no UTF-8 text. Look at the environment and the flags."
        raise BadSetting(msg) from error
    except (ValueError, RecursionError) as error:
        # Numbers of thousands of digits are no TOML error, and hundreds of brackets neither.
        raise BadSetting(f"{FILE} is no valid TOML: {error}.") from error
    except OSError as error:
        raise BadSetting(f"{FILE} cannot be read: {error.strerror or error}.") from error


def origin(name: str) -> str:
    """Where the setting of that name has its value from, in words."""
    variable = PREFIX + name.upper()
    if any(one.upper() == variable for one in os.environ):
        return f"{variable} in the environment"
    if FILE.is_file() and name in tomllib.loads(FILE.read_text(encoding="utf-8")):
        return f"'{name}' in {FILE}"
    return f"the settings ({variable} in the environment or '{name}' in {FILE} replaces it)"


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
    # The only rule about more than one setting is that a host needs a token.
    name = str(fault["loc"][0]) if fault["loc"] else "host"
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
