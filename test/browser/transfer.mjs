// Handing files over in a browser: several at once with progress, a lost connection, a reload, drag and drop; pages judged at both widths.
//   transfer.mjs BASE STAFF PASSWORD FOLDER     FOLDER holds a.csv … f.csv and big.txt. Prints "ok …"; exit 1 when something is not right. PICTURES=DIR keeps screenshots.
import { mkdirSync, writeFileSync } from 'node:fs';
import { Chrome } from './chrome.mjs';
import { judge } from './judge.mjs';

const [base, staff, password, folder] = process.argv.slice(2);
const pictures = process.env.PICTURES;
let failed = 0;
const c = await Chrome.open(process.env.CHROMIUM ?? 'chromium');
const at = (path) => new URL(path, base).href;
const file = (n) => `${folder}/${n}`;

function say(name, fault) {
	console.log(`${fault ? 'FAIL' : 'ok'} ${name}${fault ? `: ${fault}` : ''}`);
	failed += fault ? 1 : 0;
}

async function picture(name) {
	if (!pictures) return;
	mkdirSync(pictures, { recursive: true });
	for (const width of [1280, 390]) {
		await c.size(width);
		writeFileSync(`${pictures}/${name}.${width}.png`, await c.picture());
	}
	await c.size(1280);
}

async function choose(names) {
	const { root } = await c.send('DOM.getDocument');
	const { nodeId } = await c.send('DOM.querySelector', { nodeId: root.nodeId, selector: '#files' });
	await c.send('DOM.setFileInputFiles', { nodeId, files: names.map(file) });
}

const rows = () => c.eval(`[...document.querySelectorAll('#sending li')].map((li) => li.innerText.replace(/\\s+/g, ' '))`);
const sent = () => c.eval(`document.querySelectorAll('#sending li a[href^="/transfers/"]').length`);
const submit = () => c.eval(`document.querySelector('#hand .buttons button').click()`);

async function until(what, test) {
	for (let i = 0; i < 300; i++) {
		if (await test()) return '';
		await new Promise((go) => setTimeout(go, 100));
	}
	return `${what}; ${JSON.stringify(await rows())} ${await c.eval(`document.querySelector('#sending [role=status]').innerText`)}`;
}

async function fresh() {
	const loaded = await c.go(at('/transfers/new'));
	await c.eval(`document.getElementById('purpose').value = '会議の資料'`);
	return loaded;
}

const line = (offline, rate) => c.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: rate });
const offline = (yes) => line(yes, -1);

try {
	await c.size(1280);
	await c.send('DOM.enable');
	await c.send('Network.setExtraHTTPHeaders', { headers: { 'Accept-Language': 'ja' } });
	await c.go(at('/sign-in'));
	await c.eval(`for (const [k, v] of Object.entries(${JSON.stringify({ staff_no: staff, password })})) document.getElementsByName(k)[0].value = v`);
	await c.load(() => c.eval(`document.querySelector('main form .buttons button').click()`));
	let loaded = await fresh();
	say('the page to hand files over', (await judge(c, loaded, { keys: true })).join('; '));
	await picture('transfer_new');

	await fresh();
	await c.eval(`{ const s = document.createElement('script'); s.textContent = 'window.hostile = 1'; document.body.append(s); }`);
	say('no other script runs there', await c.eval('window.hostile') ? 'it ran' : '');
	await fresh();
	await choose(['a.csv', 'b.csv', 'big.txt']);
	say('three chosen files stand in the list', (await rows()).length === 3 ? '' : JSON.stringify(await rows()));
	await c.eval(`window.most = 0; new MutationObserver((seen) => { for (const { target: p } of seen) if (p.value < p.max) window.most = Math.max(window.most, p.value); })
		.observe(document.querySelector('#sending'), { subtree: true, attributeFilter: ['value'] }); 0`);
	await line(false, 16 << 20); // bytes a second: slow enough to be seen
	await submit();
	say('each is sent by itself', await until('not all sent', async () => await sent() === 3));
	await line(false, -1);
	say('with its progress', await c.eval('window.most') > 0 ? '' : 'no progress was seen');
	say('the page with its list', (await judge(c, { status: 200, complaints: [] })).join('; '));
	await picture('transfer_list_sent');

	await choose(['c.csv', 'd.csv']);
	await offline(true);
	await submit();
	say('a lost connection is told', await until('nothing said', () => c.eval(`/接続が切れました/.test(document.querySelector('#sending [role=status]').innerText)`)));
	await picture('transfer_lost');
	await offline(false);
	say('what was missing goes by itself', await until('not sent', async () => await sent() === 5));

	await fresh();
	say('after a reload the list is there', await sent() === 5 ? '' : JSON.stringify(await rows()));
	await choose(['a.csv', 'd.csv', 'e.csv']);
	say('what was sent is not sent again', (await rows()).length === 6 && await sent() === 5 ? '' : JSON.stringify(await rows()));
	await submit();
	say('only the missing one is', await until('not sent', async () => await sent() === 6));

	await c.eval(`document.getElementById('hand').scrollIntoView()`);
	const spot = await c.eval(`(() => { const r = document.getElementById('files').getBoundingClientRect(); return { x: r.x + 20, y: r.y + 10 }; })()`);
	for (const type of ['dragEnter', 'dragOver', 'drop'])
		await c.send('Input.dispatchDragEvent', { type, ...spot, data: { items: [], files: [file('f.csv')], dragOperationsMask: 1 } });
	say('a file dragged there stands in the list', (await rows()).length === 7 ? '' : JSON.stringify(await rows()));
	await c.eval(`document.getElementById('purpose').value = ''`);
	await c.eval(`document.getElementById('hand').noValidate = true`);
	await submit();
	say('what the office does not take is said', await until('nothing said', async () => (await rows())[6].includes('目的') || (await rows()).some((r) => /入力|ください/.test(r))));
	await picture('transfer_refused');
	await c.eval(`document.getElementById('purpose').value = '会議の資料'`);
	await submit();
	say('and goes when that is mended', await until('not sent', async () => await sent() === 7));

	loaded = await c.go(at('/transfers'));
	say('the list of transfers', (await judge(c, loaded, { keys: true })).join('; '));
	await picture('transfers');
	loaded = await c.go(at('/transfers?q=' + encodeURIComponent('会議') + '&sort=oldest'));
	say('the list, searched', (await judge(c, loaded, {})).join('; '));
	await picture('transfers_searched');
} finally {
	await c.close();
}
process.exit(failed ? 1 : 0);
