"""Values that the standard enumerates or defines, and the few choices that are the library's own.

A member's ``value`` is what stands in the file; arguments accept the member or its value.
"""

from __future__ import annotations

import enum

__all__ = [
    "AnatomicalOrientationTypeValues",
    "AxisHandedness",
    "ContentQualificationValues",
    "CoordinateSystemNames",
    "DimensionOrganizationTypeValues",
    "InterpolationMethods",
    "LateralityValues",
    "NiBabelImageClasses",
    "PadModes",
    "PatientOrientationValuesBiped",
    "PatientOrientationValuesQuadruped",
    "PatientSexValues",
    "PhotometricInterpretationValues",
    "PixelDataKeywords",
    "PixelIndexDirections",
    "PixelRepresentationValues",
    "PlanarConfigurationValues",
    "PresentationLUTShapeValues",
    "RGBColorChannels",
    "RescaleTypeValues",
    "SpecificCharacterSetValues",
    "UniversalEntityIDTypeValues",
    "VOILUTFunctionValues",
]


class AnatomicalOrientationTypeValues(enum.Enum):
    """Anatomical Orientation Type (0010,2210): how the patient-based axes are named (PS3.3 C.7.6.1.1.1)."""

    BIPED = "BIPED"
    QUADRUPED = "QUADRUPED"


class AxisHandedness(enum.Enum):
    """Handedness of the three axes of an array in the frame of reference (our own choice)."""

    LEFT_HANDED = "LEFT_HANDED"
    RIGHT_HANDED = "RIGHT_HANDED"


class ContentQualificationValues(enum.Enum):
    """Content Qualification (0018,9004): whether the content may be used clinically (PS3.3 C.8.13.2.1.1)."""

    PRODUCT = "PRODUCT"
    RESEARCH = "RESEARCH"
    SERVICE = "SERVICE"


class CoordinateSystemNames(enum.Enum):
    """The two coordinate systems in which frames have positions (PS3.3 C.7.6.2.1.1 and C.8.12.2.1)."""

    PATIENT = "PATIENT"
    SLIDE = "SLIDE"


class DimensionOrganizationTypeValues(enum.Enum):
    """Dimension Organization Type (0020,9311): how frames are laid out (PS3.3 C.7.6.17)."""

    THREE_DIMENSIONAL = "3D"
    THREE_DIMENSIONAL_TEMPORAL = "3D_TEMPORAL"
    TILED_FULL = "TILED_FULL"
    TILED_SPARSE = "TILED_SPARSE"


class InterpolationMethods(enum.Enum):
    """Ways to resample an array (our own choice)."""

    NEAREST = "NEAREST"
    LINEAR = "LINEAR"


class LateralityValues(enum.Enum):
    """Laterality (0020,0060) and Image Laterality (0020,0062) of paired body parts (PS3.3 C.7.3.1)."""

    R = "R"
    L = "L"


class NiBabelImageClasses(enum.Enum):
    """Classes of the nibabel package to which a volume can be converted (our own choice)."""

    NIFTI1IMAGE = "Nifti1Image"
    NIFTI2IMAGE = "Nifti2Image"
    MGHIMAGE = "MGHImage"
    MINC1IMAGE = "Minc1Image"
    MINC2IMAGE = "Minc2Image"
    ANALYZEIMAGE = "AnalyzeImage"


class PadModes(enum.Enum):
    """Ways to fill the margin of a padded array (our own choice)."""

    CONSTANT = "CONSTANT"
    EDGE = "EDGE"
    MINIMUM = "MINIMUM"
    MAXIMUM = "MAXIMUM"
    MEAN = "MEAN"
    MEDIAN = "MEDIAN"


class PatientOrientationValuesBiped(enum.Enum):
    """Letters of Patient Orientation (0020,0020) for a biped (PS3.3 C.7.6.1.1.1)."""

    A = "A"
    P = "P"
    R = "R"
    L = "L"
    H = "H"
    F = "F"


class PatientOrientationValuesQuadruped(enum.Enum):
    """Letters of Patient Orientation (0020,0020) for a quadruped (PS3.3 C.7.6.1.1.1)."""

    LE = "LE"
    RT = "RT"
    D = "D"
    V = "V"
    CR = "CR"
    CD = "CD"
    R = "R"
    M = "M"
    L = "L"
    PR = "PR"
    DI = "DI"
    PA = "PA"
    PL = "PL"


class PatientSexValues(enum.Enum):
    """Patient's Sex (0010,0040) (PS3.3 C.7.1.1)."""

    M = "M"
    F = "F"
    O = "O"  # noqa: E741


class PhotometricInterpretationValues(enum.Enum):
    """Photometric Interpretation (0028,0004) (PS3.3 C.7.6.3.1.2)."""

    MONOCHROME1 = "MONOCHROME1"
    MONOCHROME2 = "MONOCHROME2"
    PALETTE_COLOR = "PALETTE COLOR"
    RGB = "RGB"
    YBR_FULL = "YBR_FULL"
    YBR_FULL_422 = "YBR_FULL_422"
    YBR_PARTIAL_420 = "YBR_PARTIAL_420"
    YBR_ICT = "YBR_ICT"
    YBR_RCT = "YBR_RCT"


class PixelDataKeywords(enum.Enum):
    """Keywords of the three attributes that may hold pixels (PS3.3 C.7.6.3, C.7.6.24 and C.7.6.25)."""

    PIXEL_DATA = "PixelData"
    FLOAT_PIXEL_DATA = "FloatPixelData"
    DOUBLE_FLOAT_PIXEL_DATA = "DoubleFloatPixelData"


class PixelIndexDirections(enum.Enum):
    """Directions on the screen in which an index of a pixel array may grow (our own choice)."""

    L = "L"
    R = "R"
    U = "U"
    D = "D"


class PixelRepresentationValues(enum.Enum):
    """Pixel Representation (0028,0103): unsigned or two's complement (PS3.3 C.7.6.3)."""

    UNSIGNED_INTEGER = 0
    COMPLEMENT = 1


class PlanarConfigurationValues(enum.Enum):
    """Planar Configuration (0028,0006): samples interleaved or by plane (PS3.3 C.7.6.3.1.3)."""

    COLOR_BY_PIXEL = 0
    COLOR_BY_PLANE = 1


class PresentationLUTShapeValues(enum.Enum):
    """Presentation LUT Shape (2050,0020) (PS3.3 C.11.6 and C.11.4)."""

    IDENTITY = "IDENTITY"
    INVERSE = "INVERSE"


class RGBColorChannels(enum.Enum):
    """The channels of an RGB image."""

    R = "R"
    G = "G"
    B = "B"


class RescaleTypeValues(enum.Enum):
    """Rescale Type (0028,1054): unit after the transformation; defined terms (PS3.3 C.11.1.1.2)."""

    OD = "OD"
    HU = "HU"
    US = "US"
    MGML = "MGML"
    Z_EFF = "Z_EFF"
    ED = "ED"
    EDW = "EDW"
    HU_MOD = "HU_MOD"
    PCT = "PCT"


class SpecificCharacterSetValues(enum.Enum):
    """Specific Character Set (0008,0005); defined terms (PS3.3 C.12.1.1.2)."""

    LATIN_ALPHABET_NO_1 = "ISO_IR 100"
    LATIN_ALPHABET_NO_2 = "ISO_IR 101"
    LATIN_ALPHABET_NO_3 = "ISO_IR 109"
    LATIN_ALPHABET_NO_4 = "ISO_IR 110"
    CYRILLIC = "ISO_IR 144"
    ARABIC = "ISO_IR 127"
    GREEK = "ISO_IR 126"
    HEBREW = "ISO_IR 138"
    LATIN_ALPHABET_NO_5 = "ISO_IR 148"
    LATIN_ALPHABET_NO_9 = "ISO_IR 203"
    JAPANESE = "ISO_IR 13"
    THAI = "ISO_IR 166"
    DEFAULT_REPERTOIRE_CODE_EXTENSIONS = "ISO 2022 IR 6"
    LATIN_ALPHABET_NO_1_CODE_EXTENSIONS = "ISO 2022 IR 100"
    LATIN_ALPHABET_NO_2_CODE_EXTENSIONS = "ISO 2022 IR 101"
    LATIN_ALPHABET_NO_3_CODE_EXTENSIONS = "ISO 2022 IR 109"
    LATIN_ALPHABET_NO_4_CODE_EXTENSIONS = "ISO 2022 IR 110"
    CYRILLIC_CODE_EXTENSIONS = "ISO 2022 IR 144"
    ARABIC_CODE_EXTENSIONS = "ISO 2022 IR 127"
    GREEK_CODE_EXTENSIONS = "ISO 2022 IR 126"
    HEBREW_CODE_EXTENSIONS = "ISO 2022 IR 138"
    LATIN_ALPHABET_NO_5_CODE_EXTENSIONS = "ISO 2022 IR 148"
    LATIN_ALPHABET_NO_9_CODE_EXTENSIONS = "ISO 2022 IR 203"
    JAPANESE_CODE_EXTENSIONS = "ISO 2022 IR 13"
    THAI_CODE_EXTENSIONS = "ISO 2022 IR 166"
    JAPANESE_KANJI_CODE_EXTENSIONS = "ISO 2022 IR 87"
    JAPANESE_KANJI_SUPPLEMENTARY_CODE_EXTENSIONS = "ISO 2022 IR 159"
    KOREAN_CODE_EXTENSIONS = "ISO 2022 IR 149"
    SIMPLIFIED_CHINESE_CODE_EXTENSIONS = "ISO 2022 IR 58"
    UNICODE_IN_UTF8 = "ISO_IR 192"
    GB18030 = "GB18030"
    GBK = "GBK"


class UniversalEntityIDTypeValues(enum.Enum):
    """Universal Entity ID Type (0040,0033): who assigns the universal identifier (PS3.3 10.14)."""

    DNS = "DNS"
    EUI64 = "EUI64"
    ISO = "ISO"
    URI = "URI"
    UUID = "UUID"
    X400 = "X400"
    X500 = "X500"


class VOILUTFunctionValues(enum.Enum):
    """VOI LUT Function (0028,1056): how a window is applied (PS3.3 C.11.2.1.3)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"
