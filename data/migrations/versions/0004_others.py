"""An index of the records that are not events: who looks for commands should not have to read the events."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("CREATE INDEX ix_record_others ON record (timeline, kind, seq) WHERE kind <> 'event'")
