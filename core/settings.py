"""What the environment says, read once and validated; runtime settings live in `core.config`."""

from __future__ import annotations

from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.errors import Invalid
from core.text import is_mail_address

PROJECT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """One field for each environment variable; the alias is the variable's name."""

    model_config = SettingsConfigDict(
        env_file=PROJECT / ".env", extra="ignore", frozen=True, populate_by_name=True, env_ignore_empty=True
    )

    database_url: SecretStr | None = Field(None, alias="DATABASE_URL")
    database_owner_url: SecretStr | None = Field(None, alias="DATABASE_OWNER_URL")
    database_read_url: SecretStr | None = Field(None, alias="DATABASE_READ_URL")

    data_dir: Path = Field(PROJECT / "data", alias="OPSDESK_DATA_DIR")
    web_host: str = Field("127.0.0.1", alias="OPSDESK_WEB_HOST")
    web_port: int = Field(8501, ge=1, le=65535, alias="OPSDESK_WEB_PORT")
    api_port: int = Field(8502, ge=1, le=65535, alias="OPSDESK_API_PORT")
    env: Literal["development", "production"] = Field("development", alias="OPSDESK_ENV")
    demo: bool = Field(True, alias="OPSDESK_DEMO")
    base_url: str | None = Field(None, alias="OPSDESK_BASE_URL")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field((), alias="OPSDESK_TRUSTED_PROXIES")
    audit_key: SecretStr | None = Field(None, alias="OPSDESK_AUDIT_KEY")
    search_key: SecretStr | None = Field(None, alias="OPSDESK_SEARCH_KEY")
    metrics_token: SecretStr | None = Field(None, alias="OPSDESK_METRICS_TOKEN")

    sla_critical_hours: float = Field(4, gt=0, le=87_600, alias="MRQ_SLA_CRITICAL")
    sla_high_hours: float = Field(24, gt=0, le=87_600, alias="MRQ_SLA_HIGH")
    sla_medium_hours: float = Field(168, gt=0, le=87_600, alias="MRQ_SLA_MEDIUM")
    sla_low_hours: float = Field(720, gt=0, le=87_600, alias="MRQ_SLA_LOW")
    slack_webhook: SecretStr | None = Field(None, alias="MRQ_ALERT_SLACK_WEBHOOK")
    pagerduty_key: SecretStr | None = Field(None, alias="MRQ_ALERT_PAGERDUTY_KEY")
    batch_size: int = Field(10, ge=1, le=1000, alias="MRQ_BATCH_SIZE")
    page_size: int = Field(25, ge=5, le=100, alias="QUEUE_PAGE_SIZE")
    blob_token: SecretStr | None = Field(None, alias="BLOB_READ_WRITE_TOKEN")
    blob_hosts: Annotated[tuple[str, ...], NoDecode] = Field((), alias="BLOB_HOSTS")
    internal_hosts: Annotated[tuple[str, ...], NoDecode] = Field((), alias="OPSDESK_INTERNAL_HOSTS")

    payment_check_url: str | None = Field(None, alias="PAYMENT_CHECK_URL")
    payment_check_token: SecretStr | None = Field(None, alias="PAYMENT_CHECK_TOKEN")

    smtp_host: str | None = Field(None, pattern=r"^[A-Za-z0-9.-]{1,253}$", alias="SMTP_HOST")
    smtp_port: int = Field(587, ge=1, le=65535, alias="SMTP_PORT")
    smtp_user: str | None = Field(None, alias="SMTP_USER")
    smtp_password: SecretStr | None = Field(None, alias="SMTP_PASSWORD")
    smtp_from: str | None = Field(None, alias="SMTP_FROM")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", alias="SMTP_SECURITY")

    @field_validator("trusted_proxies", "blob_hosts", "internal_hosts", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, given: Path) -> Path:
        return given.expanduser().resolve()

    @field_validator("payment_check_url")
    @classmethod
    def _names_the_reference(cls, given: str | None) -> str | None:
        if given is not None and given.count("{reference}") != 1:
            raise ValueError("must hold {reference} once, where the booking's reference goes")
        return given

    @field_validator("smtp_from")
    @classmethod
    def _one_address(cls, given: str | None) -> str | None:
        if given is not None and not is_mail_address(parseaddr(given)[1]):
            raise ValueError("must be an address such as Opsdesk <opsdesk@example.com>")
        return given

    @field_validator("audit_key", "search_key", "metrics_token")
    @classmethod
    def _long_enough(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and len(given.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters")
        return given

    @property
    def address(self) -> str:
        """Where people reach the console, without a trailing slash."""
        return (self.base_url or f"http://localhost:{self.web_port}").rstrip("/")

    @property
    def sla_hours(self) -> dict[str, float]:
        """Resolution target in hours by priority, where no policy says otherwise."""
        return {
            "critical": self.sla_critical_hours,
            "high": self.sla_high_hours,
            "medium": self.sla_medium_hours,
            "low": self.sla_low_hours,
        }


@cache
def settings() -> Settings:
    """The settings of this process; raises Invalid naming the variable that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(".".join(str(part) for part in first["loc"]), first["msg"]) from None
