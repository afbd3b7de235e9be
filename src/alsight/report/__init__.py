"""Report: tables, charts (Vega-Lite specs) and one self-contained HTML page."""
