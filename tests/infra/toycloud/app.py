"""The toy app, as `app.py` is the product's."""

from chalice import Chalice

from tests.infra.toycloud.house import house

app = Chalice("toy")
app.register_blueprint(house)
