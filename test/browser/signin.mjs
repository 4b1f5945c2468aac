// The whole way in, as a person goes it: temporary password from the security office, a wrong one, a weak new one, a good one,
// the second factor by app, recovery codes, signing out and in again, a replayed code, a code sheet. Every page is judged.
//   signin.mjs BASE OFFICE-LINK PERSON-LINK      links: of the security office, and of the person who is to sign in
import { execFileSync } from 'node:child_process';
import { Chrome } from './chrome.mjs';
import { judge } from './judge.mjs';

const [base, officeLink, personLink] = process.argv.slice(2);
const GOOD = 'aoi-sora-ni-kumo-yottsu';
let failed = 0;

const c = await Chrome.open(process.env.CHROMIUM ?? 'chromium');
const at = (path) => new URL(path, base).href;
const path = () => c.eval('location.pathname');
const press = (selector) => c.load(() => c.eval(`document.querySelector(${JSON.stringify(selector)}).click()`));
const type = (fields) => c.eval(`for (const [name, value] of Object.entries(${JSON.stringify(fields)})) document.getElementsByName(name)[0].value = value`);
const text = (selector) => c.eval(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`);
const fresh = () => c.send('Network.clearBrowserCookies');

async function check(name, loaded, status, where) {
	const faults = await judge(c, loaded, { expect: status });
	if (!where.test(await path())) faults.push(`is at ${await path()}`);
	if (!faults.length) return console.log(`ok ${name}`);
	failed++;
	console.log(`FAIL ${name}`);
	for (const f of faults) console.log(`  ${f}`);
}

async function byLink(link) {
	await fresh();
	await c.go(link);
	return press('main form button');
}

async function byPassword(staff, password) {
	await c.go(at('/sign-in'));
	await type({ staff_no: staff, password });
	return press('main form .buttons button');
}

// A code not shown to the server before: waits for the next half minute when need be.
const codeNow = (secret) => execFileSync('oathtool', ['--totp', '-b', secret]).toString().trim();
async function codeNext(secret, used) {
	for (let i = 0; i < 35 && codeNow(secret) === used; i++) await new Promise((go) => setTimeout(go, 1000));
	return codeNow(secret);
}

try {
	await c.size(1280);
	await c.send('Network.setExtraHTTPHeaders', { headers: { 'Accept-Language': 'ja' } });
	await byLink(personLink);
	await c.go(at('/me'));
	const staff = await c.eval(`document.querySelectorAll('.facts dd')[1].innerText.trim()`);

	await byLink(officeLink);
	await c.go(at(`/settings/access?search=${encodeURIComponent(staff)}`));
	await check('a temporary password is issued', await press('button[value=temporary]'), 200, /^\/settings\/access/);
	const temporary = await text('.note.warn code');

	await fresh();
	await check('a wrong password is refused', await byPassword(staff, 'wrong wrong wrong'), 403, /^\/sign-in$/);
	await check('a temporary password must be changed', await byPassword(staff, temporary), 200, /^\/sign-in\/password$/);
	await type({ current: temporary, password: 'password1234', again: 'password1234' });
	await check('a common password is refused with the reason', await press('main form .buttons button'), 422, /^\/sign-in\/password$/);
	await type({ current: temporary, password: GOOD, again: GOOD });
	let loaded = await press('main form .buttons button');
	if (await path() !== '/sign-in/enrol') {              // whose roles do not demand a second factor may have one
		await check('the new password lets in', loaded, 200, /^\/$/);
		await c.go(at('/me'));
		loaded = await press('form[action="/me/factor"] button');
	}
	await check('the second factor is set up', loaded, 200, /^\/(sign-in\/enrol|me\/factor)$/);
	await type({ code: '000000' });
	await check('a wrong code does not set it up', await press('main .panel .buttons button'), 422, /^\/(sign-in\/enrol|me\/factor)/);
	const secret = (await text('.facts code')).replace(/ /g, '');
	const first = codeNow(secret);
	await type({ code: first });
	await check('recovery codes are shown once', await press('main .panel .buttons button'), 200, /^\/(sign-in\/enrol|me\/factor)/);

	await fresh();
	await check('a password alone is not enough', await byPassword(staff, GOOD), 200, /^\/sign-in\/second$/);
	await type({ code: first });
	await check('a code works once only', await press('main form .buttons button'), 403, /^\/sign-in\/second$/);
	await type({ code: await codeNext(secret, first) });
	await check('password and code let in', await press('main form .buttons button'), 200, /^\/$/);
	await c.go(at('/me'));
	await check('a code sheet is printed', await press('button[value=sheet]'), 200, /^\/me\/codes$/);
	await check('signing out', await press('form[action="/sign-out"] button'), 200, /^\/sign-in$/);
} finally {
	await c.close();
}
process.exit(failed ? 1 : 0);
