// OHIF's built files on a port of this machine, with /dicom-web passed on to Orthanc.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname, join, normalize } from "node:path";

const KINDS = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

// What OHIF reads at its start: one source of data, no more workers than this machine has use for.
const CONFIGURATION = `window.config = {
  name: "config/dicomposer.js",
  routerBasename: null,
  extensions: [],
  modes: [],
  customizationService: {},
  showStudyList: true,
  investigationalUseDialog: { option: "never" },
  maxNumberOfWebWorkers: 2,
  strictZSpacingForVolumeViewport: true,
  showErrorDetails: "always",
  defaultDataSourceName: "orthanc",
  dataSources: [{
    namespace: "@ohif/extension-default.dataSourcesModule.dicomweb",
    sourceName: "orthanc",
    configuration: {
      friendlyName: "Orthanc",
      name: "orthanc",
      wadoUriRoot: location.origin + "/dicom-web",
      qidoRoot: location.origin + "/dicom-web",
      wadoRoot: location.origin + "/dicom-web",
      qidoSupportsIncludeField: false,
      imageRendering: "wadors",
      thumbnailRendering: "wadors",
      enableStudyLazyLoad: true,
      supportsFuzzyMatching: false,
      supportsWildcard: true,
      dicomUploadEnabled: false,
      omitQuotationForMultipartRequest: true,
      bulkDataURI: { enabled: true },
    },
  }],
};`;

// The browser gives shared memory only to pages that ask to be alone.
const ALONE = {
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};

function pass(incoming, outgoing, { root, login }) {
  const { "accept-encoding": _, ...headers } = incoming.headers;
  // Orthanc writes the host that it was asked by into its answers: keep the one of this server.
  const asked = request(new URL(incoming.url, root), {
    method: incoming.method,
    headers: { ...headers, authorization: login },
  });
  asked.on("response", (answer) => {
    outgoing.writeHead(answer.statusCode, { ...answer.headers, ...ALONE });
    answer.pipe(outgoing);
  });
  asked.on("error", (error) => outgoing.writeHead(502, ALONE).end(String(error)));
  incoming.pipe(asked);
}

async function give(path, outgoing, dist) {
  let file = join(dist, normalize(decodeURIComponent(path)));
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) {
    if (extname(file)) return outgoing.writeHead(404, ALONE).end();
    file = join(dist, "index.html"); // the pages of the application are names of this one file
  }
  outgoing.writeHead(200, { "Content-Type": KINDS[extname(file)] ?? "application/octet-stream", ...ALONE });
  return createReadStream(file).pipe(outgoing);
}

/** Serve `dist`; returns the address. `orthanc` is {root, login}. */
export async function serve(dist, orthanc) {
  const server = createServer((incoming, outgoing) => {
    const path = new URL(incoming.url, "http://viewer").pathname;
    if (path.startsWith("/dicom-web")) return pass(incoming, outgoing, orthanc);
    if (path === "/app-config.js") {
      return outgoing.writeHead(200, { "Content-Type": KINDS[".js"], ...ALONE }).end(CONFIGURATION);
    }
    return give(path, outgoing, dist);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return `http://127.0.0.1:${server.address().port}`;
}
