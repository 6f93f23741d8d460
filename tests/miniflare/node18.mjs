// Debian 12 ships node 18. Miniflare's HTTP client wants two things of node 20 from it; import this before miniflare.

import { File } from "node:buffer";

globalThis.File ??= File;
String.prototype.toWellFormed ??= function () {
  return this.replace(/\p{Surrogate}/gu, "\uFFFD");
};
