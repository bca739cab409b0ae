// The development mailbox, read as the person would read it.
import { expect } from '@playwright/test';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { data } from './server.ts';

/** A mail as the person would read it. */
export type Mail = { to: string; subject: string; text: string; html: string };

/** An address nobody else uses in this run. */
export function newAddress(): string {
  return `test-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}@example.jp`;
}

function decodeWords(header: string): string {
  return header
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, words: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(words, 'base64').toString('utf8')
        : decodeQuoted(words.replace(/_/g, ' ')),
    );
}

function decodeQuoted(text: string): string {
  const bytes = text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function part(raw: string, kind: string): string {
  const boundary = /boundary="?([^"\r\n;]+)"?/i.exec(raw)?.[1];
  const pieces = boundary ? raw.split(`--${boundary}`) : [raw];
  const piece = pieces.find((one) => new RegExp(`content-type: ${kind}`, 'i').test(one.split(/\r?\n\r?\n/)[0] ?? ''));
  if (!piece) return '';
  const [head = '', ...body] = piece.replace(/^\r?\n/, '').split(/\r?\n\r?\n/);
  const text = body.join('\n\n');
  if (/transfer-encoding: base64/i.test(head)) return Buffer.from(text, 'base64').toString('utf8');
  return /transfer-encoding: quoted-printable/i.test(head) ? decodeQuoted(text) : text;
}

function parsed(raw: string): Mail {
  const head = (raw.split(/\r?\n\r?\n/)[0] ?? '').replace(/\r?\n[ \t]+/g, ' ');
  const header = (key: string) => decodeWords(new RegExp(`^${key}: (.*)$`, 'im').exec(head)?.[1] ?? '');
  return { to: header('To'), subject: header('Subject'), text: part(raw, 'text/plain'), html: part(raw, 'text/html') };
}

type Delivered = { written: number; mail: Mail };

/** A mail is written once and never changed. Whoever waits for one looks often, and a run leaves thousands. */
const seen = new Map<string, Delivered>();

function delivered(name: string): Delivered[] {
  const known = seen.get(name);
  if (known) return [known];
  const path = join(data, 'mailbox', name);
  // Mails go while somebody looks: an erasure takes those of its person along.
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  try {
    if (written === undefined) return [];
    const one = { written, mail: parsed(readFileSync(path, 'latin1')) };
    seen.set(name, one);
    return [one];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function mailbox(): Mail[] {
  return readdirSync(join(data, 'mailbox'))
    .filter((name) => name.endsWith('.eml'))
    .flatMap(delivered)
    .sort((a, b) => a.written - b.written)
    .map(({ mail }) => mail);
}

/** The codes in the mails to `to`, the oldest first. */
export function codes(to: string): string[] {
  const mine = mailbox().filter((mail) => mail.to.includes(to));
  // They stand in groups, on a line of their own.
  return mine.flatMap((mail) => /^ {4}(\d{4} \d{4})$/m.exec(mail.text)?.[1]?.replace(' ', '') ?? []);
}

/** The code that comes after `before` others. */
export async function newCode(to: string, before: number): Promise<string> {
  await expect.poll(() => codes(to).length, { message: `a code for ${to}`, timeout: 20_000 }).toBeGreaterThan(before);
  return codes(to).at(-1) ?? '';
}

/** The path that begins with `way` in the newest mail to `to` that leads there, once there is one. */
export async function link(to: string, way: string): Promise<string> {
  const path = new RegExp(`${way}[\\w-]{43}`);
  const paths = () => mailbox().flatMap((mail) => (mail.to.includes(to) ? (path.exec(mail.text)?.[0] ?? []) : []));
  const newest = () => paths().at(-1) ?? '';
  await expect.poll(newest, { message: `a link ${way}… for ${to}`, timeout: 20_000 }).not.toBe('');
  return newest();
}

/** The mails to `to`, once there are at least `count`. */
export async function mails(to: string, count = 1): Promise<Mail[]> {
  let found: Mail[] = [];
  await expect
    .poll(() => (found = mailbox().filter((mail) => mail.to.includes(to))).length, { message: `mail to ${to}`, timeout: 20_000 })
    .toBeGreaterThanOrEqual(count);
  return found;
}
