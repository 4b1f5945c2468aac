// What must hold of every page: axe finds nothing, nothing runs or loads that the policy forbids, it fits narrow screens,
// and the keyboard reaches everything and is seen there.
import { readFileSync } from 'node:fs';

const AXE = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const TABS_MAX = 40;

// Opens what is folded, so that it is judged too.
const UNFOLD = `document.querySelectorAll('details').forEach((d) => { d.open = true; })`;

async function axe(c) {
	await c.eval(`${AXE}; 0`);
	return c.eval(`axe.run({runOnly: ${JSON.stringify(RULES)}}).then((r) => r.violations.map((v) => v.id + ': ' +
		v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' (' + n.failureSummary.split('\\n').slice(1).join(' ').trim() + ')').join('; ')))`);
}

function shape(c) {
	return c.eval(`(() => {
		const faults = [], count = (s) => document.querySelectorAll(s).length;
		// One page has one script, our own file; front's policy lets nothing else run.
		const own = location.pathname === '/transfers/new' && document.scripts.length === 1 && /^\\/static\\/[0-9a-f]+\\/transfer\\.js$/.test(new URL(document.scripts[0].src).pathname);
		if (document.scripts.length && !own) faults.push('a script');
		if (count('[style]')) faults.push('an inline style');
		if (count('h1') !== 1) faults.push(count('h1') + ' h1');
		if (!document.title.trim()) faults.push('no title');
		if (!['ja', 'en'].includes(document.documentElement.lang)) faults.push('no language');
		if (/\\bundefined\\b|\\(null\\)|%[sd]\\b|\\{[a-z_.]+\\}/.test(document.querySelector('main')?.innerText ?? '')) faults.push('an unfilled hole in the text');
		for (const e of document.querySelectorAll('main a, main button, main input:not([type=hidden]), main select')) {
			const r = e.getBoundingClientRect();
			if (r.width > 0 && (r.width < 24 || r.height < 24) && !e.closest('p, li, td, dd, dt, th, label, summary, .choice, .visually-hidden') &&
			    !e.classList.contains('visually-hidden')) faults.push('a target of ' + r.width + ' by ' + r.height + ': ' + e.outerHTML.slice(0, 80));
		}
		return faults;
	})()`);
}

async function narrow(c, width) {
	await c.size(width);
	const over = await c.eval(`(() => {
		const w = document.documentElement.scrollWidth;
		if (w <= ${width}) return '';
		const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > ${width} + 1 && !e.closest('.scroll'));
		return w + ' px: ' + wide.slice(0, 4).map((e) => e.tagName + '.' + (e.getAttribute('class') ?? '')).join(' ');
	})()`);
	await c.size(1280);
	return over ? [`wider than ${width}: ${over}`] : [];
}

// Tab goes to the skip link first; whatever is reached shows an outline.
export async function keyboard(c) {
	const faults = [];
	await c.eval(`document.activeElement?.blur(); window.scrollTo(0, 0)`);
	for (let i = 0; i < TABS_MAX; i++) {
		await c.key('Tab');
		const at = await c.eval(`(() => {
			const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
			return e === document.body ? null : {what: e.outerHTML.slice(0, 80), skip: e.classList.contains('skip'),
				seen: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2, inside: r.bottom > 0 && r.top < innerHeight};
		})()`);
		if (!at) break;
		if (i === 0 && !at.skip) faults.push('the first Tab does not reach the skip link');
		if (!at.seen) faults.push(`no focus ring: ${at.what}`);
		if (!at.inside) faults.push(`focus out of sight: ${at.what}`);
	}
	return faults;
}

export async function judge(c, { status, complaints }, { expect = 200, keys = false } = {}) {
	const faults = complaints.filter((t) => !(status >= 400 && /status of \d+/.test(t))).map((t) => `console: ${t}`);
	if (status !== expect) faults.push(`status ${status}, expected ${expect}`);
	if (keys) faults.push(...await keyboard(c));
	await c.eval(UNFOLD);
	faults.push(...await shape(c), ...(await axe(c)).map((f) => `axe ${f}`));
	faults.push(...await narrow(c, 390), ...await narrow(c, 320));
	return faults;
}
