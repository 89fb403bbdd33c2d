"""An incident that its source gave no id bears that of the source and the row's, `hotline:T-1`, not the row's alone.

A log of before holds commands on ids that two sources may share, so it is not mended here: to whose incident a command
went cannot be told. Such a store is refused with the way out.
"""

from alembic import op
from sqlalchemy import text

from data.errors import Misconfigured

revision = "0008"
down_revision = "0007"

WAY_OUT = (
    "store: made by an early version that named incidents without their source; import its files into a new store "
    "(another GRIDCOMMAND_DATABASE_URL or --db), or open this one with the version that made it"
)


def upgrade() -> None:
    conn = op.get_bind()
    named = "payload ->> 'incident'" if conn.dialect.name == "postgresql" else "json_extract(payload, '$.incident')"
    # The first two are cheap, and sources that name incidents like their rows are few.
    old = f"SELECT 1 FROM record WHERE kind = 'event' AND incident = source_id AND {named} IS NULL LIMIT 1"
    if conn.execute(text(old)).first() is not None:
        raise Misconfigured(WAY_OUT)
