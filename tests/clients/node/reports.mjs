// The annotations that Cornerstone3D's adapters make of reports, as OHIF does.
//
// Input (stdin): JSON, a list of {"file": report, "sources": [files of the images]}.
// Output (stdout): JSON, for each {"error"} or {name of the tool: [{"image", "points" (patient coordinates), "stats",
// "label", "finding", "sites", "uid"}]}.
import { readFileSync, writeSync } from "node:fs";

console.log = console.warn = console.info = console.debug = (...text) => console.error(...text);
const { data } = await import("dcmjs").then((module) => module.default ?? module);
const { metaData } = await import("@cornerstonejs/core");
const { adaptersSR } = await import("@cornerstonejs/adapters");

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

const natural = (file) => {
  const bytes = readFileSync(file);
  const read = data.DicomMessage.readFile(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const dataset = data.DicomMetaDictionary.naturalizeDataset(read.dict);
  dataset._meta = data.DicomMetaDictionary.namifyDataset(read.meta);
  return dataset;
};

const annotation = (state) => {
  const { data } = state.annotation;
  const points = data.contour?.polyline ?? data.handles.points;
  return {
    image: state.sopInstanceUid,
    points: points.map((point) => Array.from(point)),
    stats: Object.values(data.cachedStats ?? {})[0] ?? {},
    label: data.label,
    finding: state.finding?.CodeMeaning,
    sites: state.findingSites.map((site) => site.CodeMeaning),
    uid: state.TrackingUniqueIdentifier,
  };
};

function read({ file, sources }) {
  const images = new Map(sources.map((source) => [`file:${source}`, natural(source)]));
  for (const [imageId, image] of images) instances.set(imageId, image);
  const ids = Object.fromEntries([...images].map(([imageId, image]) => [`${image.SOPInstanceUID}:1`, imageId]));
  const state = adaptersSR.Cornerstone3D.MeasurementReport.generateToolState(natural(file), ids, metaData);
  return Object.fromEntries(Object.entries(state).map(([tool, all]) => [tool, all.map(annotation)]));
}

const answers = JSON.parse(readFileSync(0, "utf8")).map((job) => {
  try {
    return read(job);
  } catch (error) {
    return { error: String(error?.message ?? error) };
  }
});
writeSync(1, JSON.stringify(answers));
process.exit(0);
