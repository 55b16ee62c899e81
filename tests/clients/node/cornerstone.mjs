// What Cornerstone3D's adapter reads out of Segmentations, as OHIF does.
//
// Input (stdin): JSON, a list of {"file": SEG file, "sources": [files of the images]}.
// Output (stdout): JSON, for each either {"overlapping", "labels", "images"} or {"error"}:
//   "images": voxels by segment and then by source image: {number: [count of image 0, count of image 1, ...]},
//   "sums": the same for the sums of row and of column indices, which a shifted or a turned frame changes.
import { readFileSync, writeSync } from "node:fs";
import { buffer, cache, metaData, register } from "./images.mjs";

const { adaptersSEG } = await import("@cornerstonejs/adapters");

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
