// Images for the readers of Cornerstone3D, as OHIF hands them over: files read by dcmjs, metadata by image identifier.
import { readFileSync } from "node:fs";

// Answers go to stdout, and nothing else: what the libraries say goes to stderr, while they are loaded as well.
console.log = console.warn = console.info = console.debug = (...text) => console.error(...text);
export const { data } = await import("dcmjs").then((module) => module.default ?? module);
export const { cache, metaData } = await import("@cornerstonejs/core");

const instances = new Map();
const numbers = (value) => [value].flat().map(Number);

const modules = {
  instance: (image) => image,
  generalImageModule: (image) => ({ sopInstanceUID: image.SOPInstanceUID }),
  sopCommonModule: (image) => ({ sopInstanceUID: image.SOPInstanceUID, sopClassUID: image.SOPClassUID }),
  generalSeriesModule: (image) => ({ seriesInstanceUID: image.SeriesInstanceUID, modality: image.Modality }),
  imagePixelModule: (image) => ({
    rows: image.Rows,
    columns: image.Columns,
    bitsAllocated: image.BitsAllocated,
    bitsStored: image.BitsStored,
    highBit: image.HighBit,
    samplesPerPixel: image.SamplesPerPixel,
    pixelRepresentation: image.PixelRepresentation,
    photometricInterpretation: image.PhotometricInterpretation,
  }),
  imagePlaneModule: (image) => {
    const cosines = numbers(image.ImageOrientationPatient);
    const [rowPixelSpacing, columnPixelSpacing] = numbers(image.PixelSpacing);
    return {
      rows: image.Rows,
      columns: image.Columns,
      frameOfReferenceUID: image.FrameOfReferenceUID,
      imageOrientationPatient: cosines,
      imagePositionPatient: numbers(image.ImagePositionPatient),
      rowCosines: cosines.slice(0, 3),
      columnCosines: cosines.slice(3),
      rowPixelSpacing,
      columnPixelSpacing,
      pixelSpacing: [rowPixelSpacing, columnPixelSpacing],
      sliceThickness: Number(image.SliceThickness),
    };
  },
};

metaData.addProvider((type, imageId) => {
  const image = instances.get(imageId);
  return image && modules[type]?.(image);
});

export const buffer = (file) => {
  const bytes = readFileSync(file);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
};

export const natural = (file) => {
  const read = data.DicomMessage.readFile(buffer(file));
  const dataset = data.DicomMetaDictionary.naturalizeDataset(read.dict);
  dataset._meta = data.DicomMetaDictionary.namifyDataset(read.meta);
  return dataset;
};

// The identifier of a file of an image, which is read at the first time; its pixels are not kept.
export const register = (file) => {
  const imageId = `file:${file}`;
  if (!instances.has(imageId)) {
    const image = natural(file);
    delete image.PixelData;
    instances.set(imageId, image);
  }
  return imageId;
};

// The same by instance and frame, the way the reports adapter asks for images.
export const idsOf = (imageIds) =>
  Object.fromEntries(imageIds.map((imageId) => [`${instances.get(imageId).SOPInstanceUID}:1`, imageId]));
