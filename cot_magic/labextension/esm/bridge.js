/* The two comms with the kernel: one that the kernel opens to ask for cells, one that we open to say hello and
 * to cancel. The kernel never sends on the second, so a subshell handles its messages while a cell runs. */

import { host, kernelOf } from './host.js';

const TARGET = 'cot_magic';
const CONTROL = 'cot_ctl';
const MOST = 2e6; // characters of all cells; a larger notebook is not sent
export const PROTOCOL = 1;

export class Bridge {
  constructor(settings = { guard: false }) {
    this.settings = settings;
    this.controls = new WeakMap(); // kernel connection -> comm
    this.wired = new WeakSet();
    this.told = new WeakMap(); // comm -> the cells that were sent last
    this.done = new Set(); // requests carried out; a comm may be served twice
  }

  /** Follow the kernels of a notebook panel, including new and restarted ones. */
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
    if (known && !known.isDisposed) known.close(); // from before the kernel reloaded the extension
    const comm = kernel.createComm(CONTROL);
    this.controls.set(kernel, comm);
    comm.open({ op: 'hello', protocol: PROTOCOL, client: kernel.clientId, guard: this.settings.guard });
  }

  /** Tell the kernel of a notebook what the setting says; before the first hello there is nobody to tell. */
  guard(panel) {
    const kernel = kernelOf(panel);
    const comm = kernel && this.controls.get(kernel);
    if (comm && !comm.isDisposed) comm.send({ op: 'guard', on: this.settings.guard });
  }

  /** Tell the kernel the code cells of its notebook, if they have changed: some may not have run. */
  tellCells(panel) {
    const kernel = kernelOf(panel);
    const comm = kernel && this.controls.get(kernel);
    if (!comm || comm.isDisposed) return;
    const cells = [...panel.content.model.sharedModel.cells]
      .map((cell, index) => ({ id: cell.id, source: cell.getSource(), index, count: cell.execution_count, code: cell.cell_type === 'code' }))
      .filter(cell => cell.code);
    const text = JSON.stringify(cells);
    if (this.told.get(comm) === text) return;
    this.told.set(comm, text);
    comm.send({ op: 'cells', client: kernel.clientId, cells: text.length > MOST ? [] : cells });
  }

  async answer(panel, kernel, comm, data) {
    if (data.client !== kernel.clientId || this.done.has(data.req)) return; // meant for another tab
    this.done.add(data.req);
    const known = data.protocol === PROTOCOL && host.actions[data.op];
    const result = known
      ? await host.actions[data.op](panel, data.offer, data.what)
      : { ok: false, said: `The kernel asks for ${data.op} with protocol ${data.protocol}; this page uses protocol ${PROTOCOL}.` };
    comm.send({ req: data.req, ok: result.ok, said: result.said });
    if (!known) await host.dialogs.tell('Different versions of cot-magic', `${result.said} Install the same version for the server and the kernel, then reload the page.`);
  }

  /**
   * Stop the investigation: with the control comm if a subshell serves it, else with an interrupt. The kernel's
   * status does not help here: a subshell that becomes idle sets it to idle while the cell runs.
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
