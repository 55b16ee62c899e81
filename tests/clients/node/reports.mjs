// The annotations that Cornerstone3D's adapters make of reports, as OHIF does.
//
// Input (stdin): JSON, a list of {"file": report, "sources": [files of the images]}.
// Output (stdout): JSON, for each {"error"} or {name of the tool: [{"image", "points" (patient coordinates), "stats",
// "label", "finding", "sites", "uid"}]}.
import { readFileSync, writeSync } from "node:fs";
import { idsOf, metaData, natural, register } from "./images.mjs";

const { adaptersSR } = await import("@cornerstonejs/adapters");

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
  const ids = idsOf(sources.map(register));
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
