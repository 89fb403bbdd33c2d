"""The newest revision is found without Alembic, which takes long to load: it must be the one that Alembic names."""

from __future__ import annotations

import subprocess
import sys

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from data.migrate import MIGRATIONS, newest


def test_the_newest_revision_is_alembics_head(store):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert newest() == ScriptDirectory.from_config(config).get_current_head()
    with store.read() as conn:
        assert conn.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [newest()]


def test_an_embedded_store_opens_without_what_it_does_not_need(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    code = (
        "import sys; from data.clock import SystemClock; from data.open_store import open_store\n"
        f"open_store({url!r}, SystemClock()).close()\n"
        "print([name for name in ('alembic', 'psycopg', 'geoalchemy2') if name in sys.modules])"
    )
    for loaded in ("['alembic']", "[]"):  # the first makes it
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert said.stdout.strip() == loaded
