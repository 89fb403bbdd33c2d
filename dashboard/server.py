"""The web application: API, stream, health and pages over one set of services."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from dashboard import fonts, pages, stream
from dashboard.api import (
    areas,
    basemap,
    bookmarks,
    calendars,
    categories,
    commands,
    dead_letters,
    docs,
    drills,
    feeds,
    forks,
    health,
    incidents,
    owners,
    records,
    rejections,
    replays,
    reports,
    rule_proposal,
    rules,
    scenes,
    sites,
    state,
    units,
    workflows,
)
from dashboard.api.errors import claim_the_rest, handle_errors
from dashboard.api.openapi import ABOUT, describe, operation_id
from dashboard.dash_backend import dash_on, place_pages
from dashboard.guard import Guard
from dashboard.pages import report
from dashboard.services import Services
from data.errors import GridcommandError
from feeds.runner import Runner

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
RESOURCES = (
    areas, basemap, categories, records, incidents, state, commands, workflows, rules, rule_proposal, rejections,
    owners, calendars, units, sites, feeds, scenes, replays, bookmarks, drills, reports, forks, dead_letters,
)  # fmt: skip


def create_app(services: Services) -> FastAPI:
    """The application. It owns no collaborator: whoever built `services` closes them after it stopped."""
    settings = services.settings

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with stream.running(services):
            feeds = asyncio.create_task(_prepare_and_feed(services))
            yield
            feeds.cancel()
            if services.runner is not None:
                await services.runner.stop()

    app = FastAPI(
        title="gridcommand",
        version="1",
        description=ABOUT,
        generate_unique_id_function=operation_id,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.services = services
    # Lists of units and incidents are JSON of hundreds of kB; what is compressed on disk already passes as it is.
    app.add_middleware(GZipMiddleware, minimum_size=4096, compresslevel=4)
    app.add_middleware(
        Guard,
        hosts=settings.allowed_hosts.split(","),
        max_body=settings.push_max_bytes,
        tls_proxy=settings.tls_proxy,
        past=services.past,
    )
    handle_errors(app)

    api = APIRouter(prefix="/api/v1")
    for resource in RESOURCES:
        api.include_router(resource.router)
    app.include_router(api)
    app.include_router(health.router)
    app.include_router(docs.router)
    app.include_router(report.router)
    app.include_router(fonts.router)
    stream.register(app)
    claim_the_rest(app)
    describe(app)

    dash_app = dash_on(
        app,
        assets_folder=str(HERE / "assets"),
        suppress_callback_exceptions=True,
        update_title="",
        title="gridcommand",
        serve_locally=True,
    )
    pages.register(dash_app, services)
    place_pages(dash_app)
    return app


async def _prepare_and_feed(services: Services) -> None:
    """Do what is left to prepare, with the port open already, then run the feeds it returns."""
    preparation = services.preparation
    if preparation.work is None:
        return
    try:
        feeds = await to_thread.run_sync(preparation.work, abandon_on_cancel=True)
    except Exception as error:
        preparation.failed = f"the preparation failed: {error}".splitlines()[0]
        # A refusal is a sentence for the person at the terminal; anything else is a fault and needs its trace.
        log.error(preparation.failed, exc_info=None if isinstance(error, GridcommandError) else error)
        return
    finally:
        preparation.step = ""
    preparation.runner = Runner(feeds, services.writer.submit, services.store, services.clock)
    preparation.runner.start()
