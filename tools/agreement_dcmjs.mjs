// A segmentation that dcmjs derives of the CT images given: node agreement_dcmjs.mjs PACKAGES OUTPUT IMAGE...
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [packages, output, ...files] = process.argv.slice(2);
const { data, derivations, normalizers } = createRequire(`${resolve(packages)}/`)("dcmjs");

const datasets = files.map((file) => {
  const bytes = readFileSync(file);
  const read = data.DicomMessage.readFile(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const dataset = data.DicomMetaDictionary.naturalizeDataset(read.dict);
  dataset._meta = data.DicomMetaDictionary.namifyDataset(read.meta);
  return dataset;
});
const image = normalizers.Normalizer.normalizeToDataset(datasets);
const segmentation = new derivations.Segmentation([image], {});
const size = image.Rows * image.Columns;
const labels = files.map(() => {
  const plane = new Uint8Array(size);
  plane.fill(1, size / 4, size / 3);
  return plane;
});
const code = (value, meaning) => ({ CodeValue: value, CodingSchemeDesignator: "SCT", CodeMeaning: meaning });
segmentation.setNumberOfFrames(files.length);
segmentation.addSegment(
  {
    SegmentLabel: "Tumour",
    SegmentAlgorithmType: "MANUAL",
    SegmentedPropertyCategoryCodeSequence: code("49755003", "Morphologically Abnormal Structure"),
    SegmentedPropertyTypeCodeSequence: code("108369006", "Neoplasm"),
    RecommendedDisplayCIELabValue: [43802, 53513, 50110],
  },
  Uint8Array.from(labels.flatMap((plane) => Array.from(plane))),
  files.map((_, index) => index + 1),
);
segmentation.bitPackPixelData?.();
writeFileSync(output, Buffer.from(data.datasetToDict(segmentation.dataset).write()));
