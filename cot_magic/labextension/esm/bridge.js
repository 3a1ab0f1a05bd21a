/* The two comms with the kernel: one that the kernel opens to ask for cells, one that we open to say hello and
 * to cancel. The kernel never sends on the second, so its messages are handled on a subshell while a cell runs. */

import { host, kernelOf } from './host.js';

const TARGET = 'cot_magic';
const CONTROL = 'cot_ctl';
export const PROTOCOL = 1;

export class Bridge {
  constructor() {
    this.controls = new WeakMap(); // kernel connection -> comm
    this.wired = new WeakSet();
    this.done = new Set(); // requests that were carried out; a comm may be taken up twice
  }

  /** Follow the kernels of a notebook panel: new ones, restarted ones. */
  attach(panel) {
    const connect = () => this.connect(panel);
    panel.sessionContext.kernelChanged.connect(connect);
    panel.sessionContext.statusChanged.connect(connect);
    connect();
  }

  async connect(panel) {
    const kernel = kernelOf(panel);
    if (!kernel || this.wired.has(kernel)) return;
    this.wired.add(kernel);
    kernel.registerCommTarget(TARGET, comm => this.take(panel, kernel, comm));
    const reply = await kernel.requestCommInfo({ target_name: TARGET });
    for (const id of Object.keys(reply.content.comms || {})) {
      if (!kernel.hasComm(id)) this.take(panel, kernel, kernel.createComm(TARGET, id)); // the page was reloaded
    }
  }

  /** Serve a comm that the kernel opened, and say hello. */
  take(panel, kernel, comm) {
    comm.onMsg = message => this.answer(panel, kernel, comm, message.content.data);
    this.hello(kernel);
    comm.send({ op: 'hello', ok: true, protocol: PROTOCOL, client: kernel.clientId });
  }

  hello(kernel) {
    const known = this.controls.get(kernel);
    if (known && !known.isDisposed) known.close(); // from before the kernel loaded the extension anew
    const comm = kernel.createComm(CONTROL);
    this.controls.set(kernel, comm);
    comm.open({ op: 'hello', protocol: PROTOCOL, client: kernel.clientId });
  }

  async answer(panel, kernel, comm, data) {
    if (data.client !== kernel.clientId || this.done.has(data.req)) return; // another tab is meant
    this.done.add(data.req);
    const known = data.protocol === PROTOCOL && host.actions[data.op];
    const result = known
      ? await host.actions[data.op](panel, data.offer, data.what)
      : { ok: false, said: `The kernel asks for ${data.op} by protocol ${data.protocol}; this page knows ${PROTOCOL}.` };
    comm.send({ req: data.req, ok: result.ok, said: result.said });
    if (!known) await host.dialogs.tell('Different versions of cot-magic', `${result.said} Install the same version for the server and the kernel, then reload the page.`);
  }

  /**
   * Stop the investigation: by the control comm where a subshell serves it, else by an interrupt. The status of
   * the kernel tells nothing here: a subshell that becomes idle sets it to idle while the cell runs.
   */
  async cancel(panel, session) {
    const kernel = kernelOf(panel);
    const comm = kernel && this.controls.get(kernel);
    if (!comm || comm.isDisposed) return { ok: false, said: 'Nothing is running.' };
    if (comm.subshellId) comm.send({ op: 'cancel', session });
    else await kernel.interrupt();
    return { ok: true, said: 'Cancelling…' };
  }
}
