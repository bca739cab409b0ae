// What takes too long here, or is up to the shop's people, is written into the database of the shop under test. Python
// does it, which the tests of the ledger need anyway.
import type { Page } from '@playwright/test';
import { execFileSync } from 'node:child_process';
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

/** Changes the rows of the database that `sql` names, of which there must be one. */
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
  const whose = 'SELECT customer_id FROM session WHERE token_hash = hash_of(?)';
  change(`UPDATE recovery_code SET made_at = made_at - 345600000 WHERE customer_id IN (${whose})`, await session(page));
}
