"""The shape of every answer that is an error."""

from __future__ import annotations

from pydantic import BaseModel, Field


class BadParameter(BaseModel):
    """One parameter that cannot be used."""

    name: str
    got: str | None
    problem: str
    allowed: str


class Problem(BaseModel):
    """What went wrong; `parameters` and `kept` only where they help."""

    code: str = Field(examples=["bad_parameters"])
    message: str
    parameters: list[BadParameter] | None = None
    kept: list[str] | None = Field(None, description="the series that can be asked for")


class ErrorAnswer(BaseModel):
    """The body of every answer that is an error."""

    error: Problem
