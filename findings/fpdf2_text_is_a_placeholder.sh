#!/usr/bin/env bash
# fpdf2 2.8.9: `{nb}` in any text that is written by cell(), multi_cell() or write() comes out as the number of pages, though nobody
# asked for a placeholder: `alias_nb_pages` has it by default and not once it is called, as its FPDF ancestor did. So a customer,
# a street or a title that contains it is printed as something else, `ACME {nb} GmbH` as `ACME 1 GmbH`, and there is no way to
# escape it in the text. `alias_nb_pages(None)` turns it off for the document, though its type wants a str.
# Seen: "by default: ACME 1 GmbH; after alias_nb_pages(None): ACME {nb} GmbH".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: fpdf2==2.8.9 pypdf==7.1.1
"$folder/venv/bin/python" - <<'PY'
import io

from fpdf import FPDF
from pypdf import PdfReader


def printed(page):
    page.set_font("Helvetica")
    page.add_page()
    page.multi_cell(100, 10, "ACME {nb} GmbH")
    return PdfReader(io.BytesIO(bytes(page.output()))).pages[0].extract_text().strip()


off = FPDF()
off.alias_nb_pages(None)
print(f"by default: {printed(FPDF())}; after alias_nb_pages(None): {printed(off)}")
PY
