"""How many positions of a source were deleted by age: a rebuild must still know how many it ever sent."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        "CREATE TABLE pruned ( timeline TEXT NOT NULL, source TEXT NOT NULL, n BIGINT NOT NULL, "
        "PRIMARY KEY (timeline, source) )"
    )
