"""The log, its projections, the region and the dead letters.

The schema stands in SQL files of its own, so that later changes of `data/models.py` do not change what this revision
made; a test compares the outcome of all revisions with the models.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    conn = op.get_bind()
    script = Path(__file__).with_name(f"0001_{conn.dialect.name}.sql").read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            conn.exec_driver_sql(statement)
