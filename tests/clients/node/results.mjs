// What Cornerstone3D's adapters read out of reports and parametric maps, as OHIF does.
//
// Input (stdin): JSON, a list of {"file": report or map, "sources": [files of the images]}.
// Output (stdout): JSON, for each {"error"}, or of a report {"tools": {name of the tool: count}, "measurements":
// [{"tool", "uid": what it is tracked by, "points": in mm, "stats": numbers, "image": index of its source}]}, or of a
// map {"type": kind of its array, "low", "high": extreme values}.
import { readFileSync, writeSync } from "node:fs";
import { buffer, cache, idsOf, metaData, natural, register } from "./images.mjs";

const { adaptersPMAP, adaptersSR } = await import("@cornerstonejs/adapters");

async function read({ file, sources }) {
  const imageIds = sources.map(register);
  const dataset = natural(file);
  cache.purgeCache();
  if (dataset.Modality === "SR") {
    const ids = idsOf(imageIds);
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
    imageIds, buffer(file), metaData,
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
