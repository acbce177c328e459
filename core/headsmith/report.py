"""report.html: one self-contained page about one avatar."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape

from PIL import Image

from headsmith.asset import Avatar
from headsmith.types import U8

SHOWN_APART = "held_out_"
"""metrics that have a table of their own"""
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "img{max-width:100%;border-radius:6px}table{border-collapse:collapse}td,th{padding:.2rem 1rem .2rem 0;"
    "text-align:left}figure{margin:1.5rem 0}figcaption{color:#666}.warning{background:#fff3cd;padding:.5rem 1rem}"
)


def report_html(
    name: str, avatar: Avatar, pictures: dict[str, U8], tables: Mapping[str, Sequence[Sequence[str]]] | None = None
) -> bytes:
    """UTF-8 HTML with the pictures [H, W, 3] inside, by caption; no outside reference, no script.

    `tables`: rows by title, the first one the heading.
    """
    report, provenance = avatar.report, avatar.provenance
    warnings = "".join(f'<p class="warning">{escape(w)}</p>' for w in report.warnings)
    sections = [
        f"<h1>{escape(name)}</h1>", warnings, *(_figure(c, p) for c, p in pictures.items()),
        _table("Quality", {k: f"{v:g}" for k, v in report.metrics.items() if not k.startswith(SHOWN_APART)}),
        *(_grid(title, rows) for title, rows in (tables or {}).items()),
        _table("Time in seconds", {k: f"{v:.1f}" for k, v in report.seconds.items()}),
        _table("Sizes", _sizes(avatar)),
        _table("Inputs (sha256)", dict(provenance.inputs)),
        _table("Settings", {k: str(v) for k, v in provenance.settings.items()}),
        _table("Software", provenance.software),
        f"<p>Head model: {escape(avatar.head.model_name)}, {escape(avatar.head.model_licence)}.</p>",
        f"<p>Consent: {escape(provenance.consent or 'none stated')}.</p>",
    ]  # fmt: skip
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(name)}</title><style>{_STYLE}</style>'
    return (head + "".join(sections) + "</html>").encode()


def _sizes(avatar: Avatar) -> dict[str, str]:
    return {
        "vertices": str(len(avatar.head.vertices)),
        "triangles": str(len(avatar.head.faces)),
        "blendshapes": str(len(avatar.blendshapes.names)),
        "splats": str(len(avatar.splats.splats)),
        "texture": "x".join(map(str, avatar.material.static_texture.shape[:2])),
    }


def _table(title: str, rows: dict[str, str]) -> str:
    body = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows.items())
    return f"<h2>{escape(title)}</h2><table>{body}</table>"


def _grid(title: str, rows: Sequence[Sequence[str]]) -> str:
    heading, *body = ("".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row)
                      for tag, row in zip(("th", *["td"] * (len(rows) - 1)), rows, strict=True))  # fmt: skip
    return f"<h2>{escape(title)}</h2><table>" + "".join(f"<tr>{row}</tr>" for row in (heading, *body)) + "</table>"


def _figure(caption: str, picture: U8) -> str:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=85)
    data = base64.b64encode(out.getvalue()).decode()
    caption = escape(caption)
    return (
        f'<figure><img alt="{caption}" src="data:image/jpeg;base64,{data}"><figcaption>{caption}</figcaption></figure>'
    )
