// What takes too long here, or is up to the shop's people, is written into the database of the shop under test. Python
// does it, which the tests of the ledger need anyway.
import type { Page } from '@playwright/test';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { data } from './server.ts';

const script = `
import hashlib, sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60)
database.create_function("hash_of", 1, lambda token: hashlib.sha256(token.encode()).digest())
with database:
    changed = database.execute(sys.argv[2], sys.argv[3:]).rowcount
    if changed < 1:
        raise SystemExit("no row was changed")
database.close()
`;

/** Changes the rows of the database that `sql` names, of which there must be at least one. */
function change(sql: string, ...values: string[]) {
  const failed: unknown[] = [];
  for (const python of ['python3', '/usr/bin/python3']) {
    try {
      execFileSync(python, ['-c', script, join(data, 'noren.sqlite'), sql, ...values], { stdio: 'pipe' });
      return;
    } catch (error) {
      // One that was built without SQLite; the distribution's has it.
      failed.push(error);
    }
  }
  throw new AggregateError(failed, `no python could do it: ${failed.join('; ')}`);
}

/** The token of the session that the browser of `page` holds. */
async function session(page: Page): Promise<string> {
  const cookies = await page.context().cookies();
  return cookies.find(({ name }) => name === 'noren-session')?.value ?? '';
}

/** Selects the customer that the session of a token is of. */
const whose = 'SELECT customer_id FROM session WHERE token_hash = hash_of(?)';

/** Has it be a day ago that whoever is signed in has shown who they are. */
export async function proofAges(page: Page) {
  change('UPDATE session SET proved_at = proved_at - 86400000 WHERE token_hash = hash_of(?)', await session(page));
}

/** Has the sample notice be about whoever is signed in as well. */
export async function giveNotice(page: Page) {
  const sql = `INSERT INTO notice_person (notice_id, customer_id, verdicts)
    SELECT p.notice_id, s.customer_id, p.verdicts FROM notice_person p, session s WHERE s.token_hash = hash_of(?) LIMIT 1`;
  change(sql, await session(page));
}

/** Has the recovery codes of whoever is signed in be four days old. They count for another address only after three. */
export async function recoveryCodesAge(page: Page) {
  change(`UPDATE recovery_code SET made_at = made_at - 345600000 WHERE customer_id IN (${whose})`, await session(page));
}

/** Gives whoever is signed in a passkey that no device has. */
export async function givePasskey(page: Page) {
  const sql = `INSERT INTO passkey (credential_id, customer_id, credential, name, backed_up, created_at)
    SELECT randomblob(16), customer_id, '{}', 'x', FALSE, created_at FROM session WHERE token_hash = hash_of(?)`;
  change(sql, await session(page));
}

/** Has the app of whoever is signed in be four days old. In its first three days it may be that of a thief of the session. */
export async function appAges(page: Page) {
  const sql = `UPDATE totp SET created_at = created_at - 345600000, confirmed_at = confirmed_at - 345600000
    WHERE customer_id IN (${whose})`;
  change(sql, await session(page));
}

/** Has the second factors of whoever is signed in be said to be lost: they go in three days. */
export async function factorsAreSaidToBeLost(page: Page) {
  const sql = `INSERT INTO factor_removal (customer_id, asked_at, due_at)
    SELECT customer_id, proved_at, proved_at + 259200000 FROM session WHERE token_hash = hash_of(?)`;
  change(sql, await session(page));
}

/** Has whoever is signed in have used all their recovery codes up. */
export async function recoveryCodesAreUsedUp(page: Page) {
  change(`UPDATE recovery_code SET used_at = made_at WHERE customer_id IN (${whose})`, await session(page));
}

/** Has the last mail to whoever is signed in have been refused by their mail server. */
export async function mailIsRefused(page: Page) {
  const no = `M-${randomBytes(2).toString('hex')}-${randomBytes(2).toString('hex')}`.toUpperCase();
  const sql = `INSERT INTO mail_sent (id, no, key, kind, lang, subject_id, customer_id, state, created_at, at)
    SELECT randomblob(16), ?, ?, 'account_event', 'ja', customer_id, customer_id, 'bounced', CAST(? AS INTEGER), CAST(? AS INTEGER)
    FROM session WHERE token_hash = hash_of(?)`;
  const now = Date.now().toString();
  change(sql, no, `refused-${no}`, now, now, await session(page));
}

/** Has whoever is signed in have come in `times` times before, a minute apart. */
export async function earlierSignIns(page: Page, times: number) {
  const sql = `INSERT INTO sign_in (id, customer_id, at, outcome, user_agent, network, way)
    WITH RECURSIVE earlier (minutes) AS (SELECT 1 UNION ALL SELECT minutes + 1 FROM earlier WHERE minutes < CAST(? AS INTEGER))
    SELECT randomblob(16), customer_id, created_at - minutes * 60000, 'ok', user_agent, network, 'password'
    FROM session, earlier WHERE token_hash = hash_of(?)`;
  change(sql, times.toString(), await session(page));
}
