"""An incident that is back at an open step, and nobody on it, is not dispatched any more.

What rows alone say of the sending is new. Where nobody dispatched by command it is what the incident says; of the
others it is read from their rows. An older log's withdrawals count once it is folded anew (`app.py rebuild`).
"""

from alembic import op

from data.add_columns import NewColumn, add_columns
from data.rows_times import fill_from_rows

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    conn = op.get_bind()
    names = ("src_dispatched_at", "src_arrived_at", "withdrawn_at")
    add_columns(conn, "incident", [NewColumn(name, "TIMESTAMP WITH TIME ZONE", "BIGINT") for name in names])
    fill_from_rows(conn, "dispatched_at", "dispatch", min)
    fill_from_rows(conn, "arrived_at", "on_scene", min)
