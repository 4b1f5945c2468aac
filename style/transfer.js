// Handing files over on the page /transfers/new: each file is sent by itself with its own progress; what has arrived is not sent again,
// also not after a lost connection or a reload. The page works without this script. It makes no HTML from text, keeps no content, and
// forgets its list with the session or the tab.
'use strict';
(() => {
	const form = document.getElementById('hand'), input = document.getElementById('files');
	if (!form || !input || !window.sessionStorage) return;
	const box = document.getElementById('sending'), list = box.querySelector('ul'), said = box.querySelector('[role=status]');
	const word = (k) => form.dataset[k];
	const KEY = `transfer-${word('session')}`, MAX = Number(word('max')) * 1048576, WAIT = [3, 10, 20, 40, 60];
	let rows = [], busy = false, failures = 0, timer = 0;

	function keep() {
		const seen = rows.map(({ name, size, modified, once, href }) => ({ name, size, modified, once, href }));
		try { sessionStorage.setItem(KEY, JSON.stringify(seen.slice(-200))); } catch { /* no room: then it is not kept */ }
	}

	function bytes(n) {
		return n < 1000 ? `${n} B` : n < 1e6 ? `${(n / 1000).toFixed(1)} KB` : `${(n / 1e6).toFixed(1)} MB`;
	}

	function make(tag, text, cls) {
		const e = document.createElement(tag);
		if (text) e.textContent = text;
		if (cls) e.className = cls;
		return e;
	}

	function draw(r) {
		const old = r.li, li = r.li = make('li');
		li.append(make('span', `${r.name} `), make('span', bytes(r.size), 'side muted'));
		if (r.sending) {
			r.bar = make('progress');
			r.bar.max = r.size || 1;
			r.bar.value = 0;
			r.bar.setAttribute('aria-label', r.name);
			const meta = make('span', '', 'meta');
			meta.append(r.bar);
			li.append(meta);
		}
		const state = make('span', r.said, r.bad ? 'meta late-word' : 'meta');
		if (r.href) {
			state.textContent = '';
			const a = make('a', word('sent'));
			a.href = r.href;
			state.append(a);
		}
		li.append(state);
		if (!r.sending) {
			const b = make('button', word('remove'), 'plain small');
			b.type = 'button';
			b.append(make('span', ` ${r.name}`, 'visually-hidden'));
			b.addEventListener('click', () => { rows = rows.filter((x) => x !== r); li.remove(); keep(); show(); });
			li.append(b);
		}
		if (old) old.replaceWith(li);
		else list.append(li);
	}

	const open = () => rows.filter((r) => r.file && !r.href && !r.bad);

	function show() {
		box.hidden = !rows.length;
		input.required = !rows.some((r) => r.file && !r.href);
	}

	function add(files) {
		for (const f of files) {
			let r = rows.find((x) => x.name === f.name && x.size === f.size && x.modified === f.lastModified);
			if (!r) rows.push(r = { name: f.name, size: f.size, modified: f.lastModified, once: crypto.randomUUID() });
			else if (r.href || r.sending) continue;      // it is there already
			r.file = f;
			r.bad = f.size > MAX;
			r.said = r.bad ? word('large') : word('chosen');
			draw(r);
		}
		input.value = '';
		keep();
		show();
	}

	function ended(r, text, bad) {
		Object.assign(r, { sending: false, said: text, bad });
		draw(r);
	}

	// The connection was lost or the place is busy: what is missing goes again by itself.
	function again(r, text) {
		ended(r, text, false);
		busy = false;
		const s = WAIT[Math.min(failures++, WAIT.length - 1)];
		said.textContent = word('lost').replace('0', s);
		clearTimeout(timer);
		timer = setTimeout(next, s * 1000);
	}

	function answered(r, x) {
		let a = null;
		try { a = JSON.parse(x.responseText); } catch { /* a page: of the sign-in, or of front */ }
		if (x.status >= 500) return again(r, word('waiting'));
		failures = 0;
		if (x.status === 200 && a?.ids?.length === 1) {
			r.href = `/transfers/${a.ids[0]}`;
			r.file = null;
			ended(r, '', false);
		} else {
			const faults = (a?.faults ?? []).map((f) => f.message).join(' ');
			ended(r, faults || a?.message || word(x.status === 413 ? 'large' : x.status === 422 ? 'refused' : 'signin'), true);
		}
		keep();
		busy = false;
		next();
	}

	function send(r) {
		const body = new FormData(form), x = new XMLHttpRequest();
		body.delete('files');
		body.append('once', r.once);
		body.append('files', r.file, r.name);
		Object.assign(r, { sending: true, said: word('underway') });
		draw(r);
		busy = true;
		x.open('POST', '/transfers');
		x.setRequestHeader('X-Requested-With', 'transfer');
		x.upload.addEventListener('progress', (e) => { r.bar.value = Math.min(e.loaded, r.size); });
		x.addEventListener('load', () => answered(r, x));
		for (const what of ['error', 'timeout', 'abort']) x.addEventListener(what, () => again(r, word('waiting')));
		x.send(body);
	}

	function next() {
		const r = open()[0];
		clearTimeout(timer);
		if (busy) return;
		if (r) return send(r);
		const sent = rows.filter((x) => x.href).length, bad = rows.filter((x) => x.bad).length;
		said.textContent = word('done').replace('0', sent) + (bad ? ` ${word('failed').replace('0', bad)}` : '');
		show();
	}

	input.addEventListener('change', () => add(input.files));
	form.addEventListener('submit', (e) => {
		if (!rows.length) return;
		e.preventDefault();
		for (const r of rows) if (r.bad && r.file && r.size <= MAX) Object.assign(r, { bad: false });
		said.textContent = '';
		next();
	});
	for (const what of ['dragenter', 'dragover']) form.addEventListener(what, (e) => { e.preventDefault(); form.classList.add('over'); });
	for (const what of ['dragleave', 'drop']) form.addEventListener(what, (e) => { e.preventDefault(); form.classList.remove('over'); });
	form.addEventListener('drop', (e) => add(e.dataTransfer.files));
	window.addEventListener('online', () => { if (failures) next(); });
	window.addEventListener('beforeunload', (e) => { if (busy || (failures && open().length)) e.preventDefault(); });

	for (const k of Object.keys(sessionStorage)) if (k.startsWith('transfer-') && k !== KEY) sessionStorage.removeItem(k);
	try { rows = JSON.parse(sessionStorage.getItem(KEY) ?? '[]'); } catch { rows = []; }
	for (const r of rows) {
		r.said = r.href ? '' : word('missing');
		draw(r);
	}
	show();
})();
