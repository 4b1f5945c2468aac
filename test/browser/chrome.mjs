// A real Chromium, driven over its debugging pipe: no library between the test and the browser.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars', '--no-first-run',
	'--disable-background-networking', '--disable-component-update', '--ignore-certificate-errors', '--remote-debugging-pipe'];
const CALL_MS = 60000;

export class Chrome {
	static async open(binary = 'chromium') {
		const c = new Chrome();
		c.dir = mkdtempSync(join(tmpdir(), 'sekisho-chrome-'));
		c.child = spawn(binary, [...START, `--user-data-dir=${c.dir}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
		c.calls = new Map();
		c.listeners = [];
		c.next = 1;
		c.ended = new Promise((done) => c.child.on('exit', done));
		let rest = Buffer.alloc(0);
		c.child.stdio[4].on('data', (bytes) => {
			rest = Buffer.concat([rest, bytes]);
			for (let at; (at = rest.indexOf(0)) >= 0; rest = rest.subarray(at + 1)) c.receive(JSON.parse(rest.subarray(0, at)));
		});
		const { targetInfos } = await c.send('Target.getTargets');
		const page = targetInfos.find((t) => t.type === 'page') ?? await c.send('Target.createTarget', { url: 'about:blank' });
		c.session = (await c.send('Target.attachToTarget', { targetId: page.targetId, flatten: true })).sessionId;
		for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await c.send(`${domain}.enable`);
		return c;
	}

	send(method, params = {}) {
		const id = this.next++;
		this.child.stdio[3].write(JSON.stringify({ id, method, params, sessionId: this.session }) + '\0');
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`${method}: no answer`)), CALL_MS);
			this.calls.set(id, { method, resolve, reject, timer });
		});
	}

	receive(m) {
		const call = this.calls.get(m.id);
		if (call) {
			this.calls.delete(m.id);
			clearTimeout(call.timer);
			if (m.error) call.reject(new Error(`${call.method}: ${m.error.message}`));
			else call.resolve(m.result);
		} else if (m.method) {
			for (const l of [...this.listeners]) l(m);
		}
	}

	once(method) {
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`${method}: did not come`)), CALL_MS);
			const listen = (m) => {
				if (m.method !== method) return;
				clearTimeout(timer);
				this.listeners.splice(this.listeners.indexOf(listen), 1);
				resolve(m.params);
			};
			this.listeners.push(listen);
		});
	}

	// Does something that loads a page; answers with its HTTP status and what the console complained of.
	async load(act) {
		const complaints = [];
		let status = 0;
		const listen = (m) => {
			if (m.method === 'Log.entryAdded' && m.params.entry.level === 'error') complaints.push(m.params.entry.text);
			if (m.method === 'Runtime.exceptionThrown') complaints.push(m.params.exceptionDetails.text);
			if (m.method === 'Network.responseReceived' && m.params.type === 'Document') status = m.params.response.status;
		};
		this.listeners.push(listen);
		const loaded = this.once('Page.loadEventFired');
		await act();
		await loaded;
		this.listeners.splice(this.listeners.indexOf(listen), 1);
		return { status, complaints };
	}

	go(url) {
		return this.load(() => this.send('Page.navigate', { url }));
	}

	// An expression in the page, or a promise of it, as JSON.
	async eval(expression) {
		const r = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
		if (r.exceptionDetails) throw new Error(r.exceptionDetails.exception?.description ?? r.exceptionDetails.text);
		return r.result.value;
	}

	size(width, height = 900) {
		return this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
	}

	async key(key, code = key) {
		const keys = { Tab: 9, Enter: 13 };
		for (const type of ['rawKeyDown', 'keyUp'])
			await this.send('Input.dispatchKeyEvent', { type, key, code, windowsVirtualKeyCode: keys[key] });
	}

	async picture() {
		return Buffer.from((await this.send('Page.captureScreenshot', { captureBeyondViewport: true })).data, 'base64');
	}

	async close() {
		await this.send('Browser.close').catch(() => this.child.kill('SIGKILL'));
		await this.ended;
		rmSync(this.dir, { recursive: true, force: true });
	}
}
