// The newsletter, as the shop's people send it.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newAddress } from './mailbox.ts';
import { binary, data, webServer } from './server.ts';

/** Sends an issue to everybody who gets the newsletter. */
export async function sendIssue() {
  // No issue goes out twice under one name.
  const name = newAddress().split('@')[0];
  const file = join(data, `${name}.toml`);
  writeFileSync(file, `name = "${name}"\n[ja]\nsubject = "冬の新作"\ntext = "手ぬぐい。"\n[en]\nsubject = "New this winter"\ntext = "Cloths."\n`);
  await promisify(execFile)(binary, ['newsletter', 'send', file], { cwd: webServer.cwd, env: { ...process.env, ...webServer.env } });
}
