"""Images to try things on: real ones out of public packages, and phantoms made on the spot.

Nobody real is in them: names, dates and identifiers are invented, and everything is the same on every run.
"""

from __future__ import annotations

from dicomposer.samples._enhanced import enhanced_image
from dicomposer.samples._packages import cache_folder, fetch, names
from dicomposer.samples._phantom import Flaws, phantom_series
from dicomposer.samples._real import ct_series, mr_series
from dicomposer.samples._series import ImageSeries
from dicomposer.samples._slide import SlideImage, phantom_slide, slide_image

__all__ = [
    "Flaws",
    "ImageSeries",
    "SlideImage",
    "cache_folder",
    "ct_series",
    "enhanced_image",
    "fetch",
    "mr_series",
    "names",
    "phantom_series",
    "phantom_slide",
    "slide_image",
]
