"""Forecast: a person's function, King's stage 4 and survival ahead, from a joint model; and how good forecasts are."""
