"""What people see. `register` puts the pages on the Dash application; the address decides what they show."""

from __future__ import annotations

from dash import Dash

from dashboard.pages import boot, callbacks, shell
from dashboard.services import Services


def register(app: Dash, services: Services) -> None:
    """Set the page template, the layout and the callbacks. Call once, before the application serves."""
    boot.set_template(app, services)
    app.layout = shell.layout(services.settings.language)
    callbacks.register(app, services)
