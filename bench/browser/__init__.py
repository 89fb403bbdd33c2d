"""The heat layer in Chromium beside deck.gl's H3HexagonLayer and a Plotly choropleth, in one run."""
