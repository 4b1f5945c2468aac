// A screenshot for the documents: picture.mjs LINK PATH OUT.png [WIDTH HEIGHT]     signs in by LINK (sekisho link), opens PATH
import { writeFileSync } from 'node:fs';
import { Chrome } from './chrome.mjs';

const [link, path, out, width = '1280', height = '960'] = process.argv.slice(2);
const c = await Chrome.open(process.env.CHROMIUM ?? 'chromium');
try {
	await c.size(Number(width), Number(height));
	await c.send('Network.setExtraHTTPHeaders', { headers: { 'Accept-Language': process.env.PAGE_LANG ?? 'ja' } });
	await c.go(link);
	await c.load(() => c.eval(`document.querySelector('main form button').click()`));
	await c.go(new URL(path, link).href); // a message of the sign-in is shown on the first page only
	await c.go(new URL(path, link).href);
	writeFileSync(out, Buffer.from((await c.send('Page.captureScreenshot')).data, 'base64'));
} finally {
	await c.close();
}
