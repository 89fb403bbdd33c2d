"""An index for the past: when an area had last been heard from by a position, at any time."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("CREATE INDEX ix_track_area ON track (timeline, area, at)")
