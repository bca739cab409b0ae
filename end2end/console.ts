// What a browser says on its console, one pattern per reason. A test that expects a message names it;
// everything else fails the test. A message reads `text (address of what it is about)`.

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A call that the shop refuses: Chromium notes it, however well the page says why. */
export const refused = (endpoint: string) => new RegExp(`status of 422 .*/api/${escaped(endpoint)}(\\?.*)?\\)$`);

/** A page (path without language) that is none. */
export const missing = (path: string) => new RegExp(`status of 404 .*${escaped(path)}\\)$`);

/** Where nothing uses the wasm, Chromium says so after some seconds: a slow machine hears it, a quick one does not. */
export const idleWasm = /\.wasm was preloaded using link preload but not used/;

/** Bytes that are no wasm do not compile: Chromium's error, and the warning of the script that falls back after it. */
export const brokenWasm = [
  /^(Uncaught \(in promise\) )?CompileError: WebAssembly\./,
  /^`WebAssembly\.instantiateStreaming` failed because/,
];

/** A part of the wasm that cannot be fetched: Chromium's word, and that of the script that fetches parts. */
export const lostPart = [/^Failed to load resource: .*\/pkg\/\w+\/split_\w+\.[\w-]+\.wasm\)$/, /^TypeError: /];
