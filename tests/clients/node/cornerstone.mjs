// What Cornerstone3D's adapter reads out of Segmentations, as OHIF does.
//
// Input (stdin): JSON, a list of {"file": SEG file, "sources": [files of the images]}.
// Output (stdout): JSON, for each either {"overlapping", "labels", "images"} or {"error"}:
//   "images": voxels by segment and then by source image: {number: [count of image 0, count of image 1, ...]},
//   "sums": the same for the sums of row and of column indices, which a shifted or a turned frame changes.
import { readFileSync, writeSync } from "node:fs";

console.log = console.warn = console.info = console.debug = (...text) => console.error(...text);
const { data } = await import("dcmjs").then((module) => module.default ?? module);
const { cache, metaData } = await import("@cornerstonejs/core");
const { adaptersSEG } = await import("@cornerstonejs/adapters");

const instances = new Map();
const numbers = (value) => [value].flat().map(Number);

const modules = {
  instance: (image) => image,
  generalImageModule: (image) => ({ sopInstanceUID: image.SOPInstanceUID }),
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

const buffer = (file) => {
  const bytes = readFileSync(file);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
};

function register(file) {
  const imageId = `file:${file}`;
  if (!instances.has(imageId)) {
    const read = data.DicomMessage.readFile(buffer(file));
    const image = data.DicomMetaDictionary.naturalizeDataset(read.dict);
    delete image.PixelData;
    instances.set(imageId, image);
  }
  return imageId;
}

async function read({ file, sources }) {
  const imageIds = sources.map(register);
  cache.purgeCache();
  const result = await adaptersSEG.Cornerstone3D.Segmentation.createFromDICOMSegBuffer(imageIds, buffer(file), {
    metadataProvider: metaData,
  });
  const images = {};
  const sums = {};
  for (const layer of result.labelMapImages) {
    layer.forEach((image, index) => {
      const at = imageIds.indexOf(image.referencedImageId);
      if (at !== index) throw new Error(`image ${index} stands for source ${at}`);
      image.getPixelData().forEach((value, pixel) => {
        if (!value) return;
        images[value] ??= new Array(imageIds.length).fill(0);
        sums[value] ??= [0, 0];
        images[value][index] += 1;
        sums[value][0] += Math.floor(pixel / image.columns);
        sums[value][1] += pixel % image.columns;
      });
    });
  }
  const described = result.segMetadata.data.filter(Boolean);
  return {
    overlapping: result.overlappingSegments,
    labels: Object.fromEntries(described.map((segment) => [segment.SegmentNumber, segment.SegmentLabel])),
    images,
    sums,
  };
}

const answers = [];
for (const job of JSON.parse(readFileSync(0, "utf8"))) {
  answers.push(await read(job).catch((error) => ({ error: String(error?.message ?? error) })));
}
writeSync(1, JSON.stringify(answers));
process.exit(0);
