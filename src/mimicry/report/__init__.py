"""Self-contained HTML reports and figures; see :mod:`.recording_figures` for a new figure."""
