"""Generator of the tables in ``dicomposer.standard`` (``python -m tools.tables --help``)."""
