// The operator's page of the gates, judged at both widths: gates.mjs BASE STAFF PASSWORD. PICTURES=DIR keeps screenshots.
import { mkdirSync, writeFileSync } from 'node:fs';
import { Chrome } from './chrome.mjs';
import { judge } from './judge.mjs';

const [base, staff, password] = process.argv.slice(2);
const pictures = process.env.PICTURES;
let failed = 0;
const c = await Chrome.open(process.env.CHROMIUM ?? 'chromium');

async function page(path, name) {
	const loaded = await c.go(new URL(path, base).href);
	if (pictures) {
		mkdirSync(pictures, { recursive: true });
		for (const width of [1280, 390]) {
			await c.size(width);
			writeFileSync(`${pictures}/${name}.${width}.png`, await c.picture());
		}
		await c.size(1280);
	}
	const faults = await judge(c, loaded, { keys: true });
	console.log(`${faults.length ? 'FAIL' : 'ok'} ${path}${faults.map((f) => `\n  ${f}`).join('')}`);
	failed += faults.length;
}

try {
	await c.size(1280);
	await c.send('Network.setExtraHTTPHeaders', { headers: { 'Accept-Language': 'ja' } });
	await c.go(new URL('/sign-in', base).href);
	await c.eval(`for (const [k, v] of Object.entries(${JSON.stringify({ staff_no: staff, password })})) document.getElementsByName(k)[0].value = v`);
	await c.load(() => c.eval(`document.querySelector('main form .buttons button').click()`));
	await page('/transfers/gates', 'gates');
} finally {
	await c.close();
}
process.exit(failed ? 1 : 0);
