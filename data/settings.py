"""All settings, typed and documented. Environment variables are `GRIDCOMMAND_<NAME>`; `app.py settings` shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import Misconfigured


class Settings(BaseSettings):
    """Read once in `app.py` and passed on; nothing else looks at the environment."""

    model_config = SettingsConfigDict(env_prefix="GRIDCOMMAND_", frozen=True, extra="ignore")

    var_dir: Path = Field(Path("var"), description="Where the embedded store, caches and the inbox live.")
    database_url: str = Field(
        "",
        description="Store. Empty: SQLite in var_dir. postgresql+psycopg://user:password@host/db: PostGIS.",
    )
    host: str = Field(
        "127.0.0.1", description="Address to serve on. Beyond loopback is refused until access control exists."
    )
    port: int = Field(8050, ge=1, le=65535, description="Port to serve on.")
    timezone: str = Field("Asia/Shanghai", description="IANA zone in which people are shown times.")
    language: Literal["zh", "en"] = Field("zh", description="Language of a screen that names none.")
    desk_theme: Literal["dark", "light", "auto"] = Field(
        "dark",
        description="Theme of a desk that chose none: dark, light, or auto for what its system prefers. "
        "Walls are always dark.",
    )
    tick_min_s: float = Field(0.1, gt=0, le=10, description="Shortest time between two frames of one view, seconds.")
    tick_max_s: float = Field(
        1.0, gt=0, le=60, description="Longest time between two frames of one view: clocks and windows move."
    )
    intake_batch: int = Field(1000, ge=1, le=100_000, description="Most records in one intake transaction.")
    intake_queue: int = Field(50_000, ge=1, description="Records waiting for the store before intake answers 503.")
    push_max_bytes: int = Field(16_000_000, ge=1024, description="Largest body POST /api/v1/records takes, bytes.")
    silence_poll_s: float = Field(2.0, gt=0, description="How often readers look at the log without being rung, s.")

    allowed_hosts: str = Field(
        "",
        description="Host names that requests may carry, comma-separated, beside localhost, 127.0.0.1 and [::1].",
    )
    tls_proxy: bool = Field(
        False, description="A proxy in front ends TLS: browsers come from https:// origins of the allowed hosts."
    )
    travel_kmh: float = Field(
        30.0,
        gt=0,
        le=300,
        description="Speed for a travel time along the straight line, where no roads are loaded, km/h.",
    )
    position_max_age_s: float = Field(
        600.0, gt=0, description="A unit whose position is older than this is not offered for dispatch, seconds."
    )
    stop_grace_s: float = Field(
        10.0, gt=0, le=300, description="How long a stop waits for running requests and the intake queue, seconds."
    )
    keep_positions_days: float = Field(
        30.0,
        ge=0,
        description="How long positions are kept after their receipt, days; each unit's latest stays. 0: for ever. "
        "No other record is ever deleted.",
    )
    record_looks: bool = Field(
        True,
        description="Record which view each wall and desk looks at, by the seat's name, so that a replay can show it.",
    )
    scene_on_major: bool = Field(
        True,
        description="Walls go to a major incident (critical, three units sent) by themselves. "
        "An officer's push is shown either way.",
    )
    casework_dir: str = Field(
        "",
        description="Folder of the district's own casework rules: workflows/, calendars/, routing.toml, skills.toml, "
        "reasons.toml. Empty: casework in var_dir.",
    )
    route_within_hours: float = Field(
        72.0,
        ge=0,
        description="Incidents that feeds opened in the last so many hours become cases by themselves. 0: none do.",
    )
    route_per_s: float = Field(
        20.0,
        ge=0,
        le=1000,
        description="How many of them a second at most, so that people's commands go first. 0: none.",
    )
    demo_seed: int = Field(20260501, ge=0, description="Seed of the demonstration district.")

    @field_validator("timezone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no such time zone; expected an IANA name such as Asia/Shanghai") from None
        return zone

    def url(self) -> str:
        """The store's SQLAlchemy URL, the embedded default spelled out."""
        return self.database_url or f"sqlite:///{(self.var_dir / 'gridcommand.db').as_posix()}"

    def casework(self) -> Path:
        """The folder of the district's own casework rules; it need not be there unless it is named."""
        return Path(self.casework_dir) if self.casework_dir else self.var_dir / "casework"


def read_settings() -> Settings:
    """The settings from the environment. Raises Misconfigured in one line that names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "?"
        raise Misconfigured(f"GRIDCOMMAND_{name}={first['input']!s:.60}: {first['msg']}") from None
