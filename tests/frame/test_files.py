"""Files of other writers: pydicom's test files and the WG04 codec set, against pydicom's own decoders."""

from __future__ import annotations

from pathlib import Path

import data_store
import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array

from dicomposer.errors import CodecError, TruncatedError
from dicomposer.frame import FrameReader, PixelFormat

PLACES = (Path(data_store.__file__).parent / "data", Path(pydicom.__file__).parent / "data" / "test_files")
# Cosine transforms may differ by one in rounding; color3d also in how chrominance is interpolated
TOLERANCE = {"1.2.840.10008.1.2.4.50": 1, "1.2.840.10008.1.2.4.51": 1}
LOOSE = {"color3d_jpeg_baseline.dcm": 4}
WITHOUT_SECOND_OPINION = {
    "OT-PAL-8-face.dcm", "meta_missing_tsyntax.dcm",  # no transfer syntax
    "badVR.dcm",  # pydicom cannot read Number of Frames
    "JPEG-lossy.dcm", "JPEG2000-embedded-sequence-delimiter.dcm", "MR_truncated.dcm",  # below
}  # fmt: skip


def reader_of(ds, keyword="PixelData"):
    fmt = PixelFormat(
        rows=ds.Rows,
        columns=ds.Columns,
        bits_allocated=ds.BitsAllocated,
        bits_stored=ds.get("BitsStored"),
        samples=ds.SamplesPerPixel,
        photometric=ds.PhotometricInterpretation,
        pixel_representation=ds.get("PixelRepresentation", 0),
        planar_configuration=ds.get("PlanarConfiguration"),
        floating=keyword != "PixelData",
    )
    return FrameReader(
        ds[keyword].value,
        fmt,
        ds.file_meta.TransferSyntaxUID,
        int(ds.get("NumberOfFrames", 1) or 1),
        extended_offsets=ds.get("ExtendedOffsetTable"),
        extended_lengths=ds.get("ExtendedOffsetTableLengths"),
        vr=ds[keyword].VR,
    )


def files():
    return sorted(p for place in PLACES for p in place.glob("*.dcm") if p.name not in WITHOUT_SECOND_OPINION)


@pytest.mark.filterwarnings("ignore")
def test_files_decode_as_pydicom_does():
    decoded = 0
    for path in files():
        ds = pydicom.dcmread(path, force=True)
        keyword = next((k for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if k in ds), None)
        if keyword is None or "Rows" not in ds:
            continue
        ours = reader_of(ds, keyword).arrays()
        theirs = pixel_array(ds, raw=True).reshape(ours.shape)
        tolerance = LOOSE.get(path.name, TOLERANCE.get(ds.file_meta.TransferSyntaxUID, 0))
        if tolerance:
            assert np.abs(ours.astype(int) - theirs).max() <= tolerance, path.name
        else:
            assert np.array_equal(ours, theirs), path.name
            assert ours.dtype == theirs.dtype.newbyteorder("="), path.name
        decoded += 1
    assert decoded > 80


def sample(name):
    return pydicom.dcmread(next(place / name for place in PLACES if (place / name).exists()), force=True)


@pytest.mark.filterwarnings("ignore")
def test_files_that_pydicom_cannot_decode():
    assert reader_of(sample("JPEG-lossy.dcm")).array(0).max() > 255  # 12 bits
    with pytest.raises(CodecError):
        reader_of(sample("JPEG2000-embedded-sequence-delimiter.dcm")).array(0)
    with pytest.raises(TruncatedError):
        reader_of(sample("MR_truncated.dcm"))
