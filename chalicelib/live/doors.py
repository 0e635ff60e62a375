"""The address of live views' playlists and pieces, of which a player asks for one each second."""

from __future__ import annotations

from chalicelib.entry.function_url import FunctionUrls
from chalicelib.live.routes import routes

doors = FunctionUrls(__name__)


@doors.serving(routes)
def show_live() -> None:
    """Playlists and pieces, by nothing but the secret of their address."""
