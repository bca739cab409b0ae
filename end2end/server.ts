// Where the shop under test listens and keeps its data. The first process to load this decides and
// tells the workers by environment.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

function freePort(): string {
  const script = "const s=require('net').createServer().listen(0,'127.0.0.1',()=>{console.log(s.address().port);s.close()})";
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).trim();
}

if (!process.env.NOREN_E2E_DATA) {
  const shelf = join(root, 'target', 'end2end');
  mkdirSync(shelf, { recursive: true });
  process.env.NOREN_E2E_DATA = mkdtempSync(join(shelf, 'shop-'));
  process.env.NOREN_E2E_PORT = freePort();
  process.env.NOREN_E2E_METRICS = freePort();
}

export const data = process.env.NOREN_E2E_DATA;
const listens = `127.0.0.1:${process.env.NOREN_E2E_PORT}`;
/** By name: an address in numbers has no passkeys. */
export const url = `http://localhost:${process.env.NOREN_E2E_PORT}`;

/** The program of the shop. */
export const binary = process.env.NOREN_BIN ?? join(root, 'target', 'debug', 'noren');

/** A shop with fresh data and the sample goods. */
export const webServer = {
  command: `"${binary}" serve`,
  cwd: root,
  env: {
    NOREN_DATA: data,
    NOREN_ADDR: listens,
    NOREN_METRICS_ADDR: `127.0.0.1:${process.env.NOREN_E2E_METRICS}`,
    NOREN_URL: url,
    NOREN_SITE: process.env.NOREN_SITE ?? join(root, 'target', 'site'),
    NOREN_SAMPLE: 'on',
    NOREN_ENV: 'development',
    // Each test comes from somewhere else; see fixtures.ts.
    NOREN_TRUSTED_PROXIES: '127.0.0.1,::1',
    NOREN_LOG: 'warn',
  },
  url: `http://${listens}/readyz`,
  timeout: 180_000,
  stdout: 'ignore' as const,
  stderr: 'pipe' as const,
  gracefulShutdown: { signal: 'SIGTERM' as const, timeout: 10_000 },
};

/** Chromium as it is found on the machine, quiet and without a sandbox that containers lack. */
export const launchOptions = {
  ...(process.env.CHROMIUM ? { executablePath: process.env.CHROMIUM } : {}),
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
export const desktop = { viewport: { width: 1280, height: 900 }, hasTouch: false, isMobile: false };
