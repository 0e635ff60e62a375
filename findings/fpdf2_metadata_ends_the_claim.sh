#!/usr/bin/env bash
# fpdf2 2.8.9: a document that is made with `enforce_compliance="PDF/A-3B"` says so in metadata (XMP) that fpdf2 writes, and only
# there. Whoever gives metadata of his own, as every Factur-X invoice must to name the XML inside, takes the claim away with
# `set_xmp_metadata`: the file is written, nothing is raised or warned of, all else of PDF/A is still enforced, and validators and
# archives see an ordinary PDF. The metadata that is given has to say pdfaid:part and pdfaid:conformance itself.
# Seen: "fpdf2's metadata: PDF/A part 3; one's own: no part; warnings: 0; one's own with pdfaid: PDF/A part 3".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: fpdf2==2.8.9 pikepdf==10.18.0
"$folder/venv/bin/python" - <<'PY' | tee "$folder/said"
import io
import warnings

import pikepdf
from fpdf import FPDF

OF_FACTUR_X = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"'
    ' xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">{more}'
    "<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName></rdf:Description></rdf:RDF></x:xmpmeta>"
)
CLAIM = "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"


def part(metadata: str | None) -> str:
    document = FPDF(enforce_compliance="PDF/A-3B")
    if metadata is not None:
        document.set_xmp_metadata(metadata)
    document.add_page()
    with pikepdf.open(io.BytesIO(bytes(document.output()))) as written, written.open_metadata() as found:
        return f"PDF/A part {found['pdfaid:part']}" if "pdfaid:part" in found else "no part"


with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    own = part(OF_FACTUR_X.format(more=""))
print(f"fpdf2's metadata: {part(None)}; one's own: {own}; warnings: {len(warned)}; "
      f"one's own with pdfaid: {part(OF_FACTUR_X.format(more=CLAIM))}")
PY
grep -qx "fpdf2's metadata: PDF/A part 3; one's own: no part; warnings: 0; one's own with pdfaid: PDF/A part 3" "$folder/said"
