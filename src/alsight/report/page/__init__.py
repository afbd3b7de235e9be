"""The report: charts as Vega-Lite specifications drawn to SVG, tables, words, and one self-contained HTML page."""
