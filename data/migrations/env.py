"""Alembic's environment: migrations run on the connection that `data/migrate.py` hands over, in its transaction."""

from alembic import context
from alembic.operations import ops  # noqa: F401  (registers the operations that revisions use)

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=False)
context.run_migrations()
