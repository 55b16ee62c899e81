// Some packages ship modules in .js files without saying "type": "module". Newer versions of node look into the
// files; this tells older ones. Use: node --import ./hooks.mjs
import { register } from "node:module";

const source = `export const load = (url, context, next) =>
  next(url, /\\/esm\\/.*\\.js$|\\.es\\.js$/.test(url) ? { ...context, format: "module" } : context);`;
register("data:text/javascript," + encodeURIComponent(source));
