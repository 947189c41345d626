"""The pages that a person sees; everything behind them is the REST API."""
