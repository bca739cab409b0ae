// The demo customers sign in once before all tests, with the code from the mail. From then on they are known by
// one browser, whose token the tests put into theirs: many of them sign in at the same moment, and could not tell
// whose code is whose.
import { codes, newCode } from './mailbox.ts';
import { url } from './server.ts';

const people = ['hanako@example.jp', 'taro@example.jp'];

/** The token of a browser that a customer is known by, by their address. */
export const devices: Record<string, string> = JSON.parse(process.env.NOREN_E2E_DEVICES ?? '{}');

async function post(path: string, fields: Record<string, string>, cookie = ''): Promise<string> {
  const headers = { accept: 'text/html', origin: url, referer: `${url}/login`, 'sec-fetch-site': 'same-origin', cookie };
  const answer = await fetch(`${url}${path}`, { method: 'POST', redirect: 'manual', headers, body: new URLSearchParams(fields) });
  return answer.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
}

export default async function setUp() {
  for (const email of people) {
    const before = codes(email).length;
    const asked = await post('/api/account/login', { email, password: 'noren-demo-curtain', next: '' });
    const entered = await post('/api/account/confirm', { code: await newCode(email, before), next: '' }, asked);
    const token = /noren-device=([\w-]+)/.exec(entered)?.[1];
    if (!token) throw new Error(`${email} cannot sign in: ${entered}`);
    devices[email] = token;
  }
  process.env.NOREN_E2E_DEVICES = JSON.stringify(devices);
}
