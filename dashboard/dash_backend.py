"""Dash on our FastAPI application, with five things its own backend leaves open.

- A synchronous callback runs on a worker thread; in Dash 4.4 it runs on the event loop and would hold the stream.
- Component bundles are compressed once and kept, instead of being sent raw or compressed per request.
- So are the pages' own scripts and styles (`own_assets`); their addresses tell their content, not the time they were
  written at, which two releases may have in common.
- The page's catch-all is placed by us, last, so that routes and `/api` keep their answers.
"""

from __future__ import annotations

import gzip
import hashlib
import inspect
import logging
import mimetypes
import sys
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from anyio import to_thread
from dash import Dash, _validate
from dash.backends._fastapi import FastAPIDashServer, reset_current_request, set_current_request
from dash.exceptions import PreventUpdate
from dash.fingerprint import check_fingerprint
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from dashboard.own_assets import OwnAssets, digest

log = logging.getLogger(__name__)

_COMPRESSED = {".js", ".css", ".map", ".json", ".svg", ".html"}


class GridDashServer(FastAPIDashServer):
    """Dash's FastAPI backend, amended as the module says."""

    def _setup_catchall(self) -> None:
        """Nothing: `place_pages` has done it when the application was built."""

    def place_pages(self, dash_app: Dash) -> None:
        """Answer every path that nothing else answers with the page, HTTP GET. Call after all routes exist."""

        async def page(request: Request) -> Response:
            token = set_current_request(request)
            try:
                # On a thread: which exercise an address names may have to be looked up in the log.
                html = await to_thread.run_sync(copy_context().run, dash_app.index)
                return Response(html, media_type="text/html", headers={"cache-control": "no-cache"})
            finally:
                reset_current_request(token)

        self.server.add_api_route("/{path:path}", page, methods=["GET"], include_in_schema=False)

    def register_assets_blueprint(self, blueprint_name: str, assets_url_path: str, assets_folder: str) -> None:
        self.server.add_api_route(
            f"{assets_url_path}/{{name}}",
            OwnAssets(Path(assets_folder)).answer,
            methods=["GET"],
            name=blueprint_name,
            include_in_schema=False,
        )

    def serve_callback(self, dash_app: Dash) -> Callable[[Request], Awaitable[Response]]:
        async def dispatch(_request: Request) -> Response:
            body: Any = self.request_adapter().get_json()
            try:
                output = str(body["output"])
                context = dash_app._initialize_context(body)
                func = dash_app._prepare_callback(context, body)
            except (KeyError, TypeError) as error:
                line = f"not a callback of this page: {error!s:.200}"
                return JSONResponse({"error": line, "reason": "callback"}, 400)
            args = dash_app._inputs_to_vals(context.inputs_list + context.states_list)
            call = dash_app._execute_callback(func, args, context.outputs_list, context)
            try:
                if inspect.iscoroutinefunction(func):
                    data = await call()
                else:
                    data = await to_thread.run_sync(copy_context().run, call)
            except PreventUpdate:
                return Response(status_code=204)
            except Exception:
                log.exception("callback %s failed", output[:200])
                return JSONResponse(
                    {"error": "the page's callback failed; see the server's log", "reason": "callback"}, 500
                )
            response: Response = context.dash_response.set_response(data=data)
            return response

        return dispatch

    def setup_component_suites(self, dash_app: Dash) -> None:  # type: ignore[override]  # nobody reads an answer
        async def serve(request: Request, package_name: str, fingerprinted_path: str) -> Response:
            path, has_fingerprint = check_fingerprint(fingerprinted_path)
            try:
                _validate.validate_js_path(dash_app.registered_paths, package_name, path)
            except Exception:
                return JSONResponse({"error": f"no component file {package_name}/{path}", "reason": "not_found"}, 404)
            gzipped = "gzip" in request.headers.get("accept-encoding", "")
            body, etag, encoding = await to_thread.run_sync(package_file, package_name, path, gzipped)
            headers = {"etag": etag, "vary": "accept-encoding"}
            headers["cache-control"] = "public, max-age=31536000, immutable" if has_fingerprint else "no-cache"
            if request.headers.get("if-none-match") == etag:
                return Response(status_code=304, headers=headers)
            if encoding:
                headers["content-encoding"] = encoding
            media = mimetypes.guess_type(path)[0] or "application/octet-stream"
            return Response(body, media_type=media, headers=headers)

        dash_app._add_url("_dash-component-suites/{package_name}/{fingerprinted_path:path}", serve)


def package_file(package: str, path: str, gzipped: bool) -> tuple[bytes, str, str]:
    """(body, ETag, content encoding or "") of a file in a Python package; read again when it changed on disk."""
    file = resources.files(sys.modules[package]).joinpath(path)
    stamp = file.stat().st_mtime_ns if isinstance(file, Path) else 0
    return _encoded(package, path, gzipped and Path(path).suffix in _COMPRESSED, stamp)


@lru_cache(maxsize=256)
def _encoded(package: str, path: str, gzipped: bool, _stamp: int) -> tuple[bytes, str, str]:
    file = resources.files(sys.modules[package]).joinpath(path)
    body = file.read_bytes()
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}{"-gz" if gzipped else ""}"'
    if not gzipped:
        return body, etag, ""
    built = file.with_name(file.name + ".gz") if isinstance(file, Path) else None
    if built is not None and built.exists() and built.stat().st_mtime_ns >= _stamp:
        return built.read_bytes(), etag, "gzip"  # the bundle's build compressed it harder than we would here
    return gzip.compress(body, 9, mtime=0), etag, "gzip"


def dash_on(app: FastAPI, **options: Any) -> Dash:
    """A Dash application that serves from `app`, with this module's backend."""

    # Dash picks its own backend class when it is given a server, so the class is given and it hands out the server.
    class Backend(GridDashServer):
        @staticmethod
        def create_app(name: str = "", config: dict[str, Any] | None = None) -> FastAPI:
            return app

    return _Pages("dashboard", backend=Backend, **options)


class _Pages(Dash):
    """Names the own scripts and styles by their content: every page asks for them as `?m=` and the digest."""

    def _collect_and_register_resources(self, resources: list[dict[str, Any]], *args: Any, **kwargs: Any) -> Any:
        for resource in resources:
            if "asset_path" in resource:  # its "ts", a time, becomes the address's ?m=
                resource["ts"] = digest(Path(self.config.assets_folder) / resource["asset_path"])
        return super()._collect_and_register_resources(resources, *args, **kwargs)  # type: ignore[no-untyped-call]  # Dash has no types


def place_pages(dash_app: Dash) -> None:
    """Make the page the answer to every path that has none. Call once, after all routes and callbacks exist."""
    dash_app._setup_server()  # otherwise the first page pays, and callbacks over a socket fail until it came
    backend = dash_app.backend
    assert isinstance(backend, GridDashServer)
    backend.place_pages(dash_app)
