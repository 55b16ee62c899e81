"""``python -m dicomposer``."""

from dicomposer.cli import main

if __name__ == "__main__":
    main()
