// Walks through the shop and takes a picture of every page and every state on the way.
import { join } from 'node:path';
import { test } from '../fixtures.ts';
import { walks } from '../pages.ts';
import { root } from '../server.ts';

for (const [pages, walk] of Object.entries(walks)) {
  test(`every ${pages}`, async ({ page, shop, expectedMessages }, info) => {
    expectedMessages.push(/./);
    const look = async (name: string) => {
      // A picture is made when it is first asked for, and asked for when it comes into view.
      await page.evaluate(() =>
        Promise.all(
          [...document.images].map((image) => {
            image.loading = 'eager';
            return image.decode().catch(() => {});
          }),
        ),
      );
      await page.screenshot({ path: join(root, 'screenshots', info.project.name, `${name}.png`), fullPage: true });
    };
    await walk({ shop, look, expectedMessages });
  });
}
