"""The address of live views' playlists and pieces, of which a player asks for one each second."""

from __future__ import annotations

from chalicelib.entry.function_url import FunctionUrls
from chalicelib.live.routes import routes

function_urls = FunctionUrls(__name__)


@function_urls.serving(routes)
def show_live() -> None:
    """Playlists and pieces, by nothing but the secret of their address."""
