"""Rule -> a good object and the fault that it names: rules of one kind of object, and those that are made of tables."""

from __future__ import annotations

#: Rules on annotations, maps, presentation states, structure sets, waveforms, documents, registrations, images.
FAULTS: dict[str, tuple[str, str]] = {
    "annotation-group": ("bulk annotations", "two groups of one number"),
    "annotation-coordinates": ("bulk annotations", "coordinates that are no whole points"),
    "annotation-indices": ("bulk annotations", "an index beyond the coordinates"),
    "annotation-measurements": ("bulk annotations", "measurements fewer than annotations"),
    "real-world-range": ("parametric map", "a mapping that ends before it begins"),
    "real-world-label": ("parametric map", "two mappings of one label"),
    "map-pixels": ("parametric map", "no pixels"),
    "one-pixel-element": ("parametric map", "words and floats for one map"),
    "graphic-layer": ("presentation state", "a graphic on a layer that is none"),
    "graphic-points": ("presentation state", "a graphic of a number of points that is another"),
    "displayed-area": ("presentation state", "an area displayed that ends before it begins"),
    "presented-image": ("presentation state", "a reference that is not listed"),
    "lut-length": ("pseudo-color-softcopy-presentation-state", "a palette shorter than it says"),
    "region-number": ("rt-structure-set", "two regions of one number"),
    "referenced-region": ("rt-structure-set", "a contour of no region"),
    "contour": ("rt-structure-set", "a contour of another number of points"),
    "planar-contour": ("rt-structure-set", "a planar contour that is not planar"),
    "waveform-length": ("12-lead-ecg", "samples fewer than stated"),
    "waveform-channels": ("12-lead-ecg", "a channel described too few"),
    "document-type": ("encapsulated-pdf", "a media type of another document"),
    "document-length": ("encapsulated-pdf", "a document longer than there is"),
    "document-content": ("encapsulated-pdf", "a document that is none of its kind"),
    "transformation-matrix": ("spatial-registration", "a rigid matrix that is not rigid"),
    "pixel-depth": ("positron-emission-tomography-image", "PET pixels of twelve bits"),
    "frame-vector": ("nuclear-medicine-image", "a vector of another length than the frames"),
    "patient-orientation": ("secondary-capture-image", "a patient orientation that is none"),
    "window-pairs": ("parametric map", "two window centres for one width"),
    "rescale-slope": ("CT image", "a rescale slope of nought"),
    "slice-thickness": ("ct-image", "a negative slice thickness"),
    "modality": ("vl-photographic-image", "another modality"),
}
#: Rules that the tables of the standard are.
TABLES: dict[str, tuple[str, str]] = {
    "type-1": ("mr-image", "an attribute of type 1 removed"),
    "type-2": ("mr-image", "an attribute of type 2 removed"),
    "type-1c": ("vl-photographic-image", "a colour image without planar configuration"),
    "enumerated-value": ("digital-mammography-x-ray-image", "a breast on no side"),
    "value-multiplicity": ("mr-image", "a spacing of one value"),
    "value-representation": ("mr-image", "a UID with letters"),
    "encoding": ("mr-image", "an odd length"),
    "functional-group": ("enhanced-ct-image", "a group both shared and per frame"),
    "single-item": ("BINARY segmentation", "two shared items"),
    "defined-term": ("mr-image", "a photometric interpretation that is none"),
    "code-meaning": ("BINARY segmentation", "a meaning that is another code's"),
    "value-form": ("mr-image", "a character set that is none"),
    "unknown-code": ("measurement report", "a code that its scheme does not have"),
}
