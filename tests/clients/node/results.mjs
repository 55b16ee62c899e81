// What Cornerstone3D's adapters read out of reports and parametric maps, as OHIF does.
//
// Input (stdin): JSON, a list of {"file": report or map, "sources": [files of the images]}.
// Output (stdout): JSON, for each {"error"}, or of a report {"tools": {name of the tool: count}, "measurements":
// [{"tool", "uid": what it is tracked by, "points": in mm, "stats": numbers, "image": index of its source}]}, or of a
// map {"type": kind of its array, "low", "high": extreme values}.
import { readFileSync, writeSync } from "node:fs";

console.log = console.warn = console.info = console.debug = (...text) => console.error(...text);
const { data } = await import("dcmjs").then((module) => module.default ?? module);
const { cache, metaData } = await import("@cornerstonejs/core");
const { adaptersPMAP, adaptersSR } = await import("@cornerstonejs/adapters");

const instances = new Map();
const numbers = (value) => [value].flat().map(Number);

metaData.addProvider((type, imageId) => {
  const image = instances.get(imageId);
  if (!image) return undefined;
  if (type === "instance") return image;
  if (type === "generalImageModule") return { sopInstanceUID: image.SOPInstanceUID };
  if (type === "sopCommonModule") return { sopInstanceUID: image.SOPInstanceUID, sopClassUID: image.SOPClassUID };
  if (type !== "imagePlaneModule") return undefined;
  const cosines = numbers(image.ImageOrientationPatient);
  return {
    rows: image.Rows,
    columns: image.Columns,
    frameOfReferenceUID: image.FrameOfReferenceUID,
    imageOrientationPatient: cosines,
    imagePositionPatient: numbers(image.ImagePositionPatient),
    rowCosines: cosines.slice(0, 3),
    columnCosines: cosines.slice(3),
    rowPixelSpacing: numbers(image.PixelSpacing)[0],
    columnPixelSpacing: numbers(image.PixelSpacing)[1],
    pixelSpacing: numbers(image.PixelSpacing),
  };
});

const buffer = (file) => {
  const bytes = readFileSync(file);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
};

const natural = (file) => {
  const read = data.DicomMessage.readFile(buffer(file));
  const dataset = data.DicomMetaDictionary.naturalizeDataset(read.dict);
  dataset._meta = data.DicomMetaDictionary.namifyDataset(read.meta);
  return dataset;
};

async function read({ file, sources }) {
  const images = new Map(sources.map((source) => [`file:${source}`, natural(source)]));
  for (const [imageId, image] of images) instances.set(imageId, image);
  const dataset = natural(file);
  cache.purgeCache();
  if (dataset.Modality === "SR") {
    const ids = Object.fromEntries([...images].map(([imageId, image]) => [`${image.SOPInstanceUID}:1`, imageId]));
    const state = adaptersSR.Cornerstone3D.MeasurementReport.generateToolState(dataset, ids, metaData);
    const measurements = Object.entries(state).flatMap(([tool, all]) =>
      all.map(({ TrackingUniqueIdentifier: uid, annotation: { data, metadata } }) => ({
        tool,
        uid,
        points: (data.contour?.polyline ?? data.handles.points).map((point) => [...point]),
        stats: data.cachedStats[`imageId:${metadata.referencedImageId}`],
        image: Object.values(ids).indexOf(metadata.referencedImageId),
      })),
    );
    const counts = Object.fromEntries(Object.entries(state).map(([tool, all]) => [tool, all.length]));
    return { tools: counts, measurements };
  }
  const map = await adaptersPMAP.Cornerstone3D.ParametricMap.generateToolState(
    [...images.keys()], buffer(file), metaData,
  );
  const values = map.pixelData;
  let [low, high] = [Infinity, -Infinity];
  values.forEach((value) => ((low = Math.min(low, value)), (high = Math.max(high, value))));
  return { type: values.constructor.name, low, high };
}

const answers = [];
for (const job of JSON.parse(readFileSync(0, "utf8"))) {
  answers.push(await read(job).catch((error) => ({ error: String(error?.message ?? error) })));
}
writeSync(1, JSON.stringify(answers));
process.exit(0);
