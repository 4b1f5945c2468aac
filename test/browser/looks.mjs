// Walks through the pages of a running installation as each sample person and judges every kind of page it meets.
//   looks.mjs BASE NAME=LINK…     prints "ok …" per kind of page; exit 1 when one is not right. PICTURES=DIR keeps screenshots.
import { mkdirSync, writeFileSync } from 'node:fs';
import { Chrome } from './chrome.mjs';
import { judge } from './judge.mjs';

const PAGES_MAX = Number(process.env.PAGES ?? 70);
const [base, ...people] = process.argv.slice(2);
const pictures = process.env.PICTURES;
const other = Number(process.env.OTHER ?? 0);            // 1: whom the usual run shows the Japanese pages, to them the English ones, and the other way round
let failed = 0;

// Pages of one kind share a template: numbers and names in the path do not make another kind.
function kind(url) {
	const path = url.pathname.replace(/\/\d+/g, '/N').replace(/^\/(clauses|controls)\/.*/, '/$1/ID').replace(/^\/ledgers\/[^/]+/, '/ledgers/L');
	return path + ['action', 'view', 'state', 'q'].filter((k) => url.searchParams.has(k)).map((k) => ` ${k}`).join('');
}

function report(name, faults) {
	if (!faults.length) return console.log(`ok ${name}`);
	failed++;
	console.log(`FAIL ${name}`);
	for (const f of faults) console.log(`  ${f}`);
}

async function keep(c, name) {
	if (!pictures) return;
	mkdirSync(pictures, { recursive: true });
	await c.eval(`document.activeElement?.blur(); document.querySelectorAll('header details, .nav-narrow').forEach((d) => { d.open = false; })`);
	for (const width of [1280, 390]) {
		await c.size(width);
		writeFileSync(`${pictures}/${name.replace(/[^a-z0-9]+/gi, '_')}.${width}.png`, await c.picture());
	}
	await c.size(1280);
}

const START = ['/', '/duties', '/board', '/ledgers/exceptions', '/ledgers/persons', '/ledgers/information-systems', '/ledgers/role-assignments/new',
	`/search?q=${encodeURIComponent('情報')}`, '/logs', '/logs?log=office&q=update', '/logs/office/0', '/log-sources', '/log-sources?view=unknown'];
const OWN = ['/', '/duties', '/ledgers'];                // look different to everybody
const OF_A_KIND = Number(process.env.OF_A_KIND ?? 1);    // 2 and more: another ledger or clause may hold what the first lacks
const judged = new Map();                               // language and kind -> pages judged, over all people

async function walk(c, who, language) {
	const lang = (k) => `${language} ${k}`;
	const seen = new Set(), own = new Map(), queue = START.map((p) => new URL(p, base));
	const rank = (u) => (judged.get(lang(kind(u))) ?? 0) + (own.get(kind(u)) ?? 0);
	for (let n = 0; queue.length && n < PAGES_MAX;) {
		// Least seen kinds first.
		const least = queue.reduce((best, u, i) => (rank(u) < rank(queue[best]) ? i : best), 0);
		const url = queue.splice(least, 1)[0], k = kind(url), before = own.get(k) ?? 0;
		const enough = OWN.includes(k) ? before >= 1 : before >= OF_A_KIND || (judged.get(lang(k)) ?? 0) >= OF_A_KIND;
		if (seen.has(url.href) || enough) continue;
		seen.add(url.href);
		const loaded = await c.go(url.href);
		// Not everybody may see every page: then it is left for somebody who may.
		if (loaded.status === 403 && START.includes(url.pathname + url.search)) continue;
		own.set(k, before + 1);
		judged.set(lang(k), (judged.get(lang(k)) ?? 0) + 1);
		n++;
		report(`${who} (${language}) ${url.pathname}${url.search}`, await judge(c, loaded, { keys: before === 0 }));
		if (before === 0) await keep(c, `${who} ${k}`);
		const links = await c.eval(`[...document.querySelectorAll('a[href]')].map((a) => a.href)`);
		for (const l of links.map((h) => new URL(h)))
			if (l.origin === url.origin && !/\.csv|\.jsonl|\.json$|\/attachments\/|\/proof$|\/static\//.test(l.pathname)) queue.push(new URL(l.pathname + l.search, base));
	}
}

async function signIn(c, link) {
	await c.go(link);
	await c.load(() => c.eval(`document.querySelector('main form button').click()`));
}

const c = await Chrome.open(process.env.CHROMIUM ?? 'chromium');
try {
	await c.size(1280);
	for (const language of ['ja', 'en']) {
		await c.send('Network.clearBrowserCookies');
		await c.send('Network.setExtraHTTPHeaders', { headers: { 'Accept-Language': language } });
		report(`sign-in ${language}`, await judge(c, await c.go(new URL('/sign-in', base).href), { keys: true }));
		await keep(c, `sign-in ${language}`);
	}
	await c.send('Network.setExtraHTTPHeaders', { headers: { 'Accept-Language': 'ja' } });
	for (const [i, p] of people.entries()) {
		const at = p.indexOf('='), language = (i + other) % 2 ? 'en' : 'ja';
		await c.send('Network.clearBrowserCookies');
		await signIn(c, p.slice(at + 1));
		if (language === 'en') await c.load(() => c.eval(`document.querySelector('.lang button').click()`));
		await walk(c, p.slice(0, at), language);
		report(`${p.slice(0, at)} no such page`, await judge(c, await c.go(new URL('/nowhere', base).href), { expect: 404 }));
	}
} finally {
	await c.close();
}
process.exit(failed ? 1 : 0);
