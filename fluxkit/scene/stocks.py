"""Film stocks as typed constants, each with the source of its figures."""

from __future__ import annotations

from fluxkit.scene.film import FilmStock

PORTRA_400 = FilmStock(
    name="Kodak Portra 400",
    maker="Kodak",
    iso=400,
    kind="colour negative",
    balance_k=5500,
    grain="fine",
    grain_figure=37,
    grain_scale="PGI",
    source="Kodak E-4050",
    words=("warm skin tones", "low contrast", "wide latitude"),
)
TRI_X_400 = FilmStock(
    name="Kodak Tri-X 400",
    maker="Kodak",
    iso=400,
    kind="black and white",
    grain="medium",
    grain_figure=17,
    grain_scale="RMS",
    source="Kodak F-4017",
    words=("gritty grain", "strong mid-tone contrast"),
)
VELVIA_50 = FilmStock(
    name="Fujifilm Velvia 50",
    maker="Fujifilm",
    iso=50,
    kind="colour slide",
    balance_k=5500,
    grain="very fine",
    grain_figure=9,
    grain_scale="RMS",
    source="Fujifilm AF3 data sheet",
    words=("extreme colour saturation", "deep blacks"),
)
