"""``python -m dicomposer.cli``."""

from dicomposer.cli import main

main()
