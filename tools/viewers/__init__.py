"""OHIF in a real browser, asked what it made of the objects that dicomposer writes; see ``__main__``."""
