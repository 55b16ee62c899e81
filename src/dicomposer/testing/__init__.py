"""For the tests of those who write DICOM: their files are right, or the test says what is wrong.

With pytest there is nothing to import; the fixture is there once dicomposer is installed::

    def test_writer(tmp_path, assert_valid_dicom):
        write(tmp_path / "result.dcm")
        assert_valid_dicom(tmp_path / "result.dcm")

Elsewhere::

    from dicomposer.testing import assert_valid_dicom

The options ``dicomposer_ignore`` and ``dicomposer_profiles`` of pytest's configuration hold for all tests of a
project.
"""

from __future__ import annotations

from dicomposer.testing._assertion import assert_valid_dicom

__all__ = ["assert_valid_dicom"]
